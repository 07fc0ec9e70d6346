// latchkey login, whoami and logout as a person uses them: the real command, a real server, and Ada in her browser (RFC 8628).
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { findConfigFolder } from '../../config/load.ts';
import { openBrowser } from '../../server/admin/browser.ts';
import { startListeningWorld } from '../clients/listening-world.ts';
import { answerCode } from '../clients/pairing.ts';
import type { World } from '../support/world.ts';
import { type CliAnswer, createProcessCli, SCRIPT } from './cli.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/device-login.ts');

type Stored = {
  current: string | null;
  issuers: Record<string, { access_token: string; refresh_token: string; expires_at: number }>;
};

let world: World;
let issuer: string;
const directory = mkdtempSync(join(tmpdir(), 'latchkey-login-'));
const file = join(directory, 'latchkey', 'credentials.json');
const opened = join(directory, 'opened');
const environment = { XDG_CONFIG_HOME: directory, PATH: `${directory}:${process.env.PATH}` };
const cli = createProcessCli(environment);

beforeAll(async () => {
  world = await startListeningWorld({
    device: { interval_seconds: 1 },
    limits: { 'device_code.issue': { max: 100, window_seconds: 60 } },
  });
  issuer = world.app.config.issuer;
  for (const name of ['xdg-open', 'open']) {
    writeFileSync(join(directory, name), `#!/bin/sh\nprintf %s "$1" > ${opened}\n`);
    chmodSync(join(directory, name), 0o755);
  }
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => rmSync(file, { force: true }));

function readStored(): Stored {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function stored() {
  const found = readStored().issuers[issuer];
  if (found === undefined) throw new Error('nothing is kept');
  return found;
}

/** A command that goes on while the test does something else. */
function start(words: readonly string[], script = SCRIPT) {
  const child: ChildProcess = spawn(process.execPath, [script, ...words], { env: environment });
  const answer: CliAnswer = { status: null, out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    answer.out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    answer.err += text;
  });
  const end = new Promise<CliAnswer>((resolve) => {
    child.once('close', (status) => resolve({ ...answer, status }));
  });
  const link = () =>
    vi.waitFor(
      () => {
        const found = /\S+\/device\?user_code=[\w-]+/.exec(answer.out + answer.err)?.[0];
        if (found === undefined) throw new Error(`no link yet: ${answer.out}${answer.err}`);
        return found.replace(/^.*"/, '');
      },
      { timeout: 10_000 },
    );
  return { child, end, link };
}

async function logIn(words: readonly string[] = []): Promise<CliAnswer> {
  const { end, link } = start(['login', '--issuer', issuer, ...words]);
  await answerCode(world, await link());
  return end;
}

async function isLive(token: string): Promise<boolean> {
  return (await world.ask('/userinfo', { headers: { Authorization: `Bearer ${token}` } })).status === 200;
}

test('Ada pairs her terminal, which keeps the tokens for her alone and prints none', async () => {
  const { status, out, err } = await logIn();
  expect([status, err]).toEqual([0, '']);
  expect(out).toContain(`    ${issuer}/device\n`);
  expect(out).toMatch(/^ {4}[A-Z]{4}-[A-Z]{4}$/m);
  expect(out).toContain(`You are signed in at ${issuer}. The tokens are in ${file}.`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, 'latchkey')).mode & 0o777).toBe(0o700);
  const { access_token, refresh_token } = stored();
  expect([access_token, refresh_token]).toEqual([
    expect.stringMatching(/^lka_/),
    expect.stringMatching(/^lkr_/),
  ]);
  expect(out).not.toMatch(/lk[ard]_/);
  // Nobody sits at this terminal, so no browser was opened.
  expect(existsSync(opened)).toBe(false);
  expect(await cli.json(['whoami'])).toEqual({
    issuer,
    client_id: 'latchkey-cli',
    sub: world.ada.id,
    name: 'Ada Lovelace',
    email: 'ada@example.com',
    email_verified: expect.any(Boolean),
    updated_at: expect.any(Number),
  });
});

test('with --json the code is one line on standard error, and the answer one value; the login before is revoked', async () => {
  await logIn();
  const before = stored();
  const { status, out, err } = await logIn(['--json', '--scope', 'openid read:tasks']);
  expect(status).toBe(0);
  expect(JSON.parse(err)).toEqual({
    user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
    verification_uri: `${issuer}/device`,
    verification_uri_complete: expect.stringContaining('?user_code='),
    ends_at: expect.any(Number),
  });
  expect(JSON.parse(out)).toEqual({ issuer, client_id: 'latchkey-cli', scope: 'openid read:tasks', file });
  expect([await isLive(before.access_token), await isLive(stored().access_token)]).toEqual([false, true]);
});

test('whoami renews a token that has ended, and one that was revoked', async () => {
  await logIn();
  const first = stored();
  writeFileSync(
    file,
    JSON.stringify({ ...readStored(), issuers: { [issuer]: { ...first, expires_at: 1 } } }),
  );
  expect((await cli.json(['whoami'])).sub).toBe(world.ada.id);
  const second = stored();
  expect([second.access_token, second.refresh_token]).not.toEqual([first.access_token, first.refresh_token]);
  expect(statSync(file).mode & 0o777).toBe(0o600);

  await world.post('/revoke', { client_id: 'latchkey-cli', token: second.access_token });
  expect((await cli.json(['whoami'])).sub).toBe(world.ada.id);
  expect(stored().access_token).not.toBe(second.access_token);
});

test('whoami beside itself, with a token that has ended, leaves a person signed in', async () => {
  await logIn();
  const content = { ...readStored(), issuers: { [issuer]: { ...stored(), expires_at: 1 } } };
  writeFileSync(file, JSON.stringify(content));
  const said = await Promise.all([1, 2, 3].map(() => cli.run(['whoami'])));
  expect(said.map(({ status }) => status)).toEqual([0, 0, 0]);
  expect((await cli.json(['whoami'])).sub).toBe(world.ada.id);
});

test('logout revokes the tokens and forgets them', async () => {
  await logIn();
  const { access_token } = stored();
  expect(await cli.json(['logout'])).toEqual({ issuer, revoked: true, reason: null });
  expect(await isLive(access_token)).toBe(false);
  expect(readStored()).toEqual({ version: 1, current: null, issuers: {} });
  expect(await cli.refusal(['whoami'])).toEqual({
    error: 'unauthorized',
    error_description: 'You are not signed in. Use: latchkey login',
  });
  expect(await cli.refusal(['logout'])).toMatchObject({ error: 'unauthorized' });
});

test('logout forgets the tokens even where the server is away, and says that they may live on', async () => {
  await logIn();
  const away = 'http://localhost:9';
  const content = { version: 1, current: away, issuers: { [issuer]: stored(), [away]: stored() } };
  writeFileSync(file, JSON.stringify(content));
  const { status, out } = await cli.run(['logout', '--json']);
  expect([status, JSON.parse(out)]).toEqual([
    1,
    { issuer: away, revoked: false, reason: `${away} does not answer.` },
  ]);
  expect(Object.keys(readStored().issuers)).toEqual([issuer]);
  expect((await cli.json(['whoami'])).issuer).toBe(issuer);
});

test('D14: what Ada denies is told, and nothing is kept', async () => {
  const { end, link } = start(['login', '--issuer', issuer]);
  await answerCode(world, await link(), { decision: 'deny' });
  const { status, err } = await end;
  expect([status, err]).toEqual([1, 'It was denied in the browser.\n']);
  expect(readStored().issuers).toEqual({});
});

test('Ctrl-C stops the waiting', async () => {
  const { child, end, link } = start(['login', '--issuer', issuer, '--json']);
  await link();
  child.kill('SIGINT');
  const { status, out, err } = await end;
  expect([status, out]).toEqual([1, '']);
  expect(JSON.parse(err.trim().split('\n')[1] ?? '')).toEqual({
    error: 'cancelled',
    error_description: 'Cancelled.',
  });
});

test('D02: a client that nobody allowed, and an address where nobody is, are refused in words', async () => {
  expect(await cli.refusal(['login', '--issuer', issuer, '--client-id', 'unknown'])).toEqual({
    error: 'invalid_client',
    error_description: 'client authentication failed',
  });
  expect(await cli.refusal(['login', '--issuer', 'http://localhost:9'])).toEqual({
    error: 'unreachable',
    error_description: 'http://localhost:9 does not answer.',
  });
  expect(await cli.refusal(['login', '--issuer', 'http://accounts.example.com'])).toMatchObject({
    error: 'invalid_request',
  });
});

test('a file that is damaged is left alone, and said to be', async () => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '{"version":1,');
  expect((await cli.refusal(['whoami'])).error_description).toContain('is damaged');
  expect((await cli.refusal(['login', '--issuer', issuer])).error_description).toContain('is damaged');
  expect(readFileSync(file, 'utf8')).toBe('{"version":1,');
});

test('the folder of settings is XDG_CONFIG_HOME, or .config at home where that is not absolute', () => {
  vi.stubEnv('HOME', '/home/ada');
  expect(findConfigFolder({ XDG_CONFIG_HOME: '/etc/ada' })).toBe('/etc/ada');
  expect(findConfigFolder({ XDG_CONFIG_HOME: 'here' })).toBe('/home/ada/.config');
  expect(findConfigFolder({})).toBe('/home/ada/.config');
  vi.unstubAllEnvs();
});

test('a browser is given the address as it is, and where there is none nothing happens', async () => {
  const address = `${issuer}/device?user_code=A;touch%20x`;
  vi.stubEnv('PATH', environment.PATH);
  openBrowser(address);
  await vi.waitFor(() => expect(readFileSync(opened, 'utf8')).toBe(address));
  vi.stubEnv('PATH', '/nowhere');
  openBrowser(address);
  vi.unstubAllEnvs();
});

test('examples/device-login.ts pairs, with Node.js and nothing else', async () => {
  const { end, link } = start([issuer], EXAMPLE);
  await answerCode(world, await link());
  const { status, out, err } = await end;
  expect([status, err]).toEqual([0, '']);
  expect(out).toContain('Signed in as ada@example.com for: openid profile email offline_access');
  expect(readFileSync(EXAMPLE, 'utf8').match(/from '.*'/g)).toEqual(["from 'node:timers/promises'"]);
});
