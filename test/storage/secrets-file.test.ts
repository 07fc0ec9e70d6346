// The secrets file and the keys that it seals: made once, for nobody else to read, and never made anew over sealed keys.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAudit } from '../../server/audit/audit.ts';
import { randomKey } from '../../server/secrets.ts';
import { createSigningKeys } from '../../server/signing-keys/signing-keys.ts';
import type { Database } from '../../server/storage/database.ts';
import { createDeployment } from '../../server/storage/deployment.ts';
import { createSecretsFile, openSealer, readSecretsFile } from '../../server/storage/secrets-file.ts';
import { createSealer, loadServerKeys, WrongSecretsFile } from '../../server/storage/server-keys.ts';
import { sql } from '../../server/storage/statement.ts';
import { createGround, dialects, type Place } from './ground.ts';

let place: Place;
let file: string;

afterEach(async () => {
  vi.restoreAllMocks();
  await place.close();
});

describe('the secrets file', () => {
  beforeEach(async () => {
    place = await createGround('sqlite');
    file = join(place.directory, 'deep', 'secrets');
  });

  test('is made with one key of 256 bits, mode 0600, and nothing is left beside it', () => {
    createSecretsFile(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readSecretsFile(file).map((key) => key.length)).toEqual([32]);
    expect(readdirSync(join(place.directory, 'deep'))).toEqual(['secrets']);
  });

  test('is not made twice: who comes second reads the first', () => {
    createSecretsFile(file);
    const text = readFileSync(file, 'utf8');
    createSecretsFile(file);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(join(place.directory, 'deep'))).toEqual(['secrets']);
  });

  test('that is a folder is refused as what it is', () => {
    mkdirSync(file, { recursive: true });
    expect(() => readSecretsFile(file)).toThrow(`the secrets file ${file} is no file`);
  });

  test('where no folder can be made the fault comes at once', () => {
    expect(() => createSecretsFile('/proc/nowhere/deep/secrets')).toThrow(/ENOENT|EACCES|EPERM/);
  });

  test.each([0o644, 0o640, 0o604, 0o620, 0o660, 0o601])(
    'with mode %o is refused, with what to do',
    (mode) => {
      createSecretsFile(file);
      chmodSync(file, mode);
      expect(() => readSecretsFile(file)).toThrow(`can be read by others; run: chmod 600 ${file}`);
    },
  );

  test.each([
    ['nothing', ''],
    ['only a comment', '# a comment\n'],
    ['a short key', `${randomKey(31).toString('base64url')}\n`],
    ['a long key', `${randomKey(33).toString('base64url')}\n`],
    ['a good key and a bad one', `${randomKey().toString('base64url')}\nhunter2\n`],
  ])('that holds %s is refused, without showing what it holds', (_, text) => {
    createSecretsFile(file);
    writeFileSync(file, text);
    expect(() => readSecretsFile(file)).toThrow('must hold keys of 32 bytes in base64url, one a line');
    expect(() => readSecretsFile(file)).not.toThrow('hunter2');
  });

  test('may hold two keys: the newest first, comments and empty lines between', () => {
    const keys = [randomKey(), randomKey()];
    createSecretsFile(file);
    writeFileSync(file, `# new\n${keys.map((key) => key.toString('base64url')).join('\n\n# old\n')}\n`);
    expect(readSecretsFile(file)).toEqual(keys);
  });
});

describe('the sealer', () => {
  test('seals with the newest key and opens with either: the old file still opens what it sealed', async () => {
    place = await createGround('sqlite');
    const [old, fresh] = [randomKey(), randomKey()];
    const both = createSealer([fresh, old]);
    expect(both.unseal(createSealer([old]).seal('text', 'purpose'), 'purpose')).toBe('text');
    expect(createSealer([fresh]).unseal(both.seal('text', 'purpose'), 'purpose')).toBe('text');
    expect(() => createSealer([old]).unseal(both.seal('text', 'purpose'), 'purpose')).toThrow(
      WrongSecretsFile,
    );
  });
});

describe.each(dialects)('the keys in the database, on %s', (dialect) => {
  let database: Database;
  beforeEach(async () => {
    place = await createGround(dialect);
    database = place.open();
    file = join(place.directory, 'secrets');
  });

  function partsOf(of: Database) {
    return { database: of, deployment: createDeployment(of), audit: createAudit({ database: of }) };
  }

  test('are made once, and each is another; a second start finds the same', async () => {
    const first = await loadServerKeys(database, await openSealer(file, database));
    const again = place.open();
    expect(await loadServerKeys(again, await openSealer(file, again))).toEqual(first);
    const all = Object.values(first).map(([key]) => key.toString('hex'));
    expect(new Set(all).size).toBe(all.length);
    expect(new Set(all.map((key) => key.length))).toEqual(new Set([64]));
  });

  test('lie sealed: no key of the server and no private signing key is in the database', async () => {
    const sealer = await openSealer(file, database);
    const keys = await loadServerKeys(database, sealer);
    const signing = await createSigningKeys({
      ...partsOf(database),
      sealer,
      policy: { rotateAfterSeconds: 1, publishAheadSeconds: 1 },
      longestSeconds: async () => 1,
    }).ensure();
    const rows = [
      ...(await database.list(sql`SELECT * FROM server_keys LIMIT 100`)),
      ...(await database.list(sql`SELECT * FROM signing_keys LIMIT 100`)),
    ] as Record<string, unknown>[];
    const values = rows.flatMap((row) => Object.values(row));
    const bytes = Buffer.concat(
      values.map((value) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value)))),
    );
    for (const key of signing) expect(bytes.includes(key.kid), 'the dump is one').toBe(true);
    for (const [key] of Object.values(keys)) {
      for (const form of [key, key.toString('base64url'), key.toString('hex')])
        expect(bytes.includes(form)).toBe(false);
    }
    for (const { privateJwk } of signing) expect(bytes.includes(String(privateJwk.d))).toBe(false);
  });

  test('without the file they were sealed with the start is refused with a sentence, and no new file is made', async () => {
    await loadServerKeys(database, await openSealer(file, database));
    rmSync(file);
    await expect(openSealer(file, database)).rejects.toThrow(`the secrets file ${file} is missing`);
    expect(readdirSync(place.directory)).not.toContain('secrets');
  });

  test('with another file the start is refused with a sentence, and the keys stay as they are', async () => {
    const right = await openSealer(file, database);
    const keys = await loadServerKeys(database, right);
    const wrong = createSealer([randomKey()]);
    await expect(loadServerKeys(database, wrong)).rejects.toThrow(WrongSecretsFile);
    await expect(loadServerKeys(database, wrong)).rejects.toThrow('is not the one they were sealed with');
    expect(await loadServerKeys(database, right)).toEqual(keys);
  });

  test('with a new key above the old one they are opened still', async () => {
    const keys = await loadServerKeys(database, await openSealer(file, database));
    const old = readFileSync(file, 'utf8');
    writeFileSync(file, `${randomKey().toString('base64url')}\n${old}`);
    expect(await loadServerKeys(database, await openSealer(file, database))).toEqual(keys);
  });
});
