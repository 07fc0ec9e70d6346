// The operator's door (npm run -s latchkey -- …): gives the commands of server/admin the outside world. Heavy parts load on demand.
import type { Config } from '../config/schema.ts';
import { OPERATOR } from './admin/parts.ts';
import { runCommandLine } from './admin/program.ts';
import type { Door } from './admin/runner.ts';

const LONGEST_INPUT_BYTES = 65_536;

const door: Door = {
  async loadConfig() {
    const { loadConfig } = await import('../config/load.ts');
    return loadConfig();
  },

  async isLoopbackHost(hostname) {
    const { isLoopbackHost } = await import('../config/schema/uris.ts');
    return isLoopbackHost(hostname);
  },

  async open() {
    const config = await this.loadConfig();
    const [{ createParts }, rules] = await Promise.all([
      import('./parts.ts'),
      import('../config/registrations.ts'),
    ]);
    // Standard output is for the answer alone.
    const quiet: Config = { ...config, log: { level: 'silent' } };
    return { ...(await createParts(quiet, { actor: OPERATOR })), rules };
  },

  async readInput() {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of process.stdin) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > LONGEST_INPUT_BYTES) break;
    }
    return Buffer.concat(chunks).toString('utf8');
  },

  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),

  person: {
    async findConfigFolder() {
      const { findConfigFolder } = await import('../config/load.ts');
      return findConfigFolder();
    },

    isTerminal: () => process.stdin.isTTY && process.stdout.isTTY,

    // A second Ctrl-C ends the process where it stands.
    interruption() {
      const controller = new AbortController();
      process.once('SIGINT', () => controller.abort());
      return controller.signal;
    },
  },
};

// Whoever reads us may go before we are done (`| head`): no crash, but not everything was said either.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => {
    process.exitCode = 1;
  });
}

const status = await runCommandLine(process.argv.slice(2), door);
if (status !== 0) process.exitCode = status;
