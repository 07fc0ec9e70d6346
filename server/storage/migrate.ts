// Applies migrations/ with knex, under knex's lock, before anything else opens the database.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import knex, { type Knex } from 'knex';
import { sqlitePathOf } from './database.ts';
import { openSqlite } from './sqlite.ts';

const DIRECTORY = fileURLToPath(new URL('../../migrations/', import.meta.url));
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
  mkdirSync(dirname(path), { recursive: true });
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

/** Brings the schema up to date and answers the names of the migrations applied. Throws a MigrationError where the database is newer. */
export async function migrate(url: string): Promise<string[]> {
  const connection = connect(url);
  const settings = { directory: DIRECTORY, loadExtensions: ['.ts'] };
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [, applied] = (await connection.migrate.latest(settings)) as [number, string[]];
        return applied;
      } catch (error) {
        if (!isLocked(error) || attempt >= LOCK_RETRIES) throw explain(error);
        await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MILLISECONDS));
      }
    }
  } finally {
    await connection.destroy();
  }
}
