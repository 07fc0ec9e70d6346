// Several processes that start at once on nothing: one file, one set of keys, and the same for all of them.
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { createAudit } from '../../server/audit/audit.ts';
import { readSecretsFile } from '../../server/storage/secrets-file.ts';
import { sql } from '../../server/storage/statement.ts';
import { createPlace, dialects, type Place } from './ground.ts';

const CHILD = join(import.meta.dirname, 'first-start.ts');
const PROCESSES = 3;
const run = promisify(execFile);

type Found = { keys: Record<string, string[]>; kids: string[] };

describe.each(dialects)('on %s', (dialect) => {
  let place: Place;
  afterEach(() => place.close());

  test('processes that start at once make one secrets file and one key of each kind, and all go on with those', async () => {
    place = await createPlace(dialect);
    const file = join(place.directory, 'secrets');
    const settings = JSON.stringify({
      database: { url: place.url },
      secrets_file: file,
      log: { level: 'silent' },
    });
    const answers = await Promise.all(
      Array.from({ length: PROCESSES }, () => run(process.execPath, [CHILD, 'keys', settings])),
    );
    const found = answers.map(({ stdout }) => JSON.parse(stdout) as Found);
    for (const other of found) expect(other).toEqual(found[0]);
    expect(found[0]?.kids).toHaveLength(3);
    for (const keys of Object.values(found[0]?.keys ?? {})) expect(keys).toHaveLength(1);

    expect(readSecretsFile(file)).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(place.directory).filter((name) => name.startsWith('secrets'))).toEqual(['secrets']);

    const database = place.open();
    expect(await database.list(sql`SELECT kid FROM signing_keys ORDER BY kid LIMIT 10`)).toEqual(
      found[0]?.kids.toSorted().map((kid) => ({ kid })),
    );
    // The ones that came second record nothing: the log names no key that there is not.
    const events = await createAudit({ database }).list({ type: 'signing_key.created', limit: 10 });
    const named = events.map((event) => (JSON.parse(event.details) as { kid: string }).kid);
    expect(named.toSorted()).toEqual(found[0]?.kids.toSorted());
  });
});
