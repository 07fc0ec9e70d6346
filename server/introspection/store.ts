// The one read behind an introspection: caller, credential, grant, person and client in one SELECT.
import type { Database } from '../storage/database.ts';
import { type Statement, sql, type Value } from '../storage/statement.ts';
import type { InactiveReason } from './kinds.ts';
import { firstOf, type Rule } from './liveness.ts';

/** Who asks, and about what: the columns of the credential are null where the caller is known and the credential is not. */
export type Row = {
  caller_registration: string;
  caller_resource: string | null;
  resource_scope: string | null;
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

const CALLER =
  'c.registration AS caller_registration, c.resource AS caller_resource, r.scope AS resource_scope';
const CREDENTIAL = `t.client_id, t.account_id, t.scope, t.issued_at, t.expires_at, t.grant_id,
  g.last_used_at, a.email, a.role`;
// A blocked caller is nobody.
const CALLERS = `FROM clients c LEFT JOIN resources r ON r.identifier = c.resource`;
const WHERE = 'WHERE c.id = ? AND c.blocked_at IS NULL';

/** The statement for one kind of credential, made once: its table and the place of its row, its columns, its rules in order. */
export function createSelect(kind: {
  table: string;
  key: string;
  columns: readonly string[];
  rules: readonly Rule[];
}) {
  const ended = firstOf([['unknown', 't.client_id IS NULL'], ...kind.rules]);
  const times = ended.split(':now').length - 1;
  const columns = [CALLER, CREDENTIAL, ...kind.columns, `${ended.replaceAll(':now', '?')} AS ended`].join(
    ', ',
  );
  const text = `SELECT ${columns} ${CALLERS}
    LEFT JOIN ${kind.table} t ON ${kind.key}
    LEFT JOIN grants g ON g.id = t.grant_id
    LEFT JOIN accounts a ON a.id = t.account_id
    LEFT JOIN clients tc ON tc.id = t.client_id ${WHERE}`;
  return function select(callerId: string, key: readonly Value[], now: number): Statement {
    return { sql: text, bindings: [...Array<number>(times).fill(now), ...key, callerId] };
  };
}

const CALLER_ALONE = `SELECT ${CALLER}, 'unknown' AS ended ${CALLERS} ${WHERE}`;

/** The caller alone, for what has not the shape of a credential of ours. */
export function selectCaller(callerId: string): Statement {
  return { sql: CALLER_ALONE, bindings: [callerId] };
}

export function findRow(database: Database, statement: Statement): Promise<Row | undefined> {
  return database.find<Row>(statement);
}

/** Notes the use of a grant for people to see, at most once a minute. */
export function noteUse(database: Database, grantId: number, now: number): void {
  database.write(
    sql`UPDATE grants SET last_used_at = ${now} WHERE id = ${grantId} AND (last_used_at IS NULL OR last_used_at < ${now - 60})`,
  );
}
