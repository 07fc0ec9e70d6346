// Runs an example as its first lines say: a process of its own that knows nothing but its arguments and its environment.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const FOLDER = join(import.meta.dirname, '../../examples');

type Environment = Readonly<Record<string, string>>;
type Given = { words?: string[]; environment?: Environment; input?: string };

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function start(file: string, { words = [], environment = {} }: Given): ChildProcess {
  const env = { PATH: process.env.PATH, ...environment };
  const child = spawn(process.execPath, [join(FOLDER, file), ...words], { env, stdio: 'pipe' });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** To its end. */
export async function runExample(file: string, given: Given = {}) {
  const child = start(file, given);
  const ended = once(child, 'exit');
  child.stdin?.end(given.input ?? '');
  const [out, err] = await Promise.all([child.stdout, child.stderr].map((stream) => stream && text(stream)));
  const [status] = await ended;
  return { status: Number(status), out: out ?? '', err: err ?? '' };
}

/** One that serves, until it is ended. */
export async function serveExample(file: string, environment: Environment) {
  const child = start(file, { environment });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (part: string) => {
        said += part;
        if (/ at http:/.test(said)) resolve();
      });
    child.once('exit', () => reject(new Error(`${file} ended: ${said}`)));
  });
  return {
    said: () => said,
    async end(): Promise<void> {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
