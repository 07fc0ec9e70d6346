// Starts what the benches compare: bare Koa, the plain engine in memory, and Latchkey as `npm start` runs it, on SQLite.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Run } from './driver.ts';

export const API = 'https://api.example.com/';
export const PASSWORD = 'a long walk over the hills';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

type Credentials = { client_id?: string; client_secret?: string };
/** What a command answers, as far as anybody here needs it. */
type Made = Credentials & { id?: string; key?: string };

export function basic({ client_id = '', client_secret = '' }: Credentials): Record<string, string> {
  return {
    ...FORM,
    Authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
  };
}

function fileOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

function firstLine(child: ChildProcess): Promise<{ port: number }> {
  return new Promise((resolve) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(JSON.parse(chunk.toString())));
  });
}

/** One of servers/, which prints its address; answers its URL. */
export async function startSmall(run: Run, name: 'bare-koa' | 'engine-memory'): Promise<string> {
  const { port } = await firstLine(run([fileOf(`./servers/${name}.ts`)]));
  return `http://127.0.0.1:${port}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function waitUntilReady(url: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isReady = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the server did not come up');
}

/** The server on a database of its own in `directory`, or on the one of that name, and its command line beside it. */
export async function startLatchkey(run: Run, directory: string, { name }: { name?: string } = {}) {
  const port = await freePort();
  const env = { DATABASE_URL: `sqlite:${join(directory, `${name ?? port}.sqlite`)}`, PORT: String(port) };
  run(['-r', fileOf('../server/node-version.cjs'), fileOf('../server/main.ts')], env).stdout?.resume();
  const issuer = `http://localhost:${port}`;
  await waitUntilReady(issuer);

  function command(args: string[], input = ''): Made {
    const options = { env: { ...process.env, ...env }, input, encoding: 'utf8' } as const;
    return JSON.parse(
      execFileSync(process.execPath, [fileOf('../server/cli.ts'), ...args, '--json'], options),
    );
  }

  return { port, issuer, command };
}

/** The default API, with tokens of that format. */
export function resourceOf(format: 'opaque' | 'jwt'): string[] {
  const scope = ['--scope', 'read:tasks=Read your tasks'];
  return [
    'resources',
    'create',
    '--identifier',
    API,
    '--name',
    'Tasks',
    ...scope,
    '--default',
    '--format',
    format,
  ];
}

/** A client in its own name. */
export const service: readonly string[] = [
  ...['clients', 'create', '--name', 'Reports', '--type', 'service'],
  ...['--grant', 'client_credentials', '--scope', 'read:tasks'],
];

/** So many tokens of a client in its own name. */
export async function issueTokens(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<string[]> {
  const tokens: string[] = [];
  while (tokens.length < 40) {
    const response = await fetch(`${url}/token`, { method: 'POST', headers, body });
    const { access_token } = (await response.json()) as { access_token?: string };
    if (access_token === undefined) throw new Error(`no token: ${response.status}`);
    tokens.push(access_token);
  }
  return tokens;
}

/** Runs `act` with a directory that is gone afterwards. */
export async function withDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  try {
    await act(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
