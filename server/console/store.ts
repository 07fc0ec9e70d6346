// What the administrator's pages ask of the database beside the acts of operators: bounded counts and lists. Nothing here writes.
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { type Statement, sql } from '../storage/statement.ts';

/** A page may be loaded at any moment: nobody is counted beyond this. */
const MOST_COUNTED = 10_000;
/** Among so many of the latest people a part of a name is looked for. */
export const MOST_NAMES = 10_000;
const LAST_CHARACTER = '\u{10ffff}';

/** `isMore`: there are more than `count`. */
export type Count = { readonly count: number; readonly isMore: boolean };

export type PeopleFilter = 'everybody' | 'administrators' | 'disabled';
export type ClientFilter = 'all' | 'asking' | 'allowed' | 'blocked';

const people: Readonly<Record<PeopleFilter, string>> = {
  everybody: 'deleted_at IS NULL',
  administrators: 'deleted_at IS NULL AND is_admin = 1',
  disabled: 'deleted_at IS NULL AND disabled_at IS NOT NULL',
};

const clients: Readonly<Record<ClientFilter, string>> = {
  all: '1 = 1',
  asking: 'asked_at IS NOT NULL',
  allowed: 'blocked_at IS NULL',
  blocked: "blocked_at IS NOT NULL AND blocked_by <> 'pending'",
};

// A quote within a text of JSON has a backslash before it, so these are the members themselves.
const KIND = `CASE WHEN registration LIKE '%"type":"service_account"%' THEN 'service_accounts'
  WHEN registration LIKE '%"type":"trusted_issuer"%' THEN 'issuers'
  WHEN registration LIKE '%"type":"removed"%' THEN 'removed'
  WHEN blocked_by = 'pending' THEN 'pending' ELSE 'clients' END`;

type CountRow = { count: number };
type ClientRow = { kind: string; is_blocked: number; count: number };

/** As addresses are normalised: what looks the same is the same. */
export function fold(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}

function toCount(found: number): Count {
  return { count: Math.min(found, MOST_COUNTED), isMore: found > MOST_COUNTED };
}

export function createConsoleStore(database: Database) {
  async function count(table: string, condition: Statement): Promise<Count> {
    const row = await database.find<CountRow>({
      sql: `SELECT COUNT(*) AS count FROM (SELECT 1 AS one FROM ${table} WHERE ${condition.sql} LIMIT ${MOST_COUNTED + 1}) counted`,
      bindings: condition.bindings,
    });
    return toCount(Number(row?.count ?? 0));
  }

  async function listIds(statement: Statement): Promise<string[]> {
    return (await database.list<{ id: string }>(statement)).map(({ id }) => id);
  }

  return {
    async countPeople() {
      const of = (filter: PeopleFilter) => count('accounts', { sql: people[filter], bindings: [] });
      return {
        everybody: await of('everybody'),
        administrators: await of('administrators'),
        disabled: await of('disabled'),
        sessions: await count(
          'sessions',
          sql`expires_at > ${nowSeconds()} AND ended_at IS NULL AND account_id IS NOT NULL`,
        ),
      };
    },

    /** Ids, the newest first, after the person `after`. */
    async listPeople({ filter, after, limit }: { filter: PeopleFilter; after: string; limit: number }) {
      // What is left of an account that was deleted keeps its place.
      const last = await database.find<{ created_at: number; id: string }>(
        sql`SELECT created_at, id FROM accounts WHERE id = ${after}`,
      );
      const place = last && sql`(created_at, id) < (${last.created_at}, ${last.id})`;
      return listIds({
        sql: `SELECT id FROM accounts WHERE ${people[filter]} AND ${place?.sql ?? '1 = 1'} ORDER BY created_at DESC, id DESC LIMIT ?`,
        bindings: [...(place?.bindings ?? []), limit],
      });
    },

    /** Ids of those whose normalised address begins so, by address. */
    searchPeople(beginning: string, limit: number) {
      // Elsewhere the order of a language decides, which knows no beginnings.
      const email = database.dialect === 'sqlite' ? 'email_normalized' : 'email_normalized COLLATE "C"';
      return listIds({
        sql: `SELECT id FROM accounts WHERE ${email} >= ? AND ${email} < ? AND ${people.everybody} ORDER BY ${email} LIMIT ?`,
        bindings: [beginning, beginning + LAST_CHARACTER, limit],
      });
    },

    /** Ids of the latest people in whose name this stands, the newest first; further back nobody is looked at. */
    async searchNames(part: string, limit: number): Promise<string[]> {
      const latest = await database.list<{ id: string; name: string | null }>(
        sql`SELECT id, name FROM accounts WHERE deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT ${MOST_NAMES}`,
      );
      // The lower case of a database knows the letters of one language at most.
      return latest
        .filter(({ name }) => fold(name ?? '').includes(part))
        .slice(0, limit)
        .map(({ id }) => id);
    },

    /** Of everything that is registered as a client, by what it is and whether it is blocked. */
    async countClients() {
      const rows = await database.list<ClientRow>({
        sql: `SELECT kind, is_blocked, COUNT(*) AS count FROM (
            SELECT ${KIND} AS kind, CASE WHEN blocked_at IS NULL THEN 0 ELSE 1 END AS is_blocked
            FROM clients LIMIT ${MOST_COUNTED + 1}) counted
          GROUP BY kind, is_blocked LIMIT 100`,
        bindings: [],
      });
      const isMore = rows.reduce((sum, row) => sum + Number(row.count), 0) > MOST_COUNTED;
      return (kind: 'clients' | 'issuers' | 'service_accounts', isBlocked: boolean): Count => {
        const row = rows.find((one) => one.kind === kind && (Number(one.is_blocked) === 1) === isBlocked);
        return { count: Number(row?.count ?? 0), isMore };
      };
    },

    countRequests(): Promise<Count> {
      return count(
        'client_requests',
        sql`NOT EXISTS (SELECT 1 FROM clients WHERE clients.id = client_requests.client_id)`,
      );
    },

    countAsking: (): Promise<Count> => count('clients', sql`asked_at IS NOT NULL`),

    /** Ids of apps and of the servers of APIs, in their order, after `after`. */
    listClients({ filter, after, limit }: { filter: ClientFilter; after: string; limit: number }) {
      return listIds({
        sql: `SELECT id FROM clients WHERE ${KIND} IN ('clients', 'pending') AND ${clients[filter]} AND id > ? ORDER BY id LIMIT ?`,
        bindings: [after, limit],
      });
    },
  };
}
