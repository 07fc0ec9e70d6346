// A migrated database of either kind for a test of storage. Each opening of it is to the others what another process is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nowSeconds } from '../../server/clock.ts';
import { type Database, openDatabase } from '../../server/storage/database.ts';
import { migrate } from '../../server/storage/migrate.ts';
import { insert, sql } from '../../server/storage/statement.ts';
import { createTestDatabase } from '../support/postgres.ts';

export const dialects = ['sqlite', 'postgres'] as const;
export type Dialect = (typeof dialects)[number];

/** An empty place for a database of this kind: no schema, and on SQLite no file yet. */
export async function createPlace(dialect: Dialect) {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-storage-'));
  const postgres = dialect === 'postgres' ? await createTestDatabase() : undefined;
  const file = join(directory, 'latchkey.sqlite');
  const opened: Database[] = [];

  return {
    dialect,
    directory,
    file,
    url: postgres?.url ?? `sqlite:${file}`,

    /** Opens it as one more process would. `close` closes what is still open. */
    open(this: { url: string }, poolMax = 8): Database {
      const database = openDatabase({ url: this.url, poolMax });
      opened.push(database);
      return database;
    },

    async close(): Promise<void> {
      for (const database of opened) await database.close().catch(() => undefined);
      await postgres?.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type Place = Awaited<ReturnType<typeof createPlace>>;

/** The same with the schema of today. */
export async function createGround(dialect: Dialect): Promise<Place> {
  const place = await createPlace(dialect);
  await migrate(place.url);
  return place;
}

/** Grants and credentials belong to people: these exist. */
export async function registerPeople(database: Database, ids: readonly string[]): Promise<void> {
  const now = nowSeconds();
  await database.transact(() => {
    for (const id of ids) {
      const row = { id, role: 'member', is_admin: 0, created_at: now, updated_at: now };
      database.write(insert('accounts', row));
    }
  });
}

/** How many rows a table has. */
export async function countRows(database: Database, table: string): Promise<number> {
  const row = await database.find<{ count: number }>({
    sql: `SELECT COUNT(*) AS count FROM ${table}`,
    bindings: [],
  });
  return row?.count ?? Number.NaN;
}

/** The tables of the program, without those of knex and of the counters. */
export async function listTables(database: Database): Promise<string[]> {
  const query =
    database.dialect === 'sqlite'
      ? sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' LIMIT 1000`
      : sql`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LIMIT 1000`;
  const rows = await database.list<{ name: string }>(query);
  return rows
    .map((row) => row.name)
    .filter((name) => !name.startsWith('knex_') && name !== 'rate_limits')
    .toSorted();
}

/** How each of many attempts ended: the label of its Conflict, or `won`. Any other end is thrown. */
export async function tally(attempts: readonly Promise<unknown>[]): Promise<Record<string, number>> {
  const ends: Record<string, number> = {};
  for (const attempt of await Promise.allSettled(attempts)) {
    const label = attempt.status === 'fulfilled' ? 'won' : attempt.reason?.label;
    if (label === undefined) throw (attempt as PromiseRejectedResult).reason;
    ends[label] = (ends[label] ?? 0) + 1;
  }
  return ends;
}
