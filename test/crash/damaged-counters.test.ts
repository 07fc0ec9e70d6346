// The counters of limits are written without waiting for the disk: a machine that crashed may leave them damaged.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createWorld } from '../support/world.ts';

test('a damaged file of counters keeps neither the server from starting nor people from signing in', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-counters-'));
  const file = join(directory, 'latchkey.sqlite');
  writeFileSync(`${file}-counters`, 'not a database, '.repeat(1000));
  const world = await createWorld({ settings: { database: { url: `sqlite:${file}` } } });
  expect((await world.signIn(world.notes)).access_token).toMatch(/^lka_/);
  await world.close();
  rmSync(directory, { recursive: true });
});
