// Answers that may be asked for again, at rest. Atomic: a key is taken once until it is over (primary key).
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { sql } from '../storage/statement.ts';
import { sweepExpired } from '../storage/sweep.ts';

/** The label of the write of whoever came second with a key. */
const KEY_TAKEN = 'idempotency_key';

export function createAnswerStore(database: Database) {
  const sweepOver = sweepExpired(database, 'idempotent_answers', ['key_hash']);

  return {
    async find(keyHash: Buffer): Promise<Buffer | undefined> {
      const row = await database.find<{ sealed: Buffer }>(
        sql`SELECT sealed FROM idempotent_answers WHERE key_hash = ${keyHash} AND expires_at > ${nowSeconds()}`,
      );
      return row?.sealed;
    },

    /** In the open unit; one that is over gives way. Conflict(KEY_TAKEN) where the key is taken. */
    register(keyHash: Buffer, sealed: Buffer, expiresAt: number): void {
      database.write(
        sql`INSERT INTO idempotent_answers (key_hash, sealed, expires_at) VALUES (${keyHash}, ${sealed}, ${expiresAt})
          ON CONFLICT (key_hash) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at
          WHERE idempotent_answers.expires_at <= ${nowSeconds()}`,
        { expects: 1, conflict: KEY_TAKEN },
      );
    },

    /** Removes what is over at once, whatever else is kept for longer: secrets are in it. */
    sweep: (_beforeAt: number, limit: number) => sweepOver(nowSeconds() + 1, limit),
  };
}
