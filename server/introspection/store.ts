// The one read behind an introspection: credential, grant and person in one SELECT, and the version of the registry with them.
import type { Registration } from '../clients/clients.ts';
import type { Database } from '../storage/database.ts';
import { type Statement, sql, type Value } from '../storage/statement.ts';
import type { InactiveReason } from './kinds.ts';
import { firstOf, type Rule } from './liveness.ts';
import type { Entry } from './registry.ts';

/** The columns of the credential are null where there is none. */
export type Row = {
  registry_version: string;
  ended: InactiveReason | null;
  client_id: string | null;
  account_id: string | null;
  scope: string | null;
  issued_at: number | null;
  expires_at: number | null;
  grant_id: number | null;
  last_used_at: number | null;
  email: string | null;
  role: string | null;
};

const CREDENTIAL = `t.client_id, t.account_id, t.scope, t.issued_at, t.expires_at, t.grant_id,
  g.last_used_at, a.email, a.role`;
const VERSION = 'FROM deployment v';
const WHERE = "WHERE v.name = 'registry_version'";

/** The statement for one kind of credential, made once: its table and the place of its row, its columns, its rules in order. */
export function createSelect(kind: {
  table: string;
  key: string;
  columns: readonly string[];
  rules: readonly Rule[];
}) {
  const ended = firstOf([['unknown', 't.client_id IS NULL'], ...kind.rules]);
  const times = ended.split(':now').length - 1;
  const columns = [
    'v.value AS registry_version',
    CREDENTIAL,
    ...kind.columns,
    `${ended.replaceAll(':now', '?')} AS ended`,
  ];
  const text = `SELECT ${columns.join(', ')} ${VERSION}
    LEFT JOIN ${kind.table} t ON ${kind.key}
    LEFT JOIN grants g ON g.id = t.grant_id
    LEFT JOIN accounts a ON a.id = t.account_id ${WHERE}`;
  return function select(key: readonly Value[], now: number): Statement {
    return { sql: text, bindings: [...Array<number>(times).fill(now), ...key] };
  };
}

/** For what has not the shape of a credential of ours. */
export const selectNothing: Statement = {
  sql: `SELECT v.value AS registry_version, 'unknown' AS ended ${VERSION} ${WHERE}`,
  bindings: [],
};

export async function getRow(database: Database, statement: Statement): Promise<Row> {
  const row = await database.find<Row>(statement);
  if (row === undefined) throw new Error('the registry has no version');
  return row;
}

/** A client with the API that it introspects for, if it does. */
export async function findCaller(database: Database, id: string): Promise<Entry | undefined> {
  const row = await database.find<{
    registration: string;
    resource: string | null;
    blocked_at: number | null;
    revoked_at: number | null;
    is_default: number | null;
    scope: string | null;
  }>(
    sql`SELECT c.registration, c.resource, c.blocked_at, c.revoked_at, r.is_default, r.scope
      FROM clients c LEFT JOIN resources r ON r.identifier = c.resource WHERE c.id = ${id}`,
  );
  if (row === undefined) return undefined;
  return {
    id,
    registration: JSON.parse(row.registration) as Registration,
    resource: row.resource ?? undefined,
    isDefaultResource: row.is_default === 1,
    resourceScopes: new Set((row.scope ?? '').split(' ')),
    isBlocked: row.blocked_at !== null,
    revokedAt: row.revoked_at ?? -1,
  };
}

/** Notes the use of a grant for people to see, at most once a minute. */
export function noteUse(database: Database, grantId: number, now: number): void {
  database.write(
    sql`UPDATE grants SET last_used_at = ${now} WHERE id = ${grantId} AND (last_used_at IS NULL OR last_used_at < ${now - 60})`,
  );
}
