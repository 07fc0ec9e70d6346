// The small world around a server that listens for real, as `npm start` does: for clients that bring their own HTTP.
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../server/app.ts';
import { loadSettings } from '../config/load-text.ts';
import { createFormRobot } from '../support/form-robot.ts';
import { createWorldIn } from '../support/world.ts';

/** Below the range from which systems hand out ports by themselves: a test beside this one gets none of these. */
const [LOWEST_PORT, HIGHEST_PORT] = [20_000, 30_000];

/** A port that nobody has right now: the issuer holds it, so it must be known before the start. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** The issuer is http://localhost:PORT, and answers there. */
export async function startListeningWorld(settings: Record<string, unknown> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-'));
  const port = await findFreePort();
  const config = loadSettings({
    issuer: `http://localhost:${port}`,
    listen: { host: 'localhost', port },
    database: { url: `sqlite:${join(directory, 'latchkey.sqlite')}` },
    secrets_file: join(directory, 'secrets'),
    log: { level: 'silent' },
    ...settings,
  });
  const app = await createApp(config);
  const listening = await app.start();
  return createWorldIn({
    config,
    port,
    parts: app.parts,
    robot: (headers = {}) => createFormRobot({ origin: config.issuer, port, headers }),
    async close() {
      await listening.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  });
}
