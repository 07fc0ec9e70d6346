// The whole program for a test: a database of its own, a port of its own, and people who come to it with a browser.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../server/app.ts';
import { loadSettings } from '../config/load-text.ts';
import { createFormRobot } from './form-robot.ts';
import { createTestDatabase } from './postgres.ts';

export type TestAppOptions = {
  /** Settings as in the configuration file, in place of the defaults. */
  settings?: Record<string, unknown>;
  dialect?: 'sqlite' | 'postgres';
};

/** The issuer is http://localhost:PORT unless the settings name another; it is reached at 127.0.0.1 and `port`. */
export async function startTestApp({ settings = {}, dialect = 'sqlite' }: TestAppOptions = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-'));
  const postgres = dialect === 'postgres' ? await createTestDatabase() : undefined;
  // The issuer must be known before the program is made, and the port is in it.
  let handler: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer({ requireHostHeader: false }, (request, response) =>
    handler(request, response),
  );
  const port = await listenSomewhere(server);
  const config = loadSettings({
    issuer: `http://localhost:${port}`,
    database: { url: postgres?.url ?? `sqlite:${join(directory, 'latchkey.sqlite')}` },
    secrets_file: join(directory, 'secrets'),
    log: { level: 'silent' },
    ...settings,
  });
  const app = await createApp(config);
  handler = app.handler;

  return {
    config,
    port,
    parts: app.parts,
    /** Nobody sends mail by itself here: `deliverDue` does, when the test says so. */
    postOffice: app.postOffice,
    /** Nor are clients told of ended sessions by themselves. */
    logouts: app.logouts,
    keyWarnings: app.keyWarnings,
    /** A browser of its own, which sends these headers with every request. */
    robot: (headers: Record<string, string> = {}) =>
      createFormRobot({ origin: config.issuer, port, headers }),

    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.close();
      await postgres?.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type MailingApp = Awaited<ReturnType<typeof startTestApp>>;
/** What every world has, in whatever way its server was started. */
export type TestApp = Omit<MailingApp, 'postOffice' | 'logouts' | 'keyWarnings'>;

async function listenSomewhere(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
