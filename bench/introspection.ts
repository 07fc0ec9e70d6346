// How fast is introspection of an opaque token, over bare Koa and over the plain engine in memory? Run: node bench/introspection.ts
import { type ChildProcess, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collectTokens } from './collect-tokens.ts';
import { compare, type Ready, type Variant } from './driver.ts';

const TOKENS = 40;
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const API = 'https://api.example.com/';
const PASSWORD = 'a long walk over the hills';

function fileOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

function basic(id: string, secret: string): Record<string, string> {
  return { ...FORM, Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}

function isActive(text: string): boolean {
  return JSON.parse(text).active === true;
}

function firstLine(child: ChildProcess): Promise<{ port: number }> {
  return new Promise((resolve) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(JSON.parse(chunk.toString())));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const bareKoa: Variant = {
  name: 'bare Koa',
  async start(run) {
    const { port } = await firstLine(run([fileOf('./servers/bare-koa.ts')]));
    return {
      url: `http://127.0.0.1:${port}/`,
      headers: basic('api', 'api-secret'),
      bodies: ['token=some-token-or-other'],
      isRight: isActive,
    };
  },
};

const engineInMemory: Variant = {
  name: 'the engine in memory',
  async start(run) {
    const { port } = await firstLine(run([fileOf('./servers/engine-memory.ts')]));
    const url = `http://127.0.0.1:${port}`;
    const bodies: string[] = [];
    for (let count = 0; count < TOKENS; count += 1) {
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        headers: basic('app', 'app-secret'),
        body: 'grant_type=client_credentials&scope=read',
      });
      const { access_token } = (await response.json()) as { access_token: string };
      bodies.push(`token=${access_token}`);
    }
    return {
      url: `${url}/token/introspection`,
      headers: basic('api', 'api-secret'),
      bodies,
      isRight: isActive,
    };
  },
};

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

const directory = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));

/** The real server as `npm start` runs it, with tokens that came through the pages. */
const latchkey: Variant = {
  name: 'Latchkey on SQLite',
  async start(run): Promise<Ready> {
    const port = await freePort();
    const env = { DATABASE_URL: `sqlite:${join(directory, 'bench.sqlite')}`, PORT: String(port) };
    run([fileOf('../server/main.ts')], env).stdout?.resume();
    const issuer = `http://localhost:${port}`;
    await waitUntilReady(issuer);
    function command(args: string[], input = ''): Record<string, string> {
      const options = { env: { ...process.env, ...env }, input, encoding: 'utf8' } as const;
      return JSON.parse(
        execFileSync(process.execPath, [fileOf('../server/cli.ts'), ...args, '--json'], options),
      );
    }
    command(
      ['accounts', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--password-stdin'],
      PASSWORD,
    );
    const api = command([
      'resources',
      'create',
      '--identifier',
      API,
      '--name',
      'Tasks',
      '--scope',
      'read:tasks=Read your tasks',
      '--default',
    ]);
    const redirect = 'https://notes.example.com/cb';
    const client = command([
      'clients',
      'create',
      '--name',
      'Notes',
      '--type',
      'web',
      '--redirect-uri',
      redirect,
      '--scope',
      'openid',
      '--scope',
      'read:tasks',
    ]);
    const tokens = await collectTokens({
      ...{ issuer, port, count: TOKENS, email: 'ada@example.com', password: PASSWORD },
      client: { id: client.client_id ?? '', secret: client.client_secret ?? '', redirectUri: redirect },
    });
    const headers = basic(api.client_id ?? '', api.client_secret ?? '');
    return {
      url: `${issuer}/introspect`,
      headers,
      bodies: tokens.map((token) => `token=${token}`),
      isRight: isActive,
    };
  },
};

try {
  await compare([latchkey, bareKoa, engineInMemory]);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
