// Removes what is spent, in small batches and short transactions, so that nobody waits for it.
import { nowSeconds } from '../clock.ts';
import type { Database } from './database.ts';
import { createRepeating } from './repeating.ts';
import type { Value } from './statement.ts';

const BATCH = 100;
const PAUSE_MILLISECONDS = 20;
const EVERY_MILLISECONDS = 60_000;

type Sweepable = { sweep(beforeAt: number, limit: number): Promise<number> };

/** Rows are kept as tombstones for `keepSeconds` after they expired, so that a late replay is still known as one. */
export function createSweep(options: {
  tables: readonly Sweepable[];
  keepSeconds: number;
  onFault: (error: unknown) => void;
}) {
  async function sweepTable(table: Sweepable): Promise<number> {
    const beforeAt = nowSeconds() - options.keepSeconds;
    let total = 0;
    while (!isStopped()) {
      const count = await table.sweep(beforeAt, BATCH);
      total += count;
      if (count < BATCH) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
    return total;
  }

  async function runOnce(): Promise<number> {
    let total = 0;
    for (const table of options.tables) total += await sweepTable(table);
    return total;
  }

  const { start, stop, isStopped } = createRepeating({
    everyMilliseconds: EVERY_MILLISECONDS,
    run: runOnce,
    onFault: options.onFault,
  });
  return { runOnce, start, stop };
}

/**
 * The sweep of a table whose rows end at `expires_at`; `keys` are the columns of its primary key. Each row is looked at
 * again when it is deleted: one that got a new life in between stays.
 */
export function sweepExpired(database: Database, table: string, keys: readonly string[]) {
  const named = keys.map((key) => `${key} = ?`).join(' AND ');
  return async function sweep(beforeAt: number, limit: number): Promise<number> {
    const rows = await database.list<Record<string, Value>>({
      sql: `SELECT ${keys.join(', ')} FROM ${table} WHERE expires_at < ? LIMIT ?`,
      bindings: [beforeAt, limit],
    });
    await database.transact(() => {
      for (const row of rows)
        database.write({
          sql: `DELETE FROM ${table} WHERE ${named} AND expires_at < ?`,
          bindings: [...keys.map((key) => row[key] ?? null), beforeAt],
        });
    });
    return rows.length;
  };
}
