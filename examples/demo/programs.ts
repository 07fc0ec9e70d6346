// The programs of the demo: each a process of its own, started one by one and ended together.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const ROOT = join(import.meta.dirname, '../..');

type Environment = Readonly<Record<string, string>>;

export function createPrograms() {
  const running = new Set<ChildProcess>();
  let isEnding = false;

  function start(words: string[], environment: Environment): ChildProcess {
    // Not the terminal's own variables: an ISSUER or DATABASE_URL there means another deployment.
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment };
    const child = spawn(process.execPath, words, { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'inherit'] });
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }

  /** Runs a program to its end; answers what it printed. */
  async function run(words: string[], environment: Environment = {}, input = ''): Promise<string> {
    const child = start(words, environment);
    const ended = once(child, 'exit');
    child.stdin?.end(input);
    const printed = child.stdout === null ? '' : await text(child.stdout);
    const [status] = await ended;
    if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}`);
    return printed;
  }

  /** Starts a program that goes on, and waits until it says where it is; `onEnd` is called if it ends by itself. */
  async function serve(words: string[], environment: Environment, onEnd: (what: string) => void) {
    const child = start(words, environment);
    child.once('exit', () => {
      if (!isEnding) onEnd(words.join(' '));
    });
    await new Promise<void>((resolve) => {
      let printed = '';
      child.once('exit', () => resolve());
      child.stdout?.setEncoding('utf8').on('data', (part: string) => {
        if (/ at http:/.test(printed)) process.stderr.write(part);
        printed += part;
        if (/ at http:/.test(printed)) resolve();
      });
    });
  }

  async function end(): Promise<void> {
    isEnding = true;
    const ended = [...running].map((child) => once(child, 'exit'));
    // Nothing here is worth a farewell.
    for (const child of running) child.kill('SIGKILL');
    await Promise.all(ended);
  }

  return { run, serve, end };
}

/** So many ports that nobody has right now, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
