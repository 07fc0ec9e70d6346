// What is still to be sent to others: written in the unit of the act, sent later by whichever process comes first, and kept
// until it was. Atomic: taking an entry is a compare-and-set that also sets when it is tried again, so a sender may die.
import { nowSeconds } from '../clock.ts';
import { seal, unseal } from '../secrets.ts';
import { checkWhole, parseObject, readRow, readRows } from './damage.ts';
import type { Database } from './database.ts';
import { ID_TAKEN } from './faults.ts';
import { nextId } from './ids.ts';
import { insert, sql } from './statement.ts';

export type OutboxEntry = {
  readonly id: number;
  readonly createdAt: number;
  /** How often it was taken before. */
  readonly attempts: number;
  readonly payload: Record<string, unknown>;
};

type Row = { id: number; payload: string; created_at: number; attempts: number };

/** `key` seals the payloads: links that open a door are among them. */
export function createOutbox({ database, key }: { database: Database; key: Buffer }) {
  function purposeOf(kind: string): string {
    return `outbox ${kind}`;
  }

  function open(kind: string, row: Row): OutboxEntry {
    checkWhole(row.created_at, row.attempts);
    const payload = parseObject(unseal(key, Buffer.from(row.payload, 'base64'), purposeOf(kind)));
    return { id: row.id, createdAt: row.created_at, attempts: row.attempts, payload };
  }

  /** Nobody can send what nobody can read: it must not stand before the others for ever. */
  async function setAside(rows: readonly Row[], readable: readonly OutboxEntry[]): Promise<void> {
    const kept = new Set(readable.map(({ id }) => id));
    const now = nowSeconds();
    await database.transact(() => {
      for (const { id } of rows)
        if (!kept.has(id))
          database.write(sql`UPDATE outbox SET done_at = ${now}, due_at = ${now} WHERE id = ${id}`);
    });
  }

  return {
    /** Adds an entry, in the open unit. */
    register(kind: string, payload: Record<string, unknown>): void {
      const now = nowSeconds();
      const sealed = seal(key, JSON.stringify(payload), purposeOf(kind)).toString('base64');
      const row = { id: nextId(), kind, payload: sealed, created_at: now, due_at: now, attempts: 0 };
      database.write(insert('outbox', row), { conflict: ID_TAKEN });
    },

    /** What is due, the oldest first. */
    async listDue(kind: string, limit: number): Promise<OutboxEntry[]> {
      const rows = await database.list<Row>(
        sql`SELECT id, payload, created_at, attempts FROM outbox
          WHERE kind = ${kind} AND done_at IS NULL AND due_at <= ${nowSeconds()} ORDER BY due_at, id LIMIT ${limit}`,
      );
      const entries = readRows(
        rows,
        (row) => readRow('outbox', row, (one) => open(kind, one)),
        database.noteDamage,
      );
      if (entries.length < rows.length) await setAside(rows, entries);
      return entries;
    },

    /** Takes an entry until `dueAt`, when it is due again unless it was finished. Conflict('outbox') where another was faster. */
    take(entry: OutboxEntry, dueAt: number): void {
      database.write(
        sql`UPDATE outbox SET attempts = attempts + 1, due_at = ${dueAt}
          WHERE id = ${entry.id} AND attempts = ${entry.attempts} AND done_at IS NULL`,
        { expects: 1, conflict: 'outbox' },
      );
    },

    /** Sent, or given up: nothing of what it said is kept. */
    finish({ id }: OutboxEntry): void {
      const now = nowSeconds();
      database.write(sql`UPDATE outbox SET done_at = ${now}, due_at = ${now}, payload = '' WHERE id = ${id}`);
    },

    async sweep(beforeAt: number, limit: number): Promise<number> {
      const rows = await database.list<{ id: number }>(
        sql`SELECT id FROM outbox WHERE due_at < ${beforeAt} AND done_at < ${beforeAt} LIMIT ${limit}`,
      );
      await database.transact(() => {
        for (const row of rows) database.write(sql`DELETE FROM outbox WHERE id = ${row.id}`);
      });
      return rows.length;
    },
  };
}

export type Outbox = ReturnType<typeof createOutbox>;
