// Reveals that nobody came for. A deletion of what is gone already is none.
import { nowSeconds } from '../clock.ts';
import { sha256 } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { sql } from '../storage/statement.ts';

export const REVEAL = 'KeyReveal';

export function createRevealStore(database: Database) {
  return {
    forget(ticket: string): void {
      database.write(sql`DELETE FROM artifacts WHERE model = ${REVEAL} AND id_hash = ${sha256(ticket)}`);
    },

    /** What a process left behind that ended before its time. */
    forgetEnded(): void {
      database.write(sql`DELETE FROM artifacts WHERE model = ${REVEAL} AND expires_at <= ${nowSeconds()}`);
    },
  };
}
