// Device codes at rest (RFC 8628). Atomic: a registration counts who waits, a decision and a redemption are one compare-and-set each; polling touches its own columns.
import { nowSeconds } from '../clock.ts';
import { hmacSha256, seal, sha256, unseal } from '../secrets.ts';
import { checkWhole, parseObject, parseTexts, readRow } from './damage.ts';
import type { Database } from './database.ts';
import { ID_TAKEN } from './faults.ts';
import { insert, type Statement, sql } from './statement.ts';
import { sweepExpired } from './sweep.ts';

const PAYLOAD_VERSION = 1;

/** The label of a registration that found no place left. */
export const NO_PLACE = 'device_code_place';

// PostgreSQL, where writers run side by side: codes are registered one after the other. A number of our own choice.
const PLACES_LOCK = 8628;

const states = ['pending', 'approved', 'denied', 'killed'] as const;

export type DeviceState = (typeof states)[number];

export type DeviceCodeRecord = {
  clientId: string;
  userCode: string;
  payload: Record<string, unknown>;
  address: string | undefined;
  /** The network of the address, as limits count it. */
  network: string;
  program: string | undefined;
  intervalSeconds: number;
  expiresAt: number;
};

/** Codes that wait for a decision at once: of everybody, and of one network. */
export type Pending = { readonly all: number; readonly network: number };

export type StoredDeviceCode = {
  /** The row's key, as it may be shown to the page that asked for it. */
  readonly idHash: Buffer;
  readonly clientId: string;
  readonly state: DeviceState;
  readonly accountId: string | undefined;
  readonly grantId: number | undefined;
  readonly payload: Record<string, unknown>;
  /** What the approval adds to the payload: scope, amr, auth_time. */
  readonly approval: Record<string, unknown>;
  readonly address: string | undefined;
  readonly program: string | undefined;
  /** Accounts that have entered this user code. */
  readonly triedBy: readonly string[];
  readonly intervalSeconds: number;
  readonly polledAtMilliseconds: number | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly consumedAt: number | undefined;
  /** The refresh token that its redemption issued was used. */
  readonly isSuccessorUsed: boolean;
};

type Row = {
  id_hash: Buffer;
  client_id: string;
  state: DeviceState;
  account_id: string | null;
  grant_id: number | null;
  payload: Buffer;
  approval: Buffer | null;
  address: string | null;
  program: string | null;
  tried_by: string;
  interval_seconds: number;
  polled_at_milliseconds: number | null;
  created_at: number;
  expires_at: number;
  consumed_at: number | null;
  successor_used_at: number | null;
};

const SELECT = `SELECT d.id_hash, d.client_id, d.state, d.account_id, d.grant_id, d.payload, d.approval, d.address, d.program,
  d.tried_by, d.interval_seconds, d.polled_at_milliseconds, d.created_at, d.expires_at, d.consumed_at,
  s.consumed_at AS successor_used_at
  FROM device_codes d
  LEFT JOIN refresh_tokens s ON s.family = d.grant_id AND s.grant_id = d.grant_id AND s.generation = 0`;

function selectPending(network: string): Statement {
  return sql`SELECT COUNT(*) AS everybody, COUNT(CASE WHEN network = ${network} THEN 1 END) AS network
    FROM device_codes WHERE expires_at > ${nowSeconds()} AND state = 'pending'`;
}

/** `key` seals the payloads, `userCodeKey` keys the hashes of user codes. */
export function createDeviceCodes(options: { database: Database; key: Buffer; userCodeKey: Buffer }) {
  const { database, key, userCodeKey } = options;

  function open(sealed: Buffer | null): Record<string, unknown> {
    return sealed === null ? {} : parseObject(unseal(key, sealed, 'device code'));
  }

  async function findWhere(condition: Statement): Promise<StoredDeviceCode | undefined> {
    const row = await database.find<Row>({
      sql: `${SELECT} ${condition.sql} LIMIT 1`,
      bindings: condition.bindings,
    });
    return row === undefined ? undefined : readRow('device_codes', row, fromRow);
  }

  function fromRow(row: Row): StoredDeviceCode {
    if (!states.includes(row.state)) throw new Error('no state of ours');
    checkWhole(row.grant_id, row.interval_seconds, row.polled_at_milliseconds, row.created_at);
    checkWhole(row.expires_at, row.consumed_at);
    return {
      idHash: row.id_hash,
      clientId: row.client_id,
      state: row.state,
      accountId: row.account_id ?? undefined,
      grantId: row.grant_id ?? undefined,
      payload: open(row.payload),
      approval: open(row.approval),
      address: row.address ?? undefined,
      program: row.program ?? undefined,
      triedBy: parseTexts(row.tried_by),
      intervalSeconds: row.interval_seconds,
      polledAtMilliseconds: row.polled_at_milliseconds ?? undefined,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      consumedAt: row.consumed_at ?? undefined,
      isSuccessorUsed: row.successor_used_at !== null,
    };
  }

  function hashUserCode(normalized: string): Buffer {
    return hmacSha256(userCodeKey, normalized);
  }

  return {
    find: (deviceCode: string) => findWhere(sql`WHERE d.id_hash = ${sha256(deviceCode)}`),
    findByHash: (idHash: Buffer) => findWhere(sql`WHERE d.id_hash = ${idHash}`),
    findByUserCode: (normalized: string) =>
      findWhere(sql`WHERE d.user_code_hash = ${hashUserCode(normalized)}`),

    /**
     * Conflict(NO_PLACE) where as many wait as may, counted at the commit. A user code that is taken at the same moment
     * is a passing fault: the same request will get another one.
     */
    register(deviceCode: string, record: DeviceCodeRecord, most: Pending): void {
      const row = {
        id_hash: sha256(deviceCode),
        user_code_hash: hashUserCode(record.userCode),
        client_id: record.clientId,
        state: 'pending',
        payload: seal(key, JSON.stringify(record.payload), 'device code'),
        payload_version: PAYLOAD_VERSION,
        address: record.address ?? null,
        network: record.network,
        program: record.program ?? null,
        tried_by: '[]',
        interval_seconds: record.intervalSeconds,
        created_at: nowSeconds(),
        expires_at: record.expiresAt,
      };
      if (database.dialect === 'postgres') database.write(sql`SELECT pg_advisory_xact_lock(${PLACES_LOCK})`);
      database.write(insert('device_codes', row), { conflict: ID_TAKEN });
      // The row counts itself, and is rolled back where it is one too many.
      const pending = selectPending(record.network);
      const place = {
        sql: `UPDATE device_codes SET network = network WHERE id_hash = ? AND EXISTS (
          SELECT 1 FROM (${pending.sql}) AS waiting WHERE waiting.everybody <= ? AND waiting.network <= ?)`,
        bindings: [row.id_hash, ...pending.bindings, most.all, most.network],
      };
      database.write(place, { expects: 1, conflict: NO_PLACE });
    },

    /** Live codes that wait for a decision, of everybody and of this network. */
    async countPending(network = ''): Promise<Pending> {
      const row = await database.find<{ everybody: number; network: number }>(selectPending(network));
      return { all: Number(row?.everybody ?? 0), network: Number(row?.network ?? 0) };
    },

    /** Polls at the same moment may arrive here in any order: the pace only ever slows. */
    notePoll(deviceCode: string, atMilliseconds: number, intervalSeconds: number): void {
      database.write(
        sql`UPDATE device_codes SET polled_at_milliseconds = ${atMilliseconds},
            interval_seconds = CASE WHEN interval_seconds < ${intervalSeconds} THEN ${intervalSeconds} ELSE interval_seconds END
          WHERE id_hash = ${sha256(deviceCode)}`,
      );
    },

    /** Notes who entered the user code, if nobody else did in between, else Conflict('device_code'). */
    noteTry(idHash: Buffer, before: readonly string[], after: readonly string[]): void {
      database.write(
        sql`UPDATE device_codes SET tried_by = ${JSON.stringify(after)}
          WHERE id_hash = ${idHash} AND tried_by = ${JSON.stringify(before)}`,
        { expects: 1, conflict: 'device_code' },
      );
    },

    /** pending becomes approved, denied or killed, once and before it expires; who comes second has Conflict('device_code'). */
    decide(
      idHash: Buffer,
      decision: {
        state: Exclude<DeviceState, 'pending'>;
        accountId?: string;
        grantId?: number;
        approval?: Record<string, unknown>;
      },
    ): void {
      const now = nowSeconds();
      const approval =
        decision.approval === undefined ? null : seal(key, JSON.stringify(decision.approval), 'device code');
      database.write(
        sql`UPDATE device_codes SET state = ${decision.state}, account_id = ${decision.accountId ?? null},
            grant_id = ${decision.grantId ?? null}, approval = ${approval}, decided_at = ${now}
          WHERE id_hash = ${idHash} AND state = 'pending' AND expires_at > ${now}`,
        { expects: 1, conflict: 'device_code' },
      );
    },

    /** Consumes it, or agrees with whoever did since `sinceAt` while the refresh token of it is unused; else Conflict('DeviceCode'). */
    consume(deviceCode: string, at: number, sinceAt: number): void {
      const idHash = sha256(deviceCode);
      database.write(
        sql`UPDATE device_codes SET consumed_at = COALESCE(consumed_at, ${at})
          WHERE id_hash = ${idHash} AND state <> 'pending'
            AND (consumed_at IS NULL OR (state = 'approved' AND consumed_at > ${sinceAt} AND NOT EXISTS (
              SELECT 1 FROM refresh_tokens s WHERE s.family = device_codes.grant_id AND s.grant_id = device_codes.grant_id
                AND s.generation = 0 AND s.consumed_at IS NOT NULL)))`,
        { expects: 1, conflict: 'DeviceCode' },
      );
    },

    /** Ends the waiting codes of a client that was blocked. */
    killOf(clientId: string): void {
      database.write(
        sql`UPDATE device_codes SET state = 'killed', decided_at = ${nowSeconds()} WHERE client_id = ${clientId} AND state = 'pending'`,
      );
    },

    sweep: sweepExpired(database, 'device_codes', ['id_hash']),
  };
}

export type DeviceCodes = ReturnType<typeof createDeviceCodes>;
