// The one read behind an introspection: caller, credential, grant, person and client in one SELECT.
//
// It names one table and asks the others by scalar subqueries: measured on SQLite, each joined table cost about seven
// microseconds more, and the whole of this takes three. Why joins cost that much here was not looked into.
import type { Database } from '../storage/database.ts';
import { standingOf } from '../storage/standing.ts';
import { type Statement, sql, type Value } from '../storage/statement.ts';
import type { InactiveReason } from './kinds.ts';
import { firstOf, type Rule } from './liveness.ts';

/** Who asks (null: nobody that may), and about what: `ended` is 'unknown' where there is no such credential. */
export type Row = {
  caller_registration: string | null;
  caller_resource: string | null;
  caller_scope: string | null;
  ended: InactiveReason | null;
  client_id: string | null;
  account_id: string | null;
  scope: string | null;
  issued_at: number | null;
  expires_at: number | null;
  grant_id: number | null;
  last_used_at: number | null;
  email: string | null;
  /** Of the person, for readStanding. */
  standing: string | null;
};

type Named = Readonly<Record<string, Value>>;

/** How often the use of a grant is noted at most. */
export const NOTE_USE_EVERY_SECONDS = 60;

/** In the place of the caller, where nobody asks for an API. */
export const NOBODY = '';

/** Where the row of an access token is, by what its text carries. */
export const accessTokens = {
  table: 'access_tokens',
  where: 't.id = :id AND t.secret_hash = :secret_hash',
} as const;

/** The same of a refresh token. */
export const refreshTokens = {
  table: 'refresh_tokens',
  where: 't.family = :family AND t.generation = :generation AND t.secret_hash = :secret_hash',
} as const;

/** The API whose resource server asks. */
export const RESOURCE = '(SELECT c.resource FROM clients c WHERE c.id = :caller)';

// A blocked caller is nobody.
const CALLER = `(SELECT c.registration FROM clients c WHERE c.id = :caller AND c.blocked_at IS NULL) AS caller_registration,
  ${RESOURCE} AS caller_resource,
  (SELECT r.scope FROM resources r WHERE r.identifier = ${RESOURCE}) AS caller_scope`;
/** Columns of every kind, each as the tables of tokens have it. */
const CREDENTIAL = {
  client_id: 't.client_id',
  account_id: 't.account_id',
  scope: 't.scope',
  issued_at: 't.issued_at',
  expires_at: 't.expires_at',
  grant_id: 't.grant_id',
  last_used_at: '(SELECT g.last_used_at FROM grants g WHERE g.id = t.grant_id)',
  email: '(SELECT a.email FROM accounts a WHERE a.id = t.account_id)',
  standing: standingOf('t.account_id'),
} as const;

/** Turns `:name` into `?` and answers the bindings' names in their order. */
function createNamed(text: string): (values: Named) => Statement {
  const names: string[] = [];
  const statement = text.replace(/:([a-z_]+)/g, (_all, name: string) => {
    names.push(name);
    return '?';
  });
  return (values) => ({ sql: statement, bindings: names.map((name) => values[name] as Value) });
}

/** The statement for one kind of credential, made once: its table and the place of its row, its columns, its rules in order. */
export function createSelect(kind: {
  table: string;
  /** Condition with a `:name` for each value of `key` in `select`. */
  where: string;
  columns: readonly string[];
  /** Where its table has a common column by another name, or not at all. */
  credential?: Partial<Record<keyof typeof CREDENTIAL, string>>;
  rules: readonly Rule[];
}) {
  const common = Object.entries({ ...CREDENTIAL, ...kind.credential });
  const columns = [...common.map(([name, text]) => `${text} AS ${name}`), ...kind.columns];
  const found = `SELECT ${CALLER}, ${columns.join(', ')}, ${firstOf(kind.rules)} AS ended FROM ${kind.table} t WHERE ${kind.where}`;
  const missing = `SELECT ${CALLER}, ${columns.map(() => 'NULL').join(', ')}, 'unknown'
    WHERE NOT EXISTS (SELECT 1 FROM ${kind.table} t WHERE ${kind.where})`;
  const named = createNamed(`${found} UNION ALL ${missing}`);
  return function select(caller: string, key: Named, now: number): Statement {
    return named({ ...key, caller, now });
  };
}

const callerAlone = createNamed(`SELECT ${CALLER}, 'unknown' AS ended`);

/** The caller alone, for what has not the shape of a credential of ours. */
export function selectCaller(caller: string): Statement {
  return callerAlone({ caller });
}

export async function getRow(database: Database, statement: Statement): Promise<Row> {
  const row = await database.find<Row>(statement);
  if (row === undefined) throw new Error('the read of an introspection has no row');
  return row;
}

/** Notes the use of a grant for people to see, at most once a minute. */
export function noteUse(database: Database, grantId: number, now: number): void {
  database.write(
    sql`UPDATE grants SET last_used_at = ${now} WHERE id = ${grantId} AND (last_used_at IS NULL OR last_used_at < ${now - NOTE_USE_EVERY_SECONDS})`,
  );
}
