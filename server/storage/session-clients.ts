// Which clients a session was used at, and which of them are still to be told that it ended. The end itself makes a row due
// (sessions.ts), so no way of ending a session can forget it. Atomic: taking a row is a compare-and-set, as in outbox.ts.
import { nowSeconds } from '../clock.ts';
import type { Database } from './database.ts';
import { type Statement, sql } from './statement.ts';

export type SessionClient = {
  /** The name of the session at this client, and in its ID tokens. */
  readonly sid: string;
  readonly sessionUid: string;
  readonly clientId: string;
  readonly accountId: string;
};

export type LogoutNotice = SessionClient & {
  /** How often it was taken before. */
  readonly attempts: number;
};

type Row = { sid: string; session_uid: string; client_id: string; account_id: string; attempts: number };

/** One session of that person is over. */
export function endAtClients(accountId: string, sessionUid: string): Statement {
  return sql`UPDATE session_clients SET due_at = ${nowSeconds()}
    WHERE session_uid = ${sessionUid} AND account_id = ${accountId} AND due_at IS NULL`;
}

/** All sessions of that person are over but the one named. */
export function endAllAtClients(accountId: string, keptUid: string): Statement {
  return sql`UPDATE session_clients SET due_at = ${nowSeconds()}
    WHERE account_id = ${accountId} AND session_uid <> ${keptUid} AND due_at IS NULL`;
}

export function createSessionClients(database: Database) {
  return {
    /** In the open unit. `expiresAt`: when the session is over in any case, and nobody has to be told. */
    register({ sid, sessionUid, clientId, accountId }: SessionClient, expiresAt: number): void {
      // Waits for an end of the session that is being committed, which would not see this row yet; it is due at once then.
      database.write(sql`UPDATE sessions SET last_seen_at = last_seen_at WHERE uid = ${sessionUid}`);
      database.write(
        sql`INSERT INTO session_clients (sid, session_uid, client_id, account_id, created_at, expires_at, due_at)
          VALUES (${sid}, ${sessionUid}, ${clientId}, ${accountId}, ${nowSeconds()}, ${expiresAt},
            (SELECT ended_at FROM sessions WHERE uid = ${sessionUid})) ON CONFLICT (sid) DO NOTHING`,
      );
    },

    /** The session goes on, but not at this client. */
    endAt(sessionUid: string, clientId: string): void {
      database.write(
        sql`UPDATE session_clients SET due_at = ${nowSeconds()}
          WHERE session_uid = ${sessionUid} AND client_id = ${clientId} AND due_at IS NULL`,
      );
    },

    /** Who is to be told now, the longest waiting first. */
    async listDue(limit: number): Promise<LogoutNotice[]> {
      const rows = await database.list<Row>(
        sql`SELECT sid, session_uid, client_id, account_id, attempts FROM session_clients
          WHERE due_at IS NOT NULL AND done_at IS NULL AND due_at <= ${nowSeconds()} ORDER BY due_at, sid LIMIT ${limit}`,
      );
      return rows.map((row) => ({
        sid: row.sid,
        sessionUid: row.session_uid,
        clientId: row.client_id,
        accountId: row.account_id,
        attempts: row.attempts,
      }));
    },

    /** Takes one until `dueAt`, when it is due again unless it was finished. Conflict where another was faster. */
    take({ sid, attempts }: LogoutNotice, dueAt: number): void {
      database.write(
        sql`UPDATE session_clients SET attempts = attempts + 1, due_at = ${dueAt}
          WHERE sid = ${sid} AND attempts = ${attempts} AND done_at IS NULL`,
        { expects: 1, conflict: 'logout notice' },
      );
    },

    /** Told, or given up. */
    finish({ sid }: LogoutNotice): void {
      database.write(sql`UPDATE session_clients SET done_at = ${nowSeconds()} WHERE sid = ${sid}`);
    },

    async sweep(beforeAt: number, limit: number): Promise<number> {
      const rows = await database.list<{ sid: string }>(
        sql`SELECT sid FROM session_clients
          WHERE expires_at < ${beforeAt} AND (due_at IS NULL OR done_at IS NOT NULL) LIMIT ${limit}`,
      );
      await database.transact(() => {
        for (const { sid } of rows)
          database.write(
            sql`DELETE FROM session_clients WHERE sid = ${sid} AND (due_at IS NULL OR done_at IS NOT NULL)`,
          );
      });
      return rows.length;
    },
  };
}

export type SessionClients = ReturnType<typeof createSessionClients>;
