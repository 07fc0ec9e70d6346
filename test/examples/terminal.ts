// A terminal of a newcomer: a shell that keeps its variables, what is typed into it, and all that it shows.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

type TerminalOptions = { folder: string; environment?: Readonly<Record<string, string>> };

export function createTerminal({ folder, environment = {} }: TerminalOptions) {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C', ...environment };
  // A group of its own, as every job of a terminal has, so that Ctrl-C reaches all of it and nothing else.
  const shell = spawn('bash', ['--noprofile', '--norc'], { cwd: folder, env, detached: true });
  const ended = once(shell, 'exit');
  const watchers = new Set<() => void>();
  let shown = '';
  let seen = 0;
  let isOpen = true;
  let blocks = 0;
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      for (const look of watchers) look();
    });
  }
  shell.once('close', () => {
    isOpen = false;
    for (const look of watchers) look();
  });

  function type(text: string): void {
    shell.stdin.write(`${text}\n`);
  }

  /** Waits until the pattern is shown after what was read before; answers the match, and all that came until then. */
  function read(pattern: RegExp): Promise<{ match: RegExpExecArray; before: string }> {
    return new Promise((resolve, reject) => {
      function look(): void {
        const match = pattern.exec(shown.slice(seen));
        if (match === null && isOpen) return;
        watchers.delete(look);
        if (match === null) {
          reject(new Error(`the terminal closed without ${pattern}: ${shown}`));
          return;
        }
        const before = shown.slice(seen, seen + match.index);
        seen += match.index + match[0].length;
        resolve({ match, before });
      }
      watchers.add(look);
      look();
    });
  }

  /** Waits for the end of a block that was typed; answers what it showed since the last reading. Throws where it failed. */
  async function finish(): Promise<string> {
    blocks += 1;
    type(`echo "[end ${blocks}: $?]"`);
    const { match, before } = await read(new RegExp(`\\[end ${blocks}: (\\d+)\\]\\n`));
    if (match[1] !== '0') throw new Error(`the block ended with ${match[1]}: ${before}`);
    return before;
  }

  async function close(signal: NodeJS.Signals): Promise<void> {
    if (!isOpen || shell.pid === undefined) return;
    process.kill(-shell.pid, signal);
    await ended;
  }

  return {
    ...{ type, read, finish },
    /** A whole block, to its end. */
    run(block: string): Promise<string> {
      type(block);
      return finish();
    },
    shown: () => shown,
    pressControlC: () => close('SIGINT'),
    close: () => close('SIGKILL'),
  };
}

export type Terminal = ReturnType<typeof createTerminal>;
