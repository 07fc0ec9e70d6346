// Applies migrations/ with knex, under knex's lock, before anything else opens the database.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { sqlitePathOf } from './database.ts';
import { StorageFault, toFault } from './faults.ts';
import { makeFolder } from './folders.ts';
import { openSqlite } from './sqlite.ts';

const DIRECTORY = fileURLToPath(new URL('../../migrations/', import.meta.url));
const SETTINGS = { directory: DIRECTORY, loadExtensions: ['.ts'] };
// Any number that nobody else in this database uses: `latchkey` as it begins in ASCII.
const ADVISORY_LOCK = 0x6c617463;
const LOCK_RETRIES = 40;
const LOCK_PAUSE_MILLISECONDS = 250;

/** A sentence for whoever starts the server. */
export class MigrationError extends Error {}

function ignore(): void {}

// What knex would print is told by us, in the error that is thrown.
const log = { warn: ignore, error: ignore, deprecate: ignore, debug: ignore };

function connect(url: string): Knex {
  const path = sqlitePathOf(url);
  if (path === undefined) return knex({ client: 'pg', connection: url, log, pool: { min: 0, max: 1 } });
  makeFolder(dirname(path));
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

/** Nodes that start at once: one of them holds knex's lock, or all make knex's own two tables and one is first. */
function isLocked(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isBusy = 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
  const isLate = /knex_migrations/.test(error.message) && /already exists|duplicate key/.test(error.message);
  return error.name === 'MigrationLocked' || isBusy || isLate;
}

function explain(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (toFault(error) instanceof StorageFault) {
    return new StorageFault(`The database (DATABASE_URL) does not answer: ${error.message}`, error);
  }
  const unknown = /the following files are missing: (.*)$/.exec(error.message)?.[1];
  if (unknown !== undefined) {
    const words = 'The database was made by a newer version, which this one must not touch. It does not know';
    return new MigrationError(`${words}: ${unknown}`, { cause: error });
  }
  if (error.name !== 'MigrationLocked') return error;
  const words =
    'Another process is changing the schema of the database, or was ended while it did. If there is none: DELETE FROM knex_migrations_lock';
  return new MigrationError(words, { cause: error });
}

/**
 * PostgreSQL: one process at a time, by a lock that ends with its connection. knex's own lock is a row, which two first
 * starts may insert twice and a killed process leaves behind; whoever holds ours may free it.
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

async function applyAlone(connection: Knex): Promise<string[]> {
  try {
    return await applyLatest(connection);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'MigrationLocked') throw error;
    await connection.migrate.forceFreeMigrationsLock(SETTINGS);
    return applyLatest(connection);
  }
}

/** SQLite: knex's lock decides, and who comes second waits for the first. */
async function applyPatiently(connection: Knex): Promise<string[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyLatest(connection);
    } catch (error) {
      if (!isLocked(error) || attempt >= LOCK_RETRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MILLISECONDS));
    }
  }
}

async function applyLatest(connection: Knex): Promise<string[]> {
  const [, applied] = (await connection.migrate.latest(SETTINGS)) as [number, string[]];
  return applied;
}

/** Brings the schema up to date and answers the names of the migrations applied. Throws a MigrationError where the database is newer. */
export async function migrate(url: string): Promise<string[]> {
  let connection: Knex;
  try {
    connection = connect(url);
  } catch (error) {
    throw explain(error);
  }
  try {
    return sqlitePathOf(url) === undefined
      ? await withPostgresLock(url, () => applyAlone(connection))
      : await applyPatiently(connection);
  } catch (error) {
    throw explain(error);
  } finally {
    await connection.destroy();
  }
}
