// The database of a deployment: SQLite (one file) or PostgreSQL, with one face for both.
import { rmSync, statSync } from 'node:fs';
import knex, { type Knex } from 'knex';
import { randomSecret } from '../secrets.ts';
import type { DamagedRow } from './damage.ts';
import { isDamage, toFault } from './faults.ts';
import { createLedger } from './ledger.ts';
import { createPostgres } from './postgres.ts';
import { createSqlite, type Engine, openSqlite } from './sqlite.ts';
import { type Builder, type Statement, sql, type Value } from './statement.ts';
import { createUnits } from './unit-of-work.ts';

/** The store of counters that a crash may lose a second of: SQLite keeps them in a second file, synchronous OFF. */
export type Counters = {
  readonly dialect: 'sqlite' | 'postgres';
  query(text: string, bindings: unknown[]): Promise<Record<string, unknown>[]>;
};

/** The path of a `sqlite:PATH` address, or undefined where it is a PostgreSQL one. */
export function sqlitePathOf(url: string): string | undefined {
  return url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : undefined;
}

/** A machine that crashed may have damaged them. They are worth less than a start: then they begin anew. */
function openCounters(path: string): ReturnType<typeof openSqlite> {
  try {
    const connection = openSqlite(path, 'OFF');
    if (connection.pragma('quick_check', { simple: true }) === 'ok') return connection;
    connection.close();
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
  return openSqlite(path, 'OFF');
}

function createFileCounters(path: string): Counters & { close(): void } {
  const connection = openCounters(path);
  const prepared = new Map<string, ReturnType<typeof connection.prepare>>();

  function prepare(text: string) {
    const statement = prepared.get(text) ?? connection.prepare(text);
    prepared.set(text, statement);
    return statement;
  }

  return {
    dialect: 'sqlite',
    async query(text, bindings) {
      try {
        const statement = prepare(text);
        if (statement.reader) return statement.all(...bindings) as Record<string, unknown>[];
        statement.run(...bindings);
        return [];
      } catch (error) {
        throw toFault(error);
      }
    },
    close: () => connection.close(),
  };
}

function toStatement(query: Statement | Builder): Statement {
  if (!('toSQL' in query)) return query;
  const native = query.toSQL().toNative();
  return { sql: native.sql.replace(/\$\d+/g, '?'), bindings: native.bindings as readonly Value[] };
}

/**
 * Opens the database of `sqlite:PATH` or `postgres://…`.
 * Reads answer at once; writes belong to a unit of work and are stored when it commits.
 */
export function openDatabase(options: {
  url: string;
  poolMax: number;
  /** Hears of rows that are damaged. */
  onDamage?: (damage: DamagedRow) => void;
}) {
  // One chain of audit rows per process and start: its name is random, so that it is never used again.
  const node = randomSecret(6);
  const path = sqlitePathOf(options.url);
  const engine: Engine =
    path === undefined
      ? createPostgres(options.url, { node, poolMax: options.poolMax })
      : createSqlite(path, createLedger(node));
  const units = createUnits((writes) => engine.commit(writes));
  const fileCounters = path === undefined ? undefined : createFileCounters(`${path}-counters`);
  const counters: Counters = fileCounters ?? {
    dialect: 'postgres',
    query: async (text, bindings) =>
      (await engine.all({ sql: text, bindings: bindings as Value[] })) as Record<string, unknown>[],
  };
  const builder: Knex = knex(
    path === undefined
      ? { client: 'pg' }
      : { client: 'better-sqlite3', useNullAsDefault: true, connection: { filename: ':memory:' } },
  );

  return {
    dialect: engine.dialect,
    node,
    url: options.url,
    counters,

    /** knex for writing SQL of many shapes (lists, filters). Never await what it builds: give it to `find` or `list`. */
    builder,

    /** One row or undefined. Throws StorageFault when the store cannot answer. */
    async find<Row>(query: Statement | Builder): Promise<Row | undefined> {
      return (await engine.one(toStatement(query))) as Row | undefined;
    },

    /** All rows of a query, which must bound itself with LIMIT. */
    async list<Row>(query: Statement | Builder): Promise<Row[]> {
      return (await engine.all(toStatement(query))) as Row[];
    },

    /** Tells the operator of a row that was left out. */
    noteDamage: (damage: DamagedRow): void => options.onDamage?.(damage),

    /** Adds a write to the open unit. `expects`: rows that must change, else Conflict(`conflict`) at the commit. */
    write: units.write,
    /** Adds a row of an append-only chain to the open unit. */
    append: units.append,
    /** Runs in a unit of its own and commits it: throws Conflict or StorageFault. */
    transact: units.transact.bind(units),
    /** Opens a unit that the caller commits, once or not at all. */
    inUnit: units.run.bind(units),
    /** The open unit's overlay of its own writes, if a unit is open. */
    memory: units.findMemory,

    async isHealthy(): Promise<boolean> {
      return engine.one(sql`SELECT 1 AS one`).then(
        () =>
          path === undefined ||
          path === ':memory:' ||
          statSync(path, { throwIfNoEntry: false }) !== undefined,
        () => false,
      );
    },

    async close(): Promise<void> {
      await engine.close();
      fileCounters?.close();
      await builder.destroy();
    },
  };
}

export type Database = ReturnType<typeof openDatabase>;
