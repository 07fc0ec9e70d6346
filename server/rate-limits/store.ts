// The counters. `take` is one statement, so of any number of parallel takes, on any number of nodes, exactly `max` succeed.
import { nowSeconds } from '../clock.ts';
import type { Counters } from '../storage/database.ts';
import { type Statement, sql, toNumbered } from '../storage/statement.ts';
import type { Limit } from './limits.ts';

// Counters may be lost with the machine: they live apart from what must last (SQLite: another file without fsync).
const SQLITE_TABLE = [
  `CREATE TABLE IF NOT EXISTS rate_limits (
    key_hash BLOB NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL,
    window_ends_at INTEGER NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS rate_limits_window_ends_at ON rate_limits (window_ends_at)',
] as const;

type Count = { readonly count: number; readonly windowEndsAt: number };
type Window = Pick<Limit, 'windowSeconds'>;
type Bound = Pick<Limit, 'max' | 'windowSeconds'>;

/**
 * When a window that still runs may end. One that ends later than two windows from now was begun before the clock was
 * set back, and must not lock anybody out until the clock is there again; two, since the clocks of nodes differ.
 */
function runningWindow({ windowSeconds }: Window): { first: number; last: number } {
  const now = nowSeconds();
  return { first: now + 1, last: now + 2 * windowSeconds };
}

function toCount(row: Record<string, unknown> | undefined): Count | undefined {
  return row && { count: Number(row.count), windowEndsAt: Number(row.window_ends_at) };
}

export function createRateLimitStore(counters: Counters) {
  function query(statement: Statement): Promise<Record<string, unknown>[]> {
    const text = counters.dialect === 'postgres' ? toNumbered(statement.sql) : statement.sql;
    return counters.query(text, [...statement.bindings]);
  }

  return {
    /** SQLite only; on PostgreSQL a migration makes the table. */
    async ensureTable(): Promise<void> {
      if (counters.dialect !== 'sqlite') return;
      for (const text of SQLITE_TABLE) await counters.query(text, []);
    },

    /** Atomic (one upsert). Counts one more and answers the count, or counts nothing and answers undefined when it is full. */
    async take(keyHash: Buffer, { max, windowSeconds }: Bound): Promise<Count | undefined> {
      const { first, last } = runningWindow({ windowSeconds });
      const [row] = await query(sql`
        INSERT INTO rate_limits (key_hash, count, window_ends_at) VALUES (${keyHash}, 1, ${nowSeconds() + windowSeconds})
        ON CONFLICT (key_hash) DO UPDATE SET
          count = CASE WHEN rate_limits.window_ends_at BETWEEN ${first} AND ${last}
            THEN rate_limits.count + 1 ELSE 1 END,
          window_ends_at = CASE WHEN rate_limits.window_ends_at BETWEEN ${first} AND ${last}
            THEN rate_limits.window_ends_at ELSE excluded.window_ends_at END
        WHERE rate_limits.count < ${max} OR rate_limits.window_ends_at NOT BETWEEN ${first} AND ${last}
        RETURNING count, window_ends_at`);
      return toCount(row);
    },

    /** The count of the running window, if there is one. */
    async find(keyHash: Buffer, window: Window): Promise<Count | undefined> {
      const { first, last } = runningWindow(window);
      const [row] = await query(sql`
        SELECT count, window_ends_at FROM rate_limits
        WHERE key_hash = ${keyHash} AND window_ends_at BETWEEN ${first} AND ${last}`);
      return toCount(row);
    },

    /** Atomic (one update). Gives one back, never below none; answers whether there was one. */
    async refund(keyHash: Buffer, window: Window): Promise<boolean> {
      const { first, last } = runningWindow(window);
      const rows = await query(sql`
        UPDATE rate_limits SET count = count - 1
        WHERE key_hash = ${keyHash} AND count > 0 AND window_ends_at BETWEEN ${first} AND ${last}
        RETURNING count`);
      return rows.length > 0;
    },

    /** Removes windows that are over, at most `batchSize`; answers how many. */
    async sweep(batchSize: number): Promise<number> {
      const rows = await query(sql`
        DELETE FROM rate_limits WHERE key_hash IN (
          SELECT key_hash FROM rate_limits WHERE window_ends_at <= ${nowSeconds()} LIMIT ${batchSize})
          AND window_ends_at <= ${nowSeconds()}
        RETURNING count`);
      return rows.length;
    },
  };
}

export type RateLimitStore = ReturnType<typeof createRateLimitStore>;
