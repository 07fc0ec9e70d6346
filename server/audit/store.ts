// Audit rows at rest. Append-only: rows are inserted in the unit of the act and never changed.
import type { Database } from '../storage/database.ts';
import { insert, type Statement, sql } from '../storage/statement.ts';
import type { Position } from '../storage/unit-of-work.ts';
import type { EventFilter } from './audit.ts';

export type AuditRow = {
  node: string;
  sequence: number;
  previousHash: Buffer;
  hash: Buffer;
  atMilliseconds: number;
  type: string;
  actor: string;
  accountId: string | null;
  clientId: string | null;
  grantId: string | null;
  outcome: string;
  reason: string | null;
  requestId: string | null;
  details: string;
};

const COLUMNS = {
  node: 'node',
  sequence: 'sequence',
  previousHash: 'previous_hash',
  hash: 'hash',
  atMilliseconds: 'at_milliseconds',
  type: 'type',
  actor: 'actor',
  accountId: 'account_id',
  clientId: 'client_id',
  grantId: 'grant_id',
  outcome: 'outcome',
  reason: 'reason',
  requestId: 'request_id',
  details: 'details',
} as const satisfies Record<keyof AuditRow, string>;

const CHAIN_BATCH = 500;
const LONGEST_LIST = 1000;

export function insertEvent(row: AuditRow): Statement {
  const entries = Object.entries(COLUMNS).map(([key, column]) => [column, row[key as keyof AuditRow]]);
  return insert('audit_events', Object.fromEntries(entries));
}

export function insertPersonal(
  position: Position,
  person: { accountId: string | undefined; address: string | undefined; program: string | undefined },
): Statement {
  return insert('audit_personal', {
    node: position.node,
    sequence: position.sequence,
    account_id: person.accountId ?? null,
    address: person.address ?? null,
    program: person.program?.slice(0, 300) ?? null,
  });
}

function selection(database: Database) {
  return database.builder('audit_events').select(database.builder.ref('node'), ...aliases(database));
}

function aliases(database: Database) {
  return Object.entries(COLUMNS)
    .filter(([key]) => key !== 'node')
    .map(([key, column]) => database.builder.ref(column).as(key));
}

export async function listEvents(database: Database, filter: EventFilter): Promise<AuditRow[]> {
  const query = selection(database)
    .orderBy('at_milliseconds', 'desc')
    .orderBy('sequence', 'desc')
    .orderBy('node', 'desc');
  if (filter.after !== undefined) {
    const { atMilliseconds, sequence, node } = filter.after;
    query.whereRaw('(at_milliseconds, sequence, node) < (?, ?, ?)', [atMilliseconds, sequence, node]);
  }
  if (filter.accountId !== undefined) query.where('account_id', filter.accountId);
  if (filter.clientId !== undefined) query.where('client_id', filter.clientId);
  if (filter.type !== undefined) query.where('type', filter.type);
  return database.list<AuditRow>(query.limit(Math.min(filter.limit, LONGEST_LIST)));
}

export async function hasEvent(database: Database, type: string, accountId: string): Promise<boolean> {
  const row = await database.find(
    sql`SELECT 1 AS one FROM audit_events WHERE account_id = ${accountId} AND type = ${type} LIMIT 1`,
  );
  return row !== undefined;
}

export type OwnEvent = {
  at_milliseconds: number;
  type: string;
  actor: string;
  client_id: string | null;
  grant_id: string | null;
  outcome: string;
  address: string | null;
  program: string | null;
};

export function listOwnEvents(database: Database, accountId: string): Promise<OwnEvent[]> {
  return database.list<OwnEvent>(
    sql`SELECT e.at_milliseconds, e.type, e.actor, e.client_id, e.grant_id, e.outcome, p.address, p.program
      FROM audit_events e LEFT JOIN audit_personal p ON p.node = e.node AND p.sequence = e.sequence
      WHERE e.account_id = ${accountId} ORDER BY e.at_milliseconds DESC, e.sequence DESC LIMIT ${LONGEST_LIST}`,
  );
}

export function erasePersonal(accountId: string): Statement {
  return sql`DELETE FROM audit_personal WHERE account_id = ${accountId}`;
}

export async function listNodes(database: Database): Promise<string[]> {
  const rows = await database.list<{ node: string }>(
    sql`SELECT DISTINCT node FROM audit_events LIMIT 100000`,
  );
  return rows.map((row) => row.node);
}

/** One chain in its order, read in batches. */
export async function* readChain(database: Database, node: string): AsyncGenerator<AuditRow> {
  let after = 0;
  for (;;) {
    const rows = await database.list<AuditRow>(
      selection(database)
        .where('node', node)
        .where('sequence', '>', after)
        .orderBy('sequence')
        .limit(CHAIN_BATCH),
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < CHAIN_BATCH) return;
    after = last.sequence;
  }
}
