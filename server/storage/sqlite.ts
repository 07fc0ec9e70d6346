// SQLite behind one connection: reads of a turn share a transaction, units of a turn share a commit (WAL, synchronous FULL).
import { chmodSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { nowMilliseconds } from '../clock.ts';
import { randomBelow } from '../secrets.ts';
import { Conflict, isUniqueViolation, StorageFault, toAppendFault, toFault } from './faults.ts';
import { makeFolder } from './folders.ts';
import type { Ledger } from './ledger.ts';
import type { Statement } from './statement.ts';
import type { AppendWrite, Write } from './unit-of-work.ts';

const STATEMENT_CACHE = 500;
// The event loop stands still so long when another process commits; beyond it we come back later.
const BUSY_MILLISECONDS = 5;
const OPEN_ATTEMPTS = 200;
const OPEN_PAUSE_MILLISECONDS = 25;
const COMMIT_PATIENCE_MILLISECONDS = 4000;

type Settle = { resolve: (value: never) => void; reject: (error: unknown) => void };
type PendingRead = Settle & { statement: Statement; shape: 'one' | 'all' };
type PendingUnit = Settle & { writes: readonly Write[]; since: number };

/** Another process holds the file just now. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}

/** Processes that start at once change the mode of a new file together, and SQLite does not let each of them wait. */
function insist(act: () => void): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      act();
      return;
    } catch (error) {
      if (!isBusy(error) || attempt >= OPEN_ATTEMPTS) throw error;
      // The file is opened before anybody is served, so nobody is kept waiting.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, randomBelow(OPEN_PAUSE_MILLISECONDS));
    }
  }
}

/** Opens the file with the pragmas that durability rests on, and refuses to go on where they do not hold. */
export function openSqlite(path: string, synchronous: 'FULL' | 'OFF'): Sqlite.Database {
  const isNew = path !== ':memory:' && !existsSync(path);
  if (isNew) makeFolder(dirname(path));
  const connection = new Sqlite(path, { timeout: BUSY_MILLISECONDS });
  if (isNew) chmodSync(path, 0o600);
  insist(() => {
    connection.pragma('journal_mode = WAL');
    connection.pragma(`synchronous = ${synchronous}`);
    connection.pragma('foreign_keys = ON');
  });
  const level = connection.pragma('synchronous', { simple: true });
  const mode = connection.pragma('journal_mode', { simple: true });
  if (level !== (synchronous === 'FULL' ? 2 : 0) || (mode !== 'wal' && path !== ':memory:')) {
    throw new Error(
      `SQLite did not accept WAL with synchronous ${synchronous}; the file system may not support it`,
    );
  }
  return connection;
}

export function createSqlite(path: string, ledger: Ledger) {
  const connection = openSqlite(path, 'FULL');
  const prepared = new Map<string, Sqlite.Statement>();
  let reads: PendingRead[] = [];
  let units: PendingUnit[] = [];
  let isFlushScheduled = false;

  function prepare(sql: string): Sqlite.Statement {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    if (prepared.size >= STATEMENT_CACHE) prepared.clear();
    const statement = connection.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  }

  function answer(read: PendingRead): void {
    try {
      const statement = prepare(read.statement.sql);
      const { bindings } = read.statement;
      read.resolve((read.shape === 'one' ? statement.get(...bindings) : statement.all(...bindings)) as never);
    } catch (error) {
      read.reject(toFault(error));
    }
  }

  // A statement outside of a transaction opens and closes a WAL read each time: one BEGIN for all of a turn.
  function flushReads(): void {
    const batch = reads;
    reads = [];
    let isOpen = false;
    try {
      if (batch.length > 1) {
        prepare('BEGIN').run();
        isOpen = true;
      }
    } catch (error) {
      for (const read of batch) read.reject(toFault(error));
      return;
    }
    for (const read of batch) answer(read);
    // A grave error of one read (memory, input and output) ends the transaction by itself.
    if (isOpen && connection.inTransaction) prepare('COMMIT').run();
  }

  function enqueueRead(statement: Statement, shape: PendingRead['shape']): Promise<never> {
    return new Promise((resolve, reject) => {
      if (reads.length === 0) setImmediate(flushReads);
      reads.push({ statement, shape, resolve, reject });
    });
  }

  function append(build: AppendWrite['build']): void {
    const statements = ledger.append(build);
    try {
      for (const statement of statements) prepare(statement.sql).run(...statement.bindings);
    } catch (error) {
      throw toAppendFault(error);
    }
  }

  function applyWrite(write: Write): void {
    if (write.kind === 'append') {
      append(write.build);
      return;
    }
    try {
      const { changes } = prepare(write.statement.sql).run(...write.statement.bindings);
      if (write.expects !== undefined && changes !== write.expects)
        throw new Conflict(write.conflict ?? 'rows');
    } catch (error) {
      throw isUniqueViolation(error) ? new Conflict(write.conflict ?? 'unique', error) : error;
    }
  }

  /** Applies one unit under a savepoint; answers why it was rolled back, or undefined. Throws when the whole commit is lost. */
  function applyUnit(unit: PendingUnit): unknown {
    const mark = ledger.mark();
    prepare('SAVEPOINT unit').run();
    try {
      for (const write of unit.writes) applyWrite(write);
      prepare('RELEASE unit').run();
      return undefined;
    } catch (error) {
      ledger.reset(mark);
      // A full disk can roll back the transaction by itself: then every unit of this commit is lost.
      if (!connection.inTransaction) throw error;
      prepare('ROLLBACK TO unit').run();
      prepare('RELEASE unit').run();
      return error;
    }
  }

  function commitBatch(batch: PendingUnit[]): void {
    const mark = ledger.mark();
    try {
      prepare('BEGIN IMMEDIATE').run();
      const faults = batch.map(applyUnit);
      prepare('COMMIT').run();
      batch.forEach((unit, index) => {
        const fault = faults[index];
        if (fault === undefined) unit.resolve(undefined as never);
        else unit.reject(toFault(fault));
      });
    } catch (error) {
      ledger.reset(mark);
      if (connection.inTransaction) connection.exec('ROLLBACK');
      throw error;
    }
  }

  function flushUnits(): void {
    isFlushScheduled = false;
    const batch = units;
    units = [];
    if (batch.length === 0) return;
    try {
      commitBatch(batch);
    } catch (error) {
      retryOrReject(batch, error);
    }
  }

  // Another process holds the write lock: wait without blocking the event loop, and not for ever.
  function retryOrReject(batch: PendingUnit[], error: unknown): void {
    const now = nowMilliseconds();
    const limit = now - COMMIT_PATIENCE_MILLISECONDS;
    // Whoever came ahead of now came before the clock was set back: nobody knows how long they have waited.
    const waiting = isBusy(error) ? batch.filter(({ since }) => since > limit && since <= now) : [];
    for (const unit of batch) if (!waiting.includes(unit)) unit.reject(toFault(error));
    if (waiting.length === 0) return;
    units = [...waiting, ...units];
    isFlushScheduled = true;
    setTimeout(flushUnits, 2 + randomBelow(18));
  }

  return {
    dialect: 'sqlite' as const,

    one: (statement: Statement): Promise<unknown> => enqueueRead(statement, 'one'),
    all: (statement: Statement): Promise<unknown[]> => enqueueRead(statement, 'all'),

    commit(writes: readonly Write[]): Promise<void> {
      return new Promise((resolve, reject) => {
        units.push({ writes, since: nowMilliseconds(), resolve, reject });
        if (isFlushScheduled) return;
        isFlushScheduled = true;
        setImmediate(flushUnits);
      });
    },

    async close(): Promise<void> {
      flushReads();
      flushUnits();
      for (const unit of units) unit.reject(new StorageFault('the database was closed'));
      units = [];
      prepared.clear();
      connection.close();
    },
  };
}

export type Engine = Pick<ReturnType<typeof createSqlite>, 'one' | 'all' | 'commit' | 'close'> & {
  readonly dialect: 'sqlite' | 'postgres';
};
