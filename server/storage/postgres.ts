// PostgreSQL through pg: named prepared statements, and writers that commit one unit after the other, each with a chain of its own.
import pg from 'pg';
import { nowMilliseconds } from '../clock.ts';
import { randomBelow, randomSecret } from '../secrets.ts';
import { Conflict, isRetryable, isUniqueViolation, StorageFault, toAppendFault, toFault } from './faults.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { type Statement, toNumbered, type Value } from './statement.ts';
import type { Write } from './unit-of-work.ts';

const NAMED_STATEMENTS = 500;
const RETRIES = 3;
const QUEUE = 2000;
// A unit that waited this long for a writer is told no: its request has given up or will try again.
const COMMIT_PATIENCE_MILLISECONDS = 4000;
// Where no writer has committed anything for so long, nobody waits behind them (row F11).
const STANDSTILL_MILLISECONDS = 2000;

type PendingUnit = {
  writes: readonly Write[];
  since: number;
  resolve: () => void;
  reject: (error: unknown) => void;
};

// bigint arrives as text by default; every integer of ours is a safe one.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

function ignore(): void {}

/** PostgreSQL's text holds no NUL. What was sent with one equals nothing that is stored, and is no error for that. */
function toValue(value: Value): Value {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}

/** After such an error the connection is not used again, and whether its COMMIT came through is not known. */
function isFatal(error: unknown): boolean {
  return toFault(error) instanceof StorageFault && !isRetryable(error);
}

/** Answers whether the connection took it. */
function tryToRollBack(client: pg.PoolClient): Promise<boolean> {
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  );
}

export function createPostgres(url: string, options: { node: string; poolMax: number }) {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolMax,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 1000,
    statement_timeout: 2000,
    query_timeout: 3000,
    idle_in_transaction_session_timeout: 5000,
    keepAlive: true,
  });
  // A connection that breaks while idle must not end the process; the next query makes a new one.
  pool.on('error', ignore);
  // The pool listens to idle connections only: one that breaks in use, or while it is being closed, must not either.
  pool.on('connect', (client) => client.on('error', ignore));

  const names = new Map<string, string>();
  const queue: PendingUnit[] = [];
  const working = new Set<Promise<void>>();
  const writerCount = Math.max(1, Math.floor(options.poolMax / 2));
  const writers = Array.from({ length: writerCount }, (_, index) => createLedger(`${options.node}.${index}`));
  const freeWriters = [...writers.keys()];

  function toQuery(statement: Statement): pg.QueryConfig {
    let name = names.get(statement.sql);
    if (name === undefined && names.size < NAMED_STATEMENTS) {
      name = `s${names.size}`;
      names.set(statement.sql, name);
    }
    const query = { text: toNumbered(statement.sql), values: statement.bindings.map(toValue) };
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
      const statements = ledger.append(write.build);
      try {
        for (const statement of statements) await client.query(toQuery(statement));
      } catch (error) {
        throw toAppendFault(error);
      }
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
      isBroken = isFatal(error) || !(await tryToRollBack(client));
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
        // Whether a broken connection committed is not known: this chain may have rows we cannot see, so begin another.
        if (isFatal(error)) writers[writer] = createLedger(`${options.node}.${writer}.${randomSecret(4)}`);
        if (!isRetryable(error) || attempt > RETRIES) throw toFault(error);
        await new Promise((resolve) => setTimeout(resolve, 5 + randomBelow(40)));
      }
    }
  }

  let standstill: NodeJS.Timeout | undefined;

  function watchWriters(): void {
    standstill ??= setTimeout(() => {
      standstill = undefined;
      for (const unit of queue.splice(0)) unit.reject(new StorageFault('the writers stand still'));
    }, STANDSTILL_MILLISECONDS);
  }

  function noteProgress(): void {
    if (queue.length > 0) standstill?.refresh();
    else stopWatching();
  }

  function stopWatching(): void {
    clearTimeout(standstill);
    standstill = undefined;
  }

  async function work(writer: number): Promise<void> {
    for (let unit = queue.shift(); unit !== undefined; unit = queue.shift()) {
      const isLate = unit.since < nowMilliseconds() - COMMIT_PATIENCE_MILLISECONDS;
      if (isLate) unit.reject(new StorageFault('the unit waited too long'));
      else await commitUnit(writer, unit.writes).then(noteProgress).then(unit.resolve, unit.reject);
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
        queue.push({ writes, since: nowMilliseconds(), resolve, reject });
        const writer = freeWriters.pop();
        if (writer === undefined) return watchWriters();
        const done = work(writer).finally(() => working.delete(done));
        working.add(done);
      });
    },

    async close(): Promise<void> {
      stopWatching();
      for (const unit of queue.splice(0)) unit.reject(new StorageFault('the database was closed'));
      await Promise.all(working);
      await pool.end();
    },
  };
}
