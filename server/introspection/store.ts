// The one read behind an introspection: caller, token, grant, person and client in one SELECT. Nothing here writes.
import type { Database } from '../storage/database.ts';
import { type Statement, sql } from '../storage/statement.ts';
import type { AccessTokenKey, RefreshTokenKey } from '../storage/token-format.ts';

/** Who asks: a resource server with its API, or a client. */
export type CallerRow = {
  caller_id: string;
  caller_registration: string;
  caller_resource: string | null;
  caller_blocked_at: number | null;
  resource_is_default: number | null;
  resource_scope: string | null;
};

/** What is asked about; null in every column where there is no such token. */
export type TokenRow = {
  token_client_id: string | null;
  account_id: string | null;
  scope: string | null;
  issued_at: number | null;
  expires_at: number | null;
  revoked_at: number | null;
  grant_id: number | null;
  grant_row: number | null;
  grant_revoked_at: number | null;
  grant_expires_at: number | null;
  grant_last_used_at: number | null;
  account_row: string | null;
  email: string | null;
  role: string | null;
  disabled_at: number | null;
  deleted_at: number | null;
  client_row: string | null;
  client_blocked_at: number | null;
  client_revoked_at: number | null;
};

export type AccessTokenRow = TokenRow & {
  kind: string | null;
  audience: string | null;
  token_type: string | null;
  payload: string | null;
};
export type RefreshTokenRow = TokenRow & { consumed_at: number | null };

const CALLER = `c.id AS caller_id, c.registration AS caller_registration, c.resource AS caller_resource,
  c.blocked_at AS caller_blocked_at, r.is_default AS resource_is_default, r.scope AS resource_scope`;
const TOKEN = `t.client_id AS token_client_id, t.account_id, t.scope, t.issued_at, t.expires_at, t.revoked_at, t.grant_id,
  g.id AS grant_row, g.revoked_at AS grant_revoked_at, g.expires_at AS grant_expires_at, g.last_used_at AS grant_last_used_at,
  a.id AS account_row, a.email, a.role, a.disabled_at, a.deleted_at,
  tc.id AS client_row, tc.blocked_at AS client_blocked_at, tc.revoked_at AS client_revoked_at`;
const JOINS = `LEFT JOIN grants g ON g.id = t.grant_id
  LEFT JOIN accounts a ON a.id = t.account_id
  LEFT JOIN clients tc ON tc.id = t.client_id
  WHERE c.id = ?`;
const CALLERS = 'FROM clients c LEFT JOIN resources r ON r.identifier = c.resource';

const ACCESS_TOKEN = `SELECT ${CALLER}, ${TOKEN}, t.kind, t.audience, t.token_type, t.payload
  ${CALLERS} LEFT JOIN access_tokens t ON t.id = ? AND t.secret_hash = ? ${JOINS}`;
const REFRESH_TOKEN = `SELECT ${CALLER}, ${TOKEN}, t.consumed_at
  ${CALLERS} LEFT JOIN refresh_tokens t ON t.family = ? AND t.generation = ? AND t.secret_hash = ? ${JOINS}`;

export function selectAccessToken(callerId: string, key: AccessTokenKey): Statement {
  return { sql: ACCESS_TOKEN, bindings: [key.id, key.secretHash, callerId] };
}

export function selectRefreshToken(callerId: string, key: RefreshTokenKey): Statement {
  return { sql: REFRESH_TOKEN, bindings: [key.family, key.generation, key.secretHash, callerId] };
}

export function findRow(database: Database, statement: Statement): Promise<CallerRow | undefined> {
  return database.find<CallerRow>(statement);
}

/** The caller alone, for what has not the shape of a token of ours. */
export function selectCaller(callerId: string): Statement {
  return { sql: `SELECT ${CALLER} ${CALLERS} WHERE c.id = ?`, bindings: [callerId] };
}

/** Notes the use of a grant for people to see, at most once a minute. */
export function noteUse(database: Database, grantId: number, now: number): void {
  database.write(
    sql`UPDATE grants SET last_used_at = ${now} WHERE id = ${grantId} AND (last_used_at IS NULL OR last_used_at < ${now - 60})`,
  );
}
