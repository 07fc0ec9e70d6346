// Ids that may be used once (jti of assertions). Atomic by the primary key: the second insert is a Conflict.
import { sha256 } from '../secrets.ts';
import type { Database } from './database.ts';
import { insert, sql } from './statement.ts';
import { sweepExpired } from './sweep.ts';

export function createReplays(database: Database) {
  return {
    async isUsed(id: string): Promise<boolean> {
      return (
        (await database.find(sql`SELECT 1 AS one FROM replays WHERE id_hash = ${sha256(id)}`)) !== undefined
      );
    },

    /** `label` is what the conflict is called where somebody else was first. */
    register(id: string, expiresAt: number, label = 'replay'): void {
      database.write(insert('replays', { id_hash: sha256(id), expires_at: expiresAt }), { conflict: label });
    },

    sweep: sweepExpired(database, 'replays', ['id_hash']),
  };
}

export type Replays = ReturnType<typeof createReplays>;
