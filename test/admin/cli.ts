// The real command line in a process of its own, on a database of its own or on that of a running program.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { judgeClient, judgeIssuer, judgeResource, judgeServiceAccount } from '../../config/registrations.ts';
import { isLoopbackHost } from '../../config/schema/uris.ts';
import type { Config } from '../../config/schema.ts';
import { OPERATOR } from '../../server/admin/parts.ts';
import { runCommandLine } from '../../server/admin/program.ts';
import type { Door } from '../../server/admin/runner.ts';
import { createParts } from '../../server/parts.ts';

export const SCRIPT = join(import.meta.dirname, '../../server/cli.ts');

export type CliAnswer = { status: number | null; out: string; err: string };
type Run = (words: readonly string[], input?: string) => Promise<CliAnswer>;

/** `run` answers what a command said; `json` reads its one JSON value; `refusal` the one it was refused with. */
function createCli(run: Run) {
  return {
    run,

    async json<T = Record<string, unknown>>(words: readonly string[], input?: string): Promise<T> {
      const { status, out, err } = await run([...words, '--json'], input);
      if (status !== 0 || err !== '') throw new Error(`${words.join(' ')}: ${status} ${err}`);
      return JSON.parse(out) as T;
    },

    async refusal(
      words: readonly string[],
      input?: string,
    ): Promise<{ error: string; error_description: string }> {
      const { status, out, err } = await run([...words, '--json'], input);
      if (status !== 1 || out !== '') throw new Error(`${words.join(' ')}: ${status} ${out}`);
      if (err.trimEnd().includes('\n')) throw new Error(`more than one line: ${err}`);
      return JSON.parse(err);
    },
  };
}

export type Cli = ReturnType<typeof createCli>;

/** The real thing: server/cli.ts in a process of its own, with these variables and no others. */
export function createProcessCli(environment: Record<string, string>): Cli {
  return createCli((words, input = '') => {
    return new Promise((resolve, reject) => {
      const env = { PATH: process.env.PATH, ...environment };
      const child = spawn(process.execPath, [SCRIPT, ...words], { env });
      const answer: CliAnswer = { status: null, out: '', err: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        answer.out += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        answer.err += text;
      });
      child.once('error', reject);
      child.once('close', (status) => resolve({ ...answer, status }));
      // A command that does not read its input may be gone by now.
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
  });
}

/** The same commands without the start of a process, for many of them. */
export function createQuickCli(environment: Record<string, string>): Cli {
  return createCli(async (words, input = '') => {
    const answer: CliAnswer = { status: null, out: '', err: '' };
    const door: Door = {
      loadConfig: async () => loadConfig({ env: environment }),
      isLoopbackHost: async (hostname) => isLoopbackHost(hostname),
      async open() {
        const config = { ...(await this.loadConfig()), log: { level: 'silent' as const } };
        return {
          ...(await createParts(config, { actor: OPERATOR })),
          rules: { judgeClient, judgeIssuer, judgeResource, judgeServiceAccount },
        };
      },
      readInput: async () => input,
      write: (text) => {
        answer.out += text;
      },
      writeError: (text) => {
        answer.err += text;
      },
      person: {
        findConfigFolder: async () => environment.XDG_CONFIG_HOME ?? '/nowhere',
        isTerminal: () => false,
        interruption: () => new AbortController().signal,
      },
    };
    const status = await runCommandLine(words, door);
    return { ...answer, status };
  });
}

/** A place on SQLite that nobody else has. */
export function createPlace(environment: Record<string, string> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-cli-'));
  const database = join(directory, 'latchkey.sqlite');
  const variables = { DATABASE_URL: `sqlite:${database}`, ...environment };
  return {
    directory,
    database,
    cli: createProcessCli(variables),
    quick: createQuickCli(variables),
    /** Every byte that the place keeps. */
    bytes: (): Buffer =>
      Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name)))),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** The command line beside a running server: the same database, the same secrets. */
export function createClisBeside({ config }: { config: Config }): { cli: Cli; quick: Cli } {
  const variables = {
    DATABASE_URL: config.database.url,
    LATCHKEY_SECRETS_FILE: config.secrets_file,
    ISSUER: config.issuer,
  };
  return { cli: createProcessCli(variables), quick: createQuickCli(variables) };
}
