// Runs once per test run: keeps the one PostgreSQL and the one Chromium, made when the first test asks for them.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { type Chromium, findChromium } from './chromium-executable.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { letOthersEnter, temporaryRoot } from './temporary-root.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a worker asks: GET /postgres answers { url }, GET /chromium a Chromium. */
    testGroundUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = mkdtempSync(join(temporaryRoot(), 'latchkey-tests-'));
  letOthersEnter(directory);
  // A run that breaks off does not come to its teardown.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  let postgres: Promise<PostgresServer> | undefined;
  let chromium: Promise<Chromium> | undefined;

  const server = createServer((request, response) => {
    if (request.url === '/postgres') {
      postgres ??= startPostgres(join(directory, 'postgres'));
      void answer(response, async () => ({ url: (await postgres)?.url }));
    } else if (request.url === '/chromium') {
      chromium ??= findChromium(join(directory, 'chromium'));
      void answer(response, async () => chromium);
    } else {
      response.writeHead(404).end('there is /postgres and /chromium');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('testGroundUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  return async () => {
    server.close();
    server.closeAllConnections();
    await chromium?.catch(() => {});
    await (await postgres?.catch(() => undefined))?.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}

async function answer(response: ServerResponse, make: () => Promise<unknown>): Promise<void> {
  try {
    const made = JSON.stringify(await make());
    response.writeHead(200, { 'content-type': 'application/json' }).end(made);
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
}
