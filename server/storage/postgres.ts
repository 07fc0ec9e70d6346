// PostgreSQL through pg: named prepared statements, and writers that commit one unit after the other, each with a chain of its own.
import pg from 'pg';
import { randomBelow, randomSecret } from '../secrets.ts';
import { Conflict, isRetryable, isUniqueViolation, StorageFault, toFault } from './faults.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Statement, toNumbered } from './statement.ts';
import type { Write } from './unit-of-work.ts';

const NAMED_STATEMENTS = 500;
const RETRIES = 3;
const QUEUE = 2000;

type PendingUnit = {
  writes: readonly Write[];
  resolve: () => void;
  reject: (error: unknown) => void;
};

// bigint arrives as text by default; every integer of ours is a safe one.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export function createPostgres(url: string, options: { node: string; poolMax: number }) {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolMax,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 1000,
    statement_timeout: 2000,
    query_timeout: 3000,
    keepAlive: true,
  });
  // A connection that breaks while idle must not end the process; the next query makes a new one.
  pool.on('error', () => undefined);

  const names = new Map<string, string>();
  const queue: PendingUnit[] = [];
  const writerCount = Math.max(1, Math.floor(options.poolMax / 2));
  const writers = Array.from({ length: writerCount }, (_, index) => createLedger(`${options.node}.${index}`));
  const freeWriters = [...writers.keys()];

  function toQuery(statement: Statement): pg.QueryConfig {
    let name = names.get(statement.sql);
    if (name === undefined && names.size < NAMED_STATEMENTS) {
      name = `s${names.size}`;
      names.set(statement.sql, name);
    }
    const query = { text: toNumbered(statement.sql), values: [...statement.bindings] };
    return name === undefined ? query : { ...query, name };
  }

  async function read(statement: Statement): Promise<unknown[]> {
    try {
      return (await pool.query(toQuery(statement))).rows;
    } catch (error) {
      throw toFault(error);
    }
  }

  async function applyWrite(client: pg.PoolClient, ledger: Ledger, write: Write): Promise<void> {
    if (write.kind === 'append') {
      for (const statement of ledger.append(write.build)) await client.query(toQuery(statement));
      return;
    }
    try {
      const { rowCount } = await client.query(toQuery(write.statement));
      if (write.expects !== undefined && rowCount !== write.expects)
        throw new Conflict(write.conflict ?? 'rows');
    } catch (error) {
      throw isUniqueViolation(error) ? new Conflict(write.conflict ?? 'unique', error) : error;
    }
  }

  async function commitOnce(ledger: Ledger, writes: readonly Write[]): Promise<void> {
    const client = await pool.connect();
    const mark = ledger.mark();
    let isBroken = false;
    try {
      await client.query('BEGIN');
      for (const write of writes) await applyWrite(client, ledger, write);
      const { command } = await client.query('COMMIT');
      // COMMIT of a failed transaction answers ROLLBACK instead of an error.
      if (command !== 'COMMIT') throw new StorageFault('the commit was rolled back');
    } catch (error) {
      ledger.reset(mark);
      isBroken = !(await client.query('ROLLBACK').then(
        () => true,
        () => false,
      ));
      throw error;
    } finally {
      client.release(isBroken);
    }
  }

  async function commitUnit(writer: number, writes: readonly Write[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const ledger = writers[writer] as Ledger;
      try {
        return await commitOnce(ledger, writes);
      } catch (error) {
        const fault = toFault(error);
        // Whether a broken connection committed is not known: this chain may have rows we cannot see, so begin another.
        if (fault instanceof StorageFault && !isRetryable(error)) {
          writers[writer] = createLedger(`${options.node}.${writer}.${randomSecret(4)}`);
        }
        if (!isRetryable(error) || attempt > RETRIES) throw fault;
        await new Promise((resolve) => setTimeout(resolve, 5 + randomBelow(40)));
      }
    }
  }

  async function work(writer: number): Promise<void> {
    for (let unit = queue.shift(); unit !== undefined; unit = queue.shift()) {
      await commitUnit(writer, unit.writes).then(unit.resolve, unit.reject);
    }
    freeWriters.push(writer);
  }

  return {
    dialect: 'postgres' as const,

    one: async (statement: Statement): Promise<unknown> => (await read(statement))[0],
    all: read,

    commit(writes: readonly Write[]): Promise<void> {
      if (queue.length >= QUEUE) return Promise.reject(new StorageFault('too many units are waiting'));
      return new Promise((resolve, reject) => {
        queue.push({ writes, resolve, reject });
        const writer = freeWriters.pop();
        if (writer === undefined) return;
        void work(writer);
      });
    },

    async close(): Promise<void> {
      await pool.end();
    },
  };
}
