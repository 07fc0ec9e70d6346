// Applies migrations/ with knex, one process at a time, before anything else opens the database.
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { sqlitePathOf } from './database.ts';
import { isRetryable, StorageFault, toFault } from './faults.ts';
import { makeFolder } from './folders.ts';
import { isBusy, openSqlite } from './sqlite.ts';

const DIRECTORY = fileURLToPath(new URL('../../migrations/', import.meta.url));
const SETTINGS = { directory: DIRECTORY, loadExtensions: ['.ts'] };
// Any number that nobody else in this database uses: `latchkey` as it begins in ASCII.
const ADVISORY_LOCK = 0x6c617463;
const LOCK_ATTEMPTS = 6000;
const APPLY_ATTEMPTS = 1000;
const TABLE_PATIENCE_MILLISECONDS = 200;
/** PostgreSQL's lock_not_available. */
const TABLE_IS_TAKEN = '55P03';
const LOCK_PAUSE_MILLISECONDS = 100;

/** A sentence for whoever starts the server. */
export class MigrationError extends Error {}

function ignore(): void {}

// What knex would print is told by us, in the error that is thrown.
const log = { warn: ignore, error: ignore, deprecate: ignore, debug: ignore };

function connectPostgres(url: string): Knex {
  type Created = (error: unknown, connection: unknown) => void;
  // Behind a migration that waits for a table wait all who read it: so it does not wait long, but comes again.
  const afterCreate = (connection: pg.Client, done: Created) =>
    connection.query(`SET lock_timeout = ${TABLE_PATIENCE_MILLISECONDS}`, (error) => done(error, connection));
  return knex({ client: 'pg', connection: url, log, pool: { min: 0, max: 1, afterCreate } });
}

function connectSqlite(path: string): Knex {
  // Makes the file with its mode and pragmas; journal_mode WAL stays with the file.
  openSqlite(path, 'FULL').close();
  return knex({
    client: 'better-sqlite3',
    connection: { filename: path },
    log,
    useNullAsDefault: true,
    pool: { min: 1, max: 1 },
  });
}

function explain(error: unknown, path: string | undefined): unknown {
  if (!(error instanceof Error)) return error;
  if (toFault(error) instanceof StorageFault) {
    const what =
      path === undefined
        ? 'The database (DATABASE_URL) does not answer'
        : `The database file ${path} (DATABASE_URL), or what stands beside it, cannot be used`;
    return new StorageFault(`${what}: ${error.message}`, error);
  }
  const unknown = /the following files are missing: (.*)$/.exec(error.message)?.[1];
  if (unknown !== undefined) {
    const words = 'The database was made by a newer version, which this one must not touch. It does not know';
    return new MigrationError(`${words}: ${unknown}`, { cause: error });
  }
  return error;
}

/**
 * PostgreSQL: one process at a time, by a lock that ends with its connection. knex's own lock is a row, which two first
 * starts may insert twice and a killed process leaves behind.
 */
async function withPostgresLock<T>(url: string, act: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    return await act();
  } finally {
    await client.end();
  }
}

async function takeExclusive(lock: Sqlite.Database): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      lock.exec('BEGIN EXCLUSIVE');
      return;
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (attempt >= LOCK_ATTEMPTS) {
        const minutes = (LOCK_ATTEMPTS * LOCK_PAUSE_MILLISECONDS) / 60_000;
        const words = `Another process has been changing the schema of the database for ${minutes} minutes`;
        throw new MigrationError(words, { cause: error });
      }
      await setTimeout(LOCK_PAUSE_MILLISECONDS);
    }
  }
}

/** SQLite: the same, by the system's lock on an empty file beside the database. */
async function withFileLock<T>(path: string, act: () => Promise<T>): Promise<T> {
  const lock = new Sqlite(path, { timeout: 0 });
  try {
    chmodSync(path, 0o600);
    await takeExclusive(lock);
    return await act();
  } finally {
    lock.close();
  }
}

async function applyLatest(connection: Knex, settings: Knex.MigratorConfig): Promise<string[]> {
  const [, applied] = (await connection.migrate.latest(settings)) as [number, string[]];
  return applied;
}

function hasGivenWay(error: Error): boolean {
  return isBusy(error) || isRetryable(error) || ('code' in error && error.code === TABLE_IS_TAKEN);
}

/** Under our lock nobody else migrates: knex's own, if it is taken, was left by a process that was killed. */
async function applyAlone(connection: Knex, settings: Knex.MigratorConfig): Promise<string[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyLatest(connection, settings);
    } catch (error) {
      if (attempt >= APPLY_ATTEMPTS || !(error instanceof Error)) throw error;
      if (error.name === 'MigrationLocked') await connection.migrate.forceFreeMigrationsLock(settings);
      // A server of the version before still writes, and one of us had to give way: nothing of this migration stands.
      else if (hasGivenWay(error)) await setTimeout(LOCK_PAUSE_MILLISECONDS);
      else throw error;
    }
  }
}

async function applyTo(connection: Knex, settings: Knex.MigratorConfig): Promise<string[]> {
  try {
    return await applyAlone(connection, settings);
  } finally {
    await connection.destroy();
  }
}

/**
 * Brings the schema up to date and answers the names of the migrations applied. Throws a MigrationError where the database is
 * newer. Servers of the version before may run: migrations only add what those do not miss.
 */
export async function migrate(url: string, settings: Knex.MigratorConfig = SETTINGS): Promise<string[]> {
  const path = sqlitePathOf(url);
  try {
    if (path === undefined) return await withPostgresLock(url, () => applyTo(connectPostgres(url), settings));
    makeFolder(dirname(path));
    return await withFileLock(`${path}-migration`, () => applyTo(connectSqlite(path), settings));
  } catch (error) {
    throw explain(error, path);
  }
}
