// Access and refresh tokens at rest. Atomic: consuming a refresh token is one compare-and-set; a row is inserted once or not at all.
import { checkTexts, checkWhole, parseObject, readRow } from './damage.ts';
import type { Database } from './database.ts';
import { firstIdAt } from './ids.ts';
import { insert, orIgnore, sql, type Value } from './statement.ts';
import type { AccessTokenKey, RefreshTokenKey } from './token-format.ts';

const PAYLOAD_VERSION = 1;

type Common = {
  grantId: number | undefined;
  accountId: string | undefined;
  /** On behalf of which team it acts, if of any. */
  teamId?: string | undefined;
  clientId: string;
  scope: string;
  issuedAt: number;
  expiresAt: number;
  payload: Record<string, unknown>;
};

export type AccessTokenRecord = Common & { kind: string; audience: string | undefined; tokenType: string };
export type RefreshTokenRecord = Common;

export type StoredAccessToken = AccessTokenRecord & { revokedAt: number | undefined };
export type StoredRefreshToken = RefreshTokenRecord & {
  consumedAt: number | undefined;
  revokedAt: number | undefined;
  isSuccessorUsed: boolean;
};

type CommonRow = {
  grant_id: number | null;
  account_id: string | null;
  client_id: string;
  scope: string;
  issued_at: number;
  expires_at: number;
  revoked_at: number | null;
  payload: string;
};
type AccessTokenRow = CommonRow & { kind: string; audience: string | null; token_type: string };
type RefreshTokenRow = CommonRow & { consumed_at: number | null; successor_used_at: number | null };

function toRow(record: Common): Record<string, Value> {
  return {
    grant_id: record.grantId ?? null,
    account_id: record.accountId ?? null,
    team_id: record.teamId ?? null,
    client_id: record.clientId,
    scope: record.scope,
    issued_at: record.issuedAt,
    expires_at: record.expiresAt,
    payload: JSON.stringify(record.payload),
    payload_version: PAYLOAD_VERSION,
  };
}

function fromRow(row: CommonRow) {
  checkWhole(row.grant_id, row.issued_at, row.expires_at, row.revoked_at);
  checkTexts(row.account_id, row.client_id, row.scope);
  return {
    grantId: row.grant_id ?? undefined,
    accountId: row.account_id ?? undefined,
    clientId: row.client_id,
    scope: row.scope,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at ?? undefined,
    payload: parseObject(row.payload),
  };
}

function fromAccessTokenRow(row: AccessTokenRow): StoredAccessToken {
  const audience = row.audience ?? undefined;
  return { ...fromRow(row), kind: row.kind, audience, tokenType: row.token_type };
}

function fromRefreshTokenRow(row: RefreshTokenRow): StoredRefreshToken {
  checkWhole(row.consumed_at);
  const consumedAt = row.consumed_at ?? undefined;
  return { ...fromRow(row), consumedAt, isSuccessorUsed: row.successor_used_at !== null };
}

export function createTokens(database: Database) {
  return {
    registerAccessToken(key: AccessTokenKey, record: AccessTokenRecord): void {
      const row = {
        id: key.id,
        secret_hash: key.secretHash,
        kind: record.kind,
        audience: record.audience ?? null,
        token_type: record.tokenType,
        ...toRow(record),
      };
      database.write(insert('access_tokens', row), { conflict: 'access_token' });
    },

    /**
     * On whose word it was issued, and by which of its keys: it lives no longer than the trust in that issuer. And for
     * which team it acts.
     * In the unit that registers it.
     */
    noteAssertedBy(
      key: AccessTokenKey,
      by: { issuerId: string; keyId: string; keyThumbprint: string; teamId: string | undefined },
    ): void {
      database.write(
        sql`UPDATE access_tokens SET asserted_by = ${by.issuerId}, asserted_key = ${by.keyId},
            asserted_thumbprint = ${by.keyThumbprint}, team_id = ${by.teamId ?? null}
          WHERE id = ${key.id} AND secret_hash = ${key.secretHash}`,
        { expects: 1, conflict: 'access_token' },
      );
    },

    async findAccessToken(key: AccessTokenKey): Promise<StoredAccessToken | undefined> {
      const row = await database.find<AccessTokenRow>(
        sql`SELECT kind, grant_id, account_id, client_id, audience, scope, token_type, issued_at, expires_at, revoked_at, payload
          FROM access_tokens WHERE id = ${key.id} AND secret_hash = ${key.secretHash}`,
      );
      if (row === undefined) return undefined;
      return readRow('access_tokens', row, fromAccessTokenRow);
    },

    revokeAccessToken(key: AccessTokenKey, at: number): void {
      database.write(
        sql`UPDATE access_tokens SET revoked_at = ${at}
          WHERE id = ${key.id} AND secret_hash = ${key.secretHash} AND revoked_at IS NULL`,
      );
    },

    /** The same successor may be registered by several retries at once: it is one row all the same. */
    registerRefreshToken(key: RefreshTokenKey, record: RefreshTokenRecord): void {
      const row = {
        family: key.family,
        generation: key.generation,
        secret_hash: key.secretHash,
        ...toRow(record),
      };
      database.write(orIgnore(insert('refresh_tokens', row)));
    },

    async findRefreshToken(key: RefreshTokenKey): Promise<StoredRefreshToken | undefined> {
      const row = await database.find<RefreshTokenRow>(
        sql`SELECT t.grant_id, t.account_id, t.client_id, t.scope, t.issued_at, t.expires_at, t.revoked_at, t.payload,
            t.consumed_at, (SELECT MAX(s.consumed_at) FROM refresh_tokens s
              WHERE s.family = t.family AND s.generation = t.generation + 1) AS successor_used_at
          FROM refresh_tokens t
          WHERE t.family = ${key.family} AND t.generation = ${key.generation} AND t.secret_hash = ${key.secretHash}`,
      );
      if (row === undefined) return undefined;
      return readRow('refresh_tokens', row, fromRefreshTokenRow);
    },

    /**
     * Consumes it, or agrees with whoever consumed it since `sinceAt` while the successor is unused (a retry).
     * Otherwise the unit fails with Conflict('refresh_token').
     */
    consumeRefreshToken(key: RefreshTokenKey, at: number, sinceAt: number): void {
      database.write(
        sql`UPDATE refresh_tokens SET consumed_at = COALESCE(consumed_at, ${at})
          WHERE family = ${key.family} AND generation = ${key.generation} AND secret_hash = ${key.secretHash}
            AND revoked_at IS NULL
            AND (consumed_at IS NULL OR (consumed_at > ${sinceAt} AND NOT EXISTS (
              SELECT 1 FROM refresh_tokens s WHERE s.family = ${key.family}
                AND s.generation = ${key.generation + 1} AND s.consumed_at IS NOT NULL)))`,
        { expects: 1, conflict: 'refresh_token' },
      );
    },

    revokeRefreshTokenFamily(key: RefreshTokenKey, at: number): void {
      database.write(
        sql`UPDATE refresh_tokens SET revoked_at = ${at} WHERE family = ${key.family} AND revoked_at IS NULL`,
      );
    },

    /** Deletes at most `limit` spent rows of each table; answers how many went. Ids ascend with time, so the oldest come first. */
    async sweep(beforeAt: number, limit: number): Promise<number> {
      const access = await database.list<{ id: number; secret_hash: Buffer }>(
        sql`SELECT id, secret_hash FROM access_tokens WHERE id < ${firstIdAt(beforeAt)} AND expires_at < ${beforeAt} ORDER BY id LIMIT ${limit}`,
      );
      const refresh = await database.list<{ family: number; generation: number; secret_hash: Buffer }>(
        sql`SELECT family, generation, secret_hash FROM refresh_tokens WHERE expires_at < ${beforeAt} LIMIT ${limit}`,
      );
      await database.transact(() => {
        for (const row of access) {
          database.write(
            sql`DELETE FROM access_tokens WHERE id = ${row.id} AND secret_hash = ${row.secret_hash} AND expires_at < ${beforeAt}`,
          );
        }
        for (const row of refresh) {
          database.write(
            sql`DELETE FROM refresh_tokens WHERE family = ${row.family} AND generation = ${row.generation}
              AND secret_hash = ${row.secret_hash} AND expires_at < ${beforeAt}`,
          );
        }
      });
      return access.length + refresh.length;
    },
  };
}

export type Tokens = ReturnType<typeof createTokens>;
