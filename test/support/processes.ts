// Real server processes on one database, for what only processes can show: races, and death without a word.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createParts } from '../../server/parts.ts';
import { loadSettings } from '../config/load-text.ts';
import { createFormRobot } from './form-robot.ts';
import { createTestDatabase } from './postgres.ts';
import { createProgram } from './program.ts';

const ROOT = join(import.meta.dirname, '../..');
const PATIENCE_MILLISECONDS = 30_000;
const PAUSE_MILLISECONDS = 10;

type PlaceOptions = {
  dialect?: 'sqlite' | 'postgres';
  settings?: Record<string, unknown>;
  /** Where the SQLite file and the secrets are; a directory of its own unless given. */
  directory?: string;
};
type StartOptions = {
  port?: number;
  crashAt?: string;
  /** Words of a shell that bound the process, such as `ulimit -n 64`. */
  limits?: string;
  /** A module that is loaded before the server. */
  preload?: string;
};

const running = new Set<ChildProcess>();
// A test run that is broken off must not leave servers behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** A child that has ended, with what it said on standard error. */
function watch(child: ChildProcess) {
  let said = '';
  running.add(child);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      running.delete(child);
      resolve();
    }),
  );
  return { ended, said: () => said, isGone: () => !running.has(child) };
}

/** A database with a secrets file and a configuration, on which any number of servers can be started. */
export async function createServerPlace({ dialect = 'sqlite', settings = {}, ...given }: PlaceOptions = {}) {
  const directory = given.directory ?? mkdtempSync(join(tmpdir(), 'latchkey-place-'));
  const postgres = dialect === 'postgres' ? await createTestDatabase() : undefined;
  const port = await findFreePort();
  const file = join(directory, 'latchkey.yaml');
  const issuer = `http://localhost:${port}`;
  const sqliteFile = join(directory, 'latchkey.sqlite');
  const environment = {
    DATABASE_URL: postgres?.url ?? `sqlite:${sqliteFile}`,
    ISSUER: issuer,
    LATCHKEY_SECRETS_FILE: join(directory, 'secrets'),
    LATCHKEY_CONFIG: file,
  };
  const written = { version: 1, log: { level: 'error' }, ...settings };
  writeFileSync(file, JSON.stringify(written));
  const config = loadSettings({ ...written, log: { level: 'silent' } }, environment);
  const parts = await createParts(config, { actor: 'operator' });

  /** Starts a server and waits until it is ready; without a port it is the issuer's own. */
  async function start({ port: at = port, crashAt, limits = 'true', preload }: StartOptions = {}) {
    const env = {
      PATH: process.env.PATH,
      ...environment,
      PORT: String(at),
      ...(crashAt !== undefined && { CRASH_AT: crashAt }),
    };
    const loaded = preload === undefined ? [] : ['--import', preload];
    const words = [...loaded, '-r', './server/node-version.cjs', 'server/main.ts'];
    // `exec`: the shell becomes the server, so that signals reach it.
    const bounded = ['-c', `${limits} && exec "$0" "$@"`, process.execPath, ...words];
    const child = spawn('/bin/sh', bounded, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'pipe'] });
    const { ended, said, isGone } = watch(child);
    const ask = createProgram({ port: at, host: new URL(issuer).host });

    async function isReady(): Promise<boolean> {
      const { status } = await ask('/readyz').catch(() => ({ status: 0 }));
      return status === 200;
    }
    const until = performance.now() + PATIENCE_MILLISECONDS;
    const ready = (async () => {
      while (!(await isReady())) {
        if (isGone() || performance.now() > until) throw new Error(`the server did not start: ${said()}`);
        await pause();
      }
    })();

    /** Ends it as a power cut would: nothing is written, nobody is told. */
    async function kill(): Promise<void> {
      child.kill('SIGKILL');
      await ended;
    }

    return { port: at, ready, ended, ask, kill, said, child, isGone };
  }

  let leaving: Promise<void> | undefined;
  /** Closes the test's own connection: a killed server is then the last one that had the file, and must recover it. */
  function leave(): Promise<void> {
    leaving ??= parts.close();
    return leaving;
  }

  return {
    ...{ config, parts, port, directory, environment, sqliteFile, start, findFreePort, leave },
    robot: (headers: Record<string, string> = {}) => createFormRobot({ origin: issuer, port, headers }),

    async close(): Promise<void> {
      await leave();
      await postgres?.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type ServerPlace = Awaited<ReturnType<typeof createServerPlace>>;
export type ServerProcess = Awaited<ReturnType<ServerPlace['start']>>;
