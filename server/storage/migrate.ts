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

function connect(url: string): Knex {
  const path = sqlitePathOf(url);
  if (path === undefined) return knex({ client: 'pg', connection: url, pool: { min: 0, max: 1 } });
  mkdirSync(dirname(path), { recursive: true });
  // Makes the file with its mode and pragmas; journal_mode WAL stays with the file.
  openSqlite(path, 'FULL').close();
  return knex({
    client: 'better-sqlite3',
    connection: { filename: path },
    useNullAsDefault: true,
    pool: { min: 1, max: 1 },
  });
}

function isLocked(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // Two nodes that start at once: one holds knex's lock, or both make its tables and one loses.
  return /lock|SQLITE_BUSY|already exists|duplicate key/i.test(`${error.name} ${error.message}`);
}

/** Brings the schema up to date and answers the names of the migrations applied. Throws when the database is newer. */
export async function migrate(url: string): Promise<string[]> {
  const connection = connect(url);
  const settings = { directory: DIRECTORY, loadExtensions: ['.ts'] };
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const [, applied] = (await connection.migrate.latest(settings)) as [number, string[]];
        return applied;
      } catch (error) {
        if (!isLocked(error) || attempt >= LOCK_RETRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MILLISECONDS));
      }
    }
  } finally {
    await connection.destroy();
  }
}
