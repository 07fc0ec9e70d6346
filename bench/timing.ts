// Does the time of an answer tell what its words do not? Medians over HTTP of two cases each, in turn (rows S05, T10, I02, G03). Run: node bench/timing.ts [tries]
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFormRobot } from '../test/support/form-robot.ts';
import { collectTokens } from './collect-tokens.ts';

const TRIES = Number(process.argv[2] ?? 500);
const WARM_UP = 20;
const EMAIL = 'ada@example.com';
const PASSWORD = 'a long walk over the hills';
const API = 'https://api.example.com/';
const REDIRECT = 'https://notes.example.com/cb';
const FORM = 'application/x-www-form-urlencoded';

type Request = { path: string; headers: Record<string, string>; body: string };
/** `make` is called for each try, outside of the measured time. */
type Case = { name: string; make: () => Request; status: number };
type Credentials = { client_id?: string; client_secret?: string; key?: string };

const directory = mkdtempSync(join(tmpdir(), 'latchkey-timing-'));
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Nothing is refused for being asked too often: that would be measured instead. */
function writeConfiguration(): string {
  const plenty = { max: 1_000_000, window_seconds: 86_400 };
  const names = ['sign_in.address', 'sign_in.account_address', 'sign_in.account', 'sign_in.known_device'];
  const file = join(directory, 'latchkey.yaml');
  const limits = Object.fromEntries(names.map((name) => [name, plenty]));
  const api_keys = { personal: { checksum: false } };
  writeFileSync(file, JSON.stringify({ version: 1, log: { level: 'error' }, limits, api_keys }));
  return file;
}

async function startServer() {
  const port = await freePort();
  const env = {
    ...process.env,
    LATCHKEY_CONFIG: writeConfiguration(),
    DATABASE_URL: `sqlite:${join(directory, 'timing.sqlite')}`,
    LATCHKEY_SECRETS_FILE: join(directory, 'secrets'),
    ISSUER: `http://localhost:${port}`,
    PORT: String(port),
  };
  const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const child = spawn(process.execPath, [fileOf('../server/main.ts')], { env, stdio: 'ignore' });
  for (let attempt = 0; ; attempt += 1) {
    const isReady = await fetch(`${env.ISSUER}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) break;
    if (attempt === 300) throw new Error('the server did not come up');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  function command(args: string[], input = ''): Credentials {
    const words = [fileOf('../server/cli.ts'), ...args, '--json'];
    return JSON.parse(execFileSync(process.execPath, words, { env, input, encoding: 'utf8' }));
  }
  return { port, issuer: env.ISSUER, command, stop: () => child.kill('SIGKILL') };
}

type Running = Awaited<ReturnType<typeof startServer>>;

function basic({ client_id = '', client_secret = '' }: Credentials): Record<string, string> {
  const text = `${encodeURIComponent(client_id)}:${encodeURIComponent(client_secret)}`;
  return { Authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

function formOf(fields: Record<string, string>): string {
  return new URLSearchParams(fields).toString();
}

/** From the first byte sent to the last one received, in milliseconds. */
function measure(
  port: number,
  issuer: string,
  { path, headers, body }: Request,
  wanted: number,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const options = {
      ...{ host: '127.0.0.1', port, path, method: 'POST', agent },
      headers: { Host: new URL(issuer).host, 'Content-Type': FORM, 'Content-Length': length, ...headers },
    };
    const startedAt = performance.now();
    const outgoing = request(options, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        const took = performance.now() - startedAt;
        if (response.statusCode === wanted) resolve(took);
        else reject(new Error(`${path} answered ${response.statusCode} instead of ${wanted}`));
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Both cases in turn, the order changed each time, so that what drifts drifts for both. */
async function compare({ port, issuer }: Running, row: string, cases: readonly [Case, Case]): Promise<void> {
  const took: [number[], number[]] = [[], []];
  for (let round = -WARM_UP; round < TRIES; round += 1) {
    for (const index of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const { make, status } = cases[index];
      const milliseconds = await measure(port, issuer, make(), status);
      if (round >= 0) took[index].push(milliseconds);
    }
  }
  const [first, second] = [median(took[0]), median(took[1])];
  const figures = `${first.toFixed(3)} ms / ${second.toFixed(3)} ms = ${(first / second).toFixed(3)}`;
  console.log(`${row}  ${`${cases[0].name} / ${cases[1].name}`.padEnd(52)} ${figures}`);
}

async function signInCases({ port, issuer, command }: Running): Promise<[Case, Case]> {
  command(['accounts', 'create', '--email', EMAIL, '--name', 'Ada', '--password-stdin'], PASSWORD);
  const robot = createFormRobot({ origin: issuer, port });
  const page = await robot.get('/sign-in');
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
  const cookie = page.headers.getSetCookie().map((one) => one.split(';')[0]);
  const headers = { Cookie: cookie.join('; '), Origin: issuer };
  const caseOf = (name: string, email: string): Case => ({
    name,
    status: 401,
    make: () => ({ path: '/sign-in', headers, body: formOf({ csrf, email, password: 'not the right one' }) }),
  });
  return [caseOf('known address', EMAIL), caseOf('unknown address', 'eve@example.com')];
}

type Guess = { name: string; id?: string | undefined; secret: () => string };

function clientCases(...guesses: [Guess, Guess]): [Case, Case] {
  const caseOf = ({ name, id = '', secret }: Guess): Case => ({
    name,
    status: 401,
    make: () => ({
      path: '/token',
      headers: basic({ client_id: id, client_secret: secret() }),
      body: formOf({ grant_type: 'authorization_code', code: 'none', redirect_uri: REDIRECT }),
    }),
  });
  return [caseOf(guesses[0]), caseOf(guesses[1])];
}

function inventSecret(): string {
  return `lks_${randomBytes(32).toString('base64url')}`;
}

/** Whether the beginning of a guess is right must not show; which ids there are is no secret, and is measured beside it. */
async function compareSecrets(
  running: Running,
  { client_id: id, client_secret = '' }: Credentials,
): Promise<void> {
  const wrong = { name: 'wrong secret', id, secret: inventSecret };
  const nearly = { name: 'secret that is nearly right', id, secret: () => `${client_secret.slice(0, -2)}--` };
  const unknown = { name: 'unknown client', id: 'client_nobody', secret: inventSecret };
  await compare(running, 'T10', clientCases(wrong, nearly));
  await compare(running, 'T10', clientCases(wrong, unknown));
}

/** The same token with its last letters changed, so that only the secret differs; and another row altogether. */
function inventToken(token: string): string {
  return token.slice(0, -20) + randomBytes(15).toString('base64url');
}

async function tokenCases(running: Running, api: Credentials, notes: Credentials): Promise<[Case, Case]> {
  const [token = ''] = await collectTokens({
    ...{ issuer: running.issuer, port: running.port, count: 1, email: EMAIL, password: PASSWORD },
    client: { id: notes.client_id ?? '', secret: notes.client_secret ?? '', redirectUri: REDIRECT },
  });
  const headers = { ...basic(notes), 'Content-Type': FORM };
  await fetch(`${running.issuer}/revoke`, { method: 'POST', headers, body: formOf({ token }) });
  const caseOf = (name: string, choose: () => string): Case => ({
    name,
    status: 200,
    make: () => ({ path: '/introspect', headers: basic(api), body: formOf({ token: choose() }) }),
  });
  return [caseOf('unknown token', () => inventToken(token)), caseOf('revoked one', () => token)];
}

/** Keys without a checksum, so that each wrong one is looked up. */
async function compareKeys(running: Running, api: Credentials): Promise<void> {
  const make = ['api-keys', 'create', '--account', EMAIL, '--name', 'Zapier', '--scope', 'read:tasks'];
  const { key = '' } = running.command(make);
  const [prefix, secret] = [key.slice(0, 3), key.slice(3)];
  const other = (letter: string) => (letter === '0' ? '1' : '0');
  const caseOf = (name: string, token: () => string): Case => ({
    name,
    status: 200,
    make: () => ({ path: '/introspect', headers: basic(api), body: formOf({ token: token() }) }),
  });
  const first = caseOf(
    'wrong first character',
    () => `${prefix}${other(secret.charAt(0))}${secret.slice(1)}`,
  );
  const last = caseOf('wrong last character', () => `${key.slice(0, -1)}${other(key.slice(-1))}`);
  const unknown = caseOf('unknown key', () => `${prefix}${randomBytes(18).toString('hex')}`);
  await compare(running, 'G03', [first, last]);
  await compare(running, 'G03', [unknown, first]);
}

const running = await startServer();
try {
  const scopes = ['--scope', 'openid', '--scope', 'read:tasks'];
  const api = running.command([
    ...['resources', 'create', '--identifier', API, '--name', 'Tasks'],
    ...['--scope', 'read:tasks=Read your tasks', '--default'],
  ]);
  const notes = running.command([
    ...['clients', 'create', '--name', 'Notes', '--type', 'web', '--redirect-uri', REDIRECT],
    ...scopes,
  ]);
  console.log(`medians of ${TRIES} tries each, in turn`);
  await compare(running, 'S05', await signInCases(running));
  await compareSecrets(running, notes);
  await compare(running, 'I02', await tokenCases(running, api, notes));
  await compareKeys(running, api);
} finally {
  running.stop();
  agent.destroy();
  rmSync(directory, { recursive: true, force: true });
}
