// Ways in which a database fails: another process holds its lock, its disk is full, the way to it is cut.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Database } from '../../server/storage/database.ts';

/** Takes the write lock of a SQLite file as another process would; what gives it back can write something first. */
export function holdWriteLock(url: string): (write?: string) => void {
  const connection = new Sqlite(url.slice('sqlite:'.length));
  connection.exec('BEGIN IMMEDIATE');
  return (write = 'SELECT 1') => {
    connection.exec(`${write}; COMMIT`);
    connection.close();
  };
}

/** From now on the file cannot grow; answers what lifts that. To SQLite it is a disk without room (SQLITE_FULL). */
export async function fillDisk(database: Database): Promise<() => Promise<void>> {
  const ask = (pragma: string) =>
    database.list<Record<string, number>>({ sql: `PRAGMA ${pragma}`, bindings: [] });
  const [size] = await ask('page_count');
  const [before] = await ask('max_page_count');
  await ask(`max_page_count = ${size?.page_count ?? 1}`);
  return async () => {
    await ask(`max_page_count = ${before?.max_page_count ?? 1}`);
  };
}

/** A disk of that size in memory, or undefined where we may not mount one. */
export function mountSmallDisk(bytes: number): { directory: string; remove(): void } | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    rmSync(directory, { recursive: true });
    return undefined;
  }
  return {
    directory,
    remove() {
      execFileSync('umount', [directory]);
      rmSync(directory, { recursive: true });
    },
  };
}

/** A way to PostgreSQL that can be cut. `url` leads through it. */
export async function createCuttableWay(url: string) {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  let commitsToCut = 0;

  function keep(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  function lead(near: Socket): void {
    const far = connect(Number(target.port), target.hostname);
    let isCommitting = false;
    keep(near);
    keep(far);
    near.on('data', (chunk) => {
      if (isSwallowing) return;
      isCommitting = commitsToCut > 0 && chunk.includes('COMMIT\0');
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (isSwallowing) return;
      if (isCommitting && chunk.includes('COMMIT\0')) {
        commitsToCut -= 1;
        near.destroy();
      } else {
        near.write(chunk);
      }
    });
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }

  const server = createServer(lead);
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const through = new URL(url);
  through.host = `127.0.0.1:${port}`;

  /** Connections end, new ones are refused: the server was stopped. */
  async function refuse(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return {
    url: through.href,
    refuse,
    restore: () => listen(port),
    /** Nothing comes through any more, and nobody is told. */
    swallow(isOn: 'on' | 'off'): void {
      isSwallowing = isOn === 'on';
      if (isOn === 'off') for (const socket of sockets) socket.destroy();
    },
    /** The next so many commits are made, and the connection ends before the answer is back. */
    cutNextCommits(count: number): void {
      commitsToCut = count;
    },
    close: async () => {
      if (server.listening) await refuse();
    },
  };
}
