// docs/operators.md: the copy that it tells to make, while the server is busy, is one that can be restored by its own words.
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTerminal, type Terminal } from '../examples/terminal.ts';
import { createServerPlace, type ServerPlace } from '../support/processes.ts';
import { PASSWORD } from '../support/world.ts';
import { readBlocks } from './blocks.ts';

const ROOT = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'latchkey-operator-'));
const blocks = readBlocks(readFileSync(join(ROOT, 'docs/operators.md'), 'utf8'));

let place: ServerPlace;
let terminal: Terminal;

function blockOf(heading: string): string {
  return blocks.find((block) => block.heading === heading && block.language === 'sh')?.text ?? expect.fail();
}

/** The folder of a deployment as README leaves it: data/ is that of the server. */
async function openTerminal(): Promise<Terminal> {
  const opened = createTerminal({ folder, environment: place.environment });
  await opened.run(`latchkey() { (cd ${ROOT} && npm run -s latchkey -- "$@"); }`);
  return opened;
}

beforeAll(async () => {
  place = await createServerPlace();
  symlinkSync(place.directory, join(folder, 'data'));
  const ada = { email: 'ada@example.com', name: 'Ada Lovelace', password: PASSWORD };
  await place.parts.accounts.register(ada, 'operator');
  terminal = await openTerminal();
});
afterAll(async () => {
  await terminal.close();
  await place.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a copy that was made while the server runs is restored, with everybody in it', async () => {
  await terminal.run(blockOf('Backup'));
  await place.leave();
  await terminal.run('rm data/latchkey.sqlite* data/secrets');
  await expect(terminal.run('latchkey doctor')).rejects.toThrow('There is none yet');
  expect(await terminal.run(blockOf('Restore'))).toContain('The secrets file opens the');
  expect(await terminal.run('latchkey accounts list')).toContain('ada@example.com');
});
