// README, word by word: a newcomer with two terminals and a browser follows its own blocks to a token of each kind.
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFreePort } from '../clients/listening-world.ts';
import { createNewcomer } from '../examples/newcomer.ts';
import { createTerminal, type Terminal } from '../examples/terminal.ts';
import { createProgram } from '../support/program.ts';
import { basic } from '../support/world.ts';
import { type Block, readBlocks } from './blocks.ts';

const ROOT = join(import.meta.dirname, '../..');
// As a clone has them: neither what is installed nor what was made by running it.
const NOT_CLONED = new Set(['node_modules', '.git', 'data', 'test', 'bench', 'coverage', '.tmp']);
/** Some thirty programs, one after the other. */
const PATIENCE_MILLISECONDS = 120_000;
/** An address for the person, or the end of a block. */
const NEXT = /(http:\S+\/(?:authorize|device)\?\S+)\s|\[end: (\d+)\]\n/;
const BLOCK_PATIENCE_MILLISECONDS = 30_000;
const ADA = { email: 'ada@example.com', password: 'a long walk over the hills' };

const folder = mkdtempSync(join(tmpdir(), 'latchkey-readme-'));
let server: Terminal;
let second: Terminal;
let port: number;
let issuer: string;
let newcomer: ReturnType<typeof createNewcomer>;
let blocks: Block[];
/** The address that the browser ended at although nobody answered there. */
let address = '';

/** The two ports of the text are those that are free here: the one thing that is not word by word. */
async function readReadme(): Promise<Block[]> {
  port = await findFreePort();
  const appPort = await findFreePort();
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const moved = text
    .replaceAll('localhost:3000', `localhost:${port}`)
    .replaceAll(/\b3001\b/g, String(appPort));
  return readBlocks(moved);
}

/** A clone, and what `npm ci` puts beside it. */
function makeClone(): void {
  for (const name of readdirSync(ROOT).filter((each) => !NOT_CLONED.has(each)))
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}

beforeAll(async () => {
  makeClone();
  blocks = await readReadme();
  issuer = `http://localhost:${port}`;
  newcomer = createNewcomer(issuer, ADA);
  server = createTerminal({ folder, environment: { PORT: String(port) } });
  second = createTerminal({ folder, environment: { PORT: String(port) } });
});
afterAll(async () => {
  await server.close();
  await second.close();
  rmSync(folder, { recursive: true, force: true });
});

function take(language: string): Block {
  const block = blocks.shift() ?? expect.fail('README has no further block');
  expect(block.language, block.text).toBe(language);
  return block;
}

/** The person goes where a program says: signs in, allows, or enters a code. Where nobody answers, the address stays. */
async function goTo(said: string): Promise<void> {
  if (said.includes('/device?')) {
    await newcomer.approveDevice(said, new URL(said).searchParams.get('user_code') ?? '');
    return;
  }
  address = await newcomer.answerApp(said);
  await fetch(address, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
}

/** What the second terminal shows next; says what it shows instead where nothing comes. */
async function readOn(pattern: RegExp, block: string): Promise<Awaited<ReturnType<Terminal['read']>>> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new Error(`nothing comes after: ${block}\n${second.shown().slice(-2000)}`));
    timer = setTimeout(fail, BLOCK_PATIENCE_MILLISECONDS);
  });
  return Promise.race([second.read(pattern), silence]).finally(() => clearTimeout(timer));
}

/** Types a block, reads along, and does what only a person can do; answers all that was shown. */
async function follow({ text }: Block): Promise<string> {
  second.type(text);
  if (text.startsWith('read ')) second.type(address);
  second.type('echo "[end: $?]"');
  let shown = '';
  for (;;) {
    const { match, before } = await readOn(NEXT, text);
    shown += before;
    if (match[1] !== undefined) await goTo(match[1]);
    else if (match[2] === '0') return shown;
    else throw new Error(`the block ended with ${match[2]}: ${text}\n${shown}`);
  }
}

test('the two commands start it; what is installed by the first stands beside the clone already', async () => {
  const { text } = take('sh');
  const [install, start = ''] = text.split('\n');
  expect(install).toBe('npm ci');
  expect(text.split('\n')).toHaveLength(2);
  server.type(start);
  await server.read(new RegExp(`Latchkey is ready at ${issuer}\n`));
  await server.read(/first administrator here, once, within 15 minutes:\n {2}http/);
});

test('the demo starts beside it, and ends with Ctrl-C', async () => {
  const terminal = createTerminal({ folder });
  terminal.type(`exec ${take('sh').text}`);
  await terminal.read(/Ctrl-C ends it and removes everything\./);
  await terminal.pressControlC();
  await terminal.read(/Everything is removed\./);
});

test(
  'every further block does what it says, up to a token of each kind',
  async () => {
    const tokens = new Map<string, string[]>();
    let shown = '';
    while (blocks.length > 0) {
      const block = blocks.shift() ?? expect.fail();
      const [name = ''] = /\S+\.mjs/.exec(block.text) ?? [];
      if (block.language === 'js') writeFileSync(join(folder, name), block.text);
      else if (block.language === 'json')
        expect(Object.keys(JSON.parse(shown))).toEqual(
          expect.arrayContaining(Object.keys(JSON.parse(block.text))),
        );
      else {
        expect(block.language).toBe('sh');
        shown = await follow(block);
        expect(shown).not.toMatch(/"?error"?:/);
        const found = [...shown.matchAll(/access_token"?: ?["'](lka_[^"']+)/g)].map(
          ([, token = '']) => token,
        );
        tokens.set(block.heading, [...(tokens.get(block.heading) ?? []), ...found]);
      }
    }
    const [id = '', secret] = (await second.run('echo "$API_ID:$API_SECRET"')).trim().split(':');
    const ask = createProgram({ port, host: `localhost:${port}` });

    async function introspect(token: string) {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...basic({ id, secret }) };
      const body = new URLSearchParams({ token }).toString();
      return (await ask('/introspect', { method: 'POST', headers, body })).body;
    }
    const answers = await Promise.all(
      [...tokens].map(async ([heading, each]) => [heading, await Promise.all(each.map(introspect))] as const),
    );
    const person = expect.objectContaining({ active: true, username: ADA.email, scope: 'read:tasks' });
    const machine = expect.objectContaining({ active: true, scope: 'read:tasks' });
    expect(Object.fromEntries(answers.filter(([, each]) => each.length > 0))).toEqual({
      // By curl, which the last block of all revoked; refreshed; with the library.
      'An app: redirect login': [{ active: false }, person, person],
      'A command line tool, a television, an agent: a code': [person, person],
      'A service with a secret: client credentials': [machine, machine],
      'A service with a key of its own, and no secret: JWT bearer': [machine, machine],
    });
  },
  PATIENCE_MILLISECONDS,
);

test.each(['README.md', 'SECURITY.md', ...listPages()])('every link of %s to a file leads to one', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)#\s]+)/g)].map(([, link = '']) => link);
  const missing = links.filter((link) => !existsSync(join(ROOT, page, '..', link)));
  expect(missing).toEqual([]);
});

function listPages(): string[] {
  return readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
}
