// A server process that logs as much as it can, and every word that it says.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ServerPlace } from '../support/processes.ts';
import { createProgram } from '../support/program.ts';

const ROOT = join(import.meta.dirname, '../..');
const PATIENCE_MILLISECONDS = 30_000;

/** Starts on the issuer's port with DEBUG=* for the libraries, and waits until it is ready. */
export async function startLoudServer({ environment, port, config }: ServerPlace) {
  const env = { PATH: process.env.PATH, ...environment, PORT: String(port), DEBUG: '*' };
  const words = ['-r', './server/node-version.cjs', 'server/main.ts'];
  const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  process.once('exit', () => child.kill('SIGKILL'));

  const ask = createProgram({ port, host: new URL(config.issuer).host });
  const until = performance.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const { status } = await ask('/readyz').catch(() => ({ status: 0 }));
    // The last that it says at its start, after the link for the first administrator.
    if (status === 200 && said.includes('clients create --help')) break;
    if (child.exitCode !== null || performance.now() > until) throw new Error(`it did not start: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  return {
    said: () => said,
    async stop(): Promise<void> {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
