// A connection of another process to a SQLite file: what only somebody outside can do to it, or see of it.
import { createRequire } from 'node:module';
import type SqliteModule from 'better-sqlite3';

// Node's own instance of the driver, so that a test can watch what the program does with it.
const Sqlite = createRequire(import.meta.url)('better-sqlite3') as typeof SqliteModule;

export const sqlitePrototype = Sqlite.prototype as SqliteModule.Database;

export function openSqliteFile(file: string): SqliteModule.Database {
  return new Sqlite(file);
}
