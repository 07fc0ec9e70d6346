// Keys of service accounts that end, and what was told of that. Atomic: of any number of nodes one records a warning.
import type { Database } from '../storage/database.ts';
import { sql } from '../storage/statement.ts';
import { sweepExpired } from '../storage/sweep.ts';

export type EndingRow = { id: string; team_id: string | null; registration: string };

/** Which end of which key. */
export type KeyEnd = { readonly id: string; readonly name: string; readonly expiresAt: number };

/** The label of a warning that another node gave. */
export const WARNED = 'warned_key';

export function createWarnedKeyStore(database: Database) {
  return {
    /** Accounts that work and have a key with an end, by id, after the cursor. */
    listEnding: (page: { after: string; limit: number }) =>
      database.list<EndingRow>(
        sql`SELECT s.client_id AS id, s.team_id, c.registration FROM service_accounts s
          JOIN clients c ON c.id = s.client_id
          WHERE s.client_id > ${page.after} AND c.blocked_at IS NULL AND c.registration LIKE ${'%"exp":%'}
          ORDER BY s.client_id LIMIT ${page.limit}`,
      ),

    async isWarned({ id, name, expiresAt }: KeyEnd, days: number): Promise<boolean> {
      const row = await database.find<{ warned_days: number }>(
        sql`SELECT warned_days FROM warned_keys
          WHERE client_id = ${id} AND key_name = ${name} AND expires_at = ${expiresAt}`,
      );
      return row !== undefined && row.warned_days <= days;
    },

    /** In the open unit; Conflict(WARNED) where another node was faster. */
    noteWarning({ id, name, expiresAt }: KeyEnd, days: number): void {
      database.write(
        sql`INSERT INTO warned_keys (client_id, key_name, expires_at, warned_days)
          VALUES (${id}, ${name}, ${expiresAt}, ${days})
          ON CONFLICT (client_id, key_name, expires_at) DO UPDATE SET warned_days = excluded.warned_days
            WHERE warned_keys.warned_days > excluded.warned_days`,
        { expects: 1, conflict: WARNED },
      );
    },

    sweep: sweepExpired(database, 'warned_keys', ['client_id', 'key_name', 'expires_at']),
  };
}
