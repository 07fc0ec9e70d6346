// Browser sessions at rest: one row per session (uid); the cookie's id is stored as SHA-256 and replaced when it rotates.
import { nowSeconds } from '../clock.ts';
import { seal, sha256, unseal } from '../secrets.ts';
import { parseObject, readRow } from './damage.ts';
import type { Database } from './database.ts';
import { endAllAtClients, endAtClients } from './session-clients.ts';
import { type Statement, sql } from './statement.ts';
import { sweepExpired } from './sweep.ts';

const PAYLOAD_VERSION = 1;

export type SessionRecord = {
  accountId: string | undefined;
  amr: readonly string[] | undefined;
  acr: string | undefined;
  authTime: number | undefined;
  expiresAt: number;
  payload: Record<string, unknown>;
  address: string | undefined;
  program: string | undefined;
};

export type ListedSession = {
  uid: string;
  address: string | undefined;
  program: string | undefined;
  createdAt: number;
  lastSeenAt: number;
};

type Row = { payload: Buffer };

// Whoever is not there any more, or is disabled, has none: not even one that was saved while they were being disabled.
const LIVING = `s.ended_at IS NULL AND s.expires_at > ?
  AND (s.account_id IS NULL OR (a.id IS NOT NULL AND a.disabled_at IS NULL AND a.deleted_at IS NULL))
  AND (a.is_admin IS NULL OR a.is_admin = 0 OR (s.last_seen_at > ? AND s.auth_time > ?))`;

export type SessionParts = {
  database: Database;
  key: Buffer;
  /** Administrators have less time than the session was given: judged at each reading (row S11). */
  admin: { idleSeconds: number; absoluteSeconds: number };
};

export function createSessions({ database, key, admin }: SessionParts) {
  /** Sessions that are neither ended nor over; the condition names the tables s and a. */
  function selectLiving(columns: string, condition: Statement): Statement {
    const now = nowSeconds();
    return {
      sql: `SELECT ${columns} FROM sessions s LEFT JOIN accounts a ON a.id = s.account_id WHERE ${condition.sql} AND ${LIVING}`,
      bindings: [...condition.bindings, now, now - admin.idleSeconds, now - admin.absoluteSeconds],
    };
  }

  function open(row: Row | undefined): Record<string, unknown> | undefined {
    if (row === undefined) return undefined;
    return readRow('sessions', row, ({ payload }) => parseObject(unseal(key, payload, 'session')));
  }

  return {
    async find(id: string): Promise<Record<string, unknown> | undefined> {
      return open(await database.find<Row>(selectLiving('s.payload', sql`s.id_hash = ${sha256(id)}`)));
    },

    async findByUid(uid: string): Promise<Record<string, unknown> | undefined> {
      return open(await database.find<Row>(selectLiving('s.payload', sql`s.uid = ${uid}`)));
    },

    /**
     * Saves under its uid and makes `ids.new` the one cookie id that opens it. Where it was ended, or got another id, since
     * it was read under `ids.read`, it stays as it is: a mere save is forgotten, a change of id is Conflict('session').
     */
    save(uid: string, ids: { read: string | undefined; new: string }, record: SessionRecord): void {
      const now = nowSeconds();
      const read = sha256(ids.read ?? ids.new);
      const sealed = seal(key, JSON.stringify(record.payload), 'session');
      database.write(
        sql`INSERT INTO sessions (id_hash, uid, account_id, amr, acr, auth_time, payload, payload_version,
            address, program, created_at, last_seen_at, expires_at)
          VALUES (${sha256(ids.new)}, ${uid}, ${record.accountId ?? null}, ${record.amr?.join(' ') ?? null},
            ${record.acr ?? null}, ${record.authTime ?? null}, ${sealed}, ${PAYLOAD_VERSION},
            ${record.address ?? null}, ${record.program ?? null}, ${now}, ${now}, ${record.expiresAt})
          ON CONFLICT (uid) DO UPDATE SET id_hash = excluded.id_hash, account_id = excluded.account_id,
            amr = excluded.amr, acr = excluded.acr, auth_time = excluded.auth_time, payload = excluded.payload,
            last_seen_at = excluded.last_seen_at, expires_at = excluded.expires_at,
            address = COALESCE(excluded.address, sessions.address), program = COALESCE(excluded.program, sessions.program)
          WHERE sessions.ended_at IS NULL AND sessions.id_hash = ${read}`,
        { conflict: 'session', ...(ids.read === ids.new ? {} : { expects: 1 }) },
      );
    },

    /** Notes that it was seen, at most once a minute. */
    touch(uid: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE sessions SET last_seen_at = ${now} WHERE uid = ${uid} AND last_seen_at < ${now - 60}`,
      );
    },

    /** The signed-in sessions of a person, newest first, at most 100. */
    async listOf(accountId: string): Promise<ListedSession[]> {
      const columns = 's.uid, s.address, s.program, s.created_at, s.last_seen_at';
      const living = selectLiving(columns, sql`s.account_id = ${accountId}`);
      const rows = await database.list<{
        uid: string;
        address: string | null;
        program: string | null;
        created_at: number;
        last_seen_at: number;
      }>({ ...living, sql: `${living.sql} ORDER BY s.last_seen_at DESC LIMIT 100` });
      return rows.map((row) => ({
        uid: row.uid,
        address: row.address ?? undefined,
        program: row.program ?? undefined,
        createdAt: row.created_at,
        lastSeenAt: row.last_seen_at,
      }));
    },

    /** Ends one session of that person, and with it the grants that live as long as it does. Its clients are told. */
    end(accountId: string | undefined, uid: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE sessions SET ended_at = ${now}
          WHERE uid = ${uid} AND ended_at IS NULL AND (account_id = ${accountId ?? null} OR account_id IS NULL)`,
      );
      database.write(
        sql`UPDATE grants SET revoked_at = ${now}, revoked_reason = 'session_ended'
          WHERE session_uid = ${uid} AND account_id = ${accountId ?? null} AND revoked_at IS NULL`,
      );
      if (accountId !== undefined) database.write(endAtClients(accountId, uid));
    },

    /** Ends all sessions of that person but the one named. */
    endAllOf(accountId: string, exceptUid: string | undefined): void {
      const now = nowSeconds();
      const kept = exceptUid ?? '';
      database.write(
        sql`UPDATE sessions SET ended_at = ${now} WHERE account_id = ${accountId} AND uid <> ${kept} AND ended_at IS NULL`,
      );
      database.write(
        sql`UPDATE grants SET revoked_at = ${now}, revoked_reason = 'session_ended'
          WHERE account_id = ${accountId} AND session_uid IS NOT NULL AND session_uid <> ${kept} AND revoked_at IS NULL`,
      );
      database.write(endAllAtClients(accountId, kept));
    },

    /** Forgets from where they signed in. Ended ones stay as tombstones, so that no late save brings them back. */
    erasePersonal(accountId: string): void {
      database.write(sql`UPDATE sessions SET address = NULL, program = NULL WHERE account_id = ${accountId}`);
    },

    sweep: sweepExpired(database, 'sessions', ['uid']),
  };
}

export type Sessions = ReturnType<typeof createSessions>;
