// What only operators ask of the database: grants of everybody, servers of APIs, its own health. Nothing here writes.
import type { Registration } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { sql } from '../storage/statement.ts';

const MOST_SERVERS = 2000;

export type GrantRow = {
  id: number;
  accountId: string;
  email: string | null;
  clientId: string;
  kind: string;
  payload: string;
  createdAt: number;
  lastUsedAt: number | null;
  expiresAt: number;
};

export type GrantFilter = {
  accountId?: string | undefined;
  clientId?: string | undefined;
  id?: number | undefined;
  /** Only what is older than this one. */
  before?: number | undefined;
  limit: number;
};

export type DeviceRow = GrantRow & { registration: string | null; endsAt: number | null };

/** Live grants, newest first: not revoked, not expired, and made after the last block of their client. */
function selectGrants(database: Database, limit: number) {
  return database
    .builder('grants as g')
    .leftJoin('clients as c', 'c.id', 'g.client_id')
    .leftJoin('accounts as a', 'a.id', 'g.account_id')
    .whereNull('g.revoked_at')
    .where('g.expires_at', '>', nowSeconds())
    .where((either) =>
      either.whereNull('c.revoked_at').orWhere('g.created_at', '>', database.builder.ref('c.revoked_at')),
    )
    .orderBy('g.id', 'desc')
    .limit(limit)
    .select('g.id', 'a.email', 'g.kind', 'g.payload')
    .select({
      accountId: 'g.account_id',
      clientId: 'g.client_id',
      createdAt: 'g.created_at',
      lastUsedAt: 'g.last_used_at',
      expiresAt: 'g.expires_at',
    });
}

export async function listGrantRows(database: Database, filter: GrantFilter): Promise<GrantRow[]> {
  const query = selectGrants(database, filter.limit);
  if (filter.accountId !== undefined) query.where('g.account_id', filter.accountId);
  if (filter.clientId !== undefined) query.where('g.client_id', filter.clientId);
  if (filter.id !== undefined) query.where('g.id', filter.id);
  if (filter.before !== undefined) query.where('g.id', '<', filter.before);
  return database.list<GrantRow>(query);
}

/** The same of devices, with the registration of their clients. */
export async function listDeviceRows(
  database: Database,
  filter: { id?: number | undefined; accountId?: string | undefined; limit: number },
): Promise<DeviceRow[]> {
  const query = selectGrants(database, filter.limit)
    .where('g.kind', 'device')
    .select({ registration: 'c.registration', endsAt: 'g.ends_at' });
  if (filter.id !== undefined) query.where('g.id', filter.id);
  if (filter.accountId !== undefined) query.where('g.account_id', filter.accountId);
  return database.list<DeviceRow>(query);
}

export type BlockRow = {
  accountId: string;
  email: string | null;
  clientId: string;
  registration: string | null;
  createdAt: number;
};

/** Clients whose devices people have reported, the latest report first. */
export async function listBlockRows(
  database: Database,
  filter: { accountId: string | undefined; limit: number },
): Promise<BlockRow[]> {
  const query = database
    .builder('blocked_devices as b')
    .leftJoin('clients as c', 'c.id', 'b.client_id')
    .leftJoin('accounts as a', 'a.id', 'b.account_id')
    .orderBy([{ column: 'b.created_at', order: 'desc' }, 'b.account_id', 'b.client_id'])
    .limit(filter.limit)
    .select('a.email', 'c.registration')
    .select({ accountId: 'b.account_id', clientId: 'b.client_id', createdAt: 'b.created_at' });
  if (filter.accountId !== undefined) query.where('b.account_id', filter.accountId);
  return database.list<BlockRow>(query);
}

/** With which an API introspects, and what it may say and learn there. */
export type ServerOfApi = { id: string; seesClients: boolean; learnsWhy: boolean };

/** By the API's identifier. */
export async function findServers(database: Database): Promise<Map<string, ServerOfApi>> {
  const rows = await database.list<{ id: string; resource: string; registration: string }>(
    sql`SELECT id, resource, registration FROM clients WHERE resource IS NOT NULL ORDER BY id LIMIT ${MOST_SERVERS}`,
  );
  return new Map(
    rows.map(({ id, resource, registration }) => {
      const { seesClients = false, learnsWhy = false } = JSON.parse(registration) as Partial<Registration>;
      return [resource, { id, seesClients, learnsWhy }];
    }),
  );
}

/** Names of the migrations that the database has; undefined where it has no table of them yet. */
export async function findMigrations(database: Database): Promise<string[] | undefined> {
  const table = await database.find(
    database.dialect === 'sqlite'
      ? sql`SELECT 1 AS one FROM sqlite_master WHERE type = 'table' AND name = 'knex_migrations'`
      : sql`SELECT 1 AS one FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) AND tablename = 'knex_migrations'`,
  );
  if (table === undefined) return undefined;
  const rows = await database.list<{ name: string }>(
    sql`SELECT name FROM knex_migrations ORDER BY id LIMIT 10000`,
  );
  return rows.map((row) => row.name);
}

/** What durability rests on, by name. */
export async function readDurability(database: Database): Promise<Record<string, string>> {
  if (database.dialect === 'sqlite') {
    const mode = await database.find<{ journal_mode: string }>(sql`PRAGMA journal_mode`);
    const level = await database.find<{ synchronous: number }>(sql`PRAGMA synchronous`);
    return {
      journal_mode: mode?.journal_mode ?? '',
      synchronous: level?.synchronous === 2 ? 'full' : 'less',
    };
  }
  const row = await database.find<Record<string, string>>(
    sql`SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
      current_setting('full_page_writes') AS full_page_writes`,
  );
  return row ?? {};
}

/** What SQLite finds damaged, in its words; nothing where the file is whole. */
export async function listDamage(database: Database): Promise<string[]> {
  const rows = await database.list<{ integrity_check: string }>(sql`PRAGMA integrity_check(10)`);
  return rows.map((row) => row.integrity_check).filter((words) => words !== 'ok');
}

/** The sealed keys of the server: what the secrets file must open. */
export function listSealedKeys(database: Database): Promise<{ purpose: string; sealed: Buffer }[]> {
  return database.list(
    sql`SELECT purpose, sealed FROM server_keys WHERE retired_at IS NULL ORDER BY purpose, generation LIMIT 100`,
  );
}
