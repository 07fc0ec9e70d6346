// Clients at rest. Atomic: a registration is inserted once (primary key); a state change touches its own columns only.
import { nowSeconds } from '../clock.ts';
import { readRow, readRows } from '../storage/damage.ts';
import type { Database } from '../storage/database.ts';
import { insert, type Statement, sql } from '../storage/statement.ts';
import type { Client, Registration } from './clients.ts';
import { parseRegistration } from './registration-text.ts';
import type { Proposal, TeamOwner } from './team-owner.ts';

type Row = {
  id: string;
  source: 'file' | 'database';
  registration: string;
  covered: string | null;
  resource: string | null;
  created_at: number;
  updated_at: number;
  blocked_at: number | null;
  blocked_by: string | null;
  revoked_at: number | null;
  owner_team_id: string | null;
  registered_by: string | null;
  proposal: string | null;
  asked_at: number | null;
  note: string | null;
};

function ownerOf(row: Row): TeamOwner | undefined {
  if (row.owner_team_id === null) return undefined;
  return {
    teamId: row.owner_team_id,
    registeredBy: row.registered_by ?? undefined,
    isPending: row.blocked_by === 'pending',
    proposal: row.proposal === null ? undefined : (JSON.parse(row.proposal) as Proposal),
    askedAt: row.asked_at ?? undefined,
    note: row.note ?? undefined,
  };
}

function fromRow(row: Row): Client {
  return {
    id: row.id,
    source: row.source,
    registration: parseRegistration(row.registration),
    isCovering: row.covered !== null,
    resource: row.resource ?? undefined,
    owner: ownerOf(row),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    blockedAt: row.blocked_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
  };
}

/** JSON writes the plain characters of an origin or a scheme as they are. Who asks looks at the field itself. */
function patternOf(beginning: string): string {
  return `%"${beginning.replace(/[\\%_]/g, '\\$&')}%`;
}

/** JSON writes a backslash before a quote within a text, so this is the member itself. */
const PUBLIC = '%"auth":"none"%';

export function createClientStore(database: Database) {
  const columns = sql`SELECT id, source, registration, covered, resource, created_at, updated_at, blocked_at, blocked_by,
    revoked_at, owner_team_id, registered_by, proposal, asked_at, note FROM clients`;

  function where(condition: Statement): Statement {
    return { sql: `${columns.sql} ${condition.sql}`, bindings: condition.bindings };
  }

  const readAll = (rows: readonly Row[]) =>
    readRows(rows, (row) => readRow('clients', row, fromRow), database.noteDamage);

  return {
    async find(id: string): Promise<Client | undefined> {
      const row = await database.find<Row>(where(sql`WHERE id = ${id}`));
      return row === undefined ? undefined : readRow('clients', row, fromRow);
    },

    /** By id, at most `limit`, after the cursor; of one team, or of all. */
    async list(options: { after: string; limit: number; teamId?: string | undefined }): Promise<Client[]> {
      const { after, limit, teamId } = options;
      const page =
        teamId === undefined
          ? sql`WHERE id > ${after} ORDER BY id LIMIT ${limit}`
          : sql`WHERE owner_team_id = ${teamId} AND id > ${after} ORDER BY id LIMIT ${limit}`;
      return readAll(await database.list<Row>(where(page)));
    },

    /** Those for which a team waits, the longest first, at most `limit`. */
    async listAsking(limit: number): Promise<Client[]> {
      const rows = await database.list<Row>(
        where(sql`WHERE asked_at IS NOT NULL ORDER BY asked_at, id LIMIT ${limit}`),
      );
      return readAll(rows);
    },

    /** Clients in whose registration a text begins with these lower-case characters; by id, at most `limit`, after the cursor. */
    async listWithText(beginning: string, page: { after: string; limit: number }): Promise<Client[]> {
      const rows = await database.list<Row>(
        where(
          sql`WHERE LOWER(registration) LIKE ${patternOf(beginning)} ESCAPE '\\' AND id > ${page.after}
            ORDER BY id LIMIT ${page.limit}`,
        ),
      );
      return readAll(rows);
    },

    /** The same of those that may ask, at most `limit`: whoever waits to be allowed crowds nobody out. */
    async listAllowedWithText(beginning: string, limit: number): Promise<Client[]> {
      const rows = await database.list<Row>(
        where(
          sql`WHERE blocked_at IS NULL AND LOWER(registration) LIKE ${patternOf(beginning)} ESCAPE '\\'
            LIMIT ${limit}`,
        ),
      );
      return readAll(rows);
    },

    /** Those that are registered with a trust, by id, at most `limit`, after the cursor. */
    async listTrusting(options: { after: string; limit: number }): Promise<Client[]> {
      // A quote within a text of JSON has a backslash before it, so this is the member itself.
      const rows = await database.list<Row>(
        where(
          sql`WHERE registration LIKE ${'%"trust":{%'} AND id > ${options.after} ORDER BY id LIMIT ${options.limit}`,
        ),
      );
      return readAll(rows);
    },

    async listDeclaredIds(): Promise<string[]> {
      const rows = await database.list<{ id: string }>(
        sql`SELECT id FROM clients WHERE source = 'file' LIMIT 10000`,
      );
      return rows.map((row) => row.id);
    },

    register(id: string, registration: Registration, resource: string | undefined): void {
      const now = nowSeconds();
      database.write(
        insert('clients', {
          id,
          source: 'database',
          registration: JSON.stringify(registration),
          resource: resource ?? null,
          created_at: now,
          updated_at: now,
        }),
        { conflict: 'client_id' },
      );
    },

    /**
     * What the configuration file declares: it covers the database's own registration of the same id.
     * A block of the file's own ends; one of an operator stays. What it got by proving itself ends where it need not any more.
     */
    declare(id: string, registration: Registration, resource: string | undefined): void {
      const now = nowSeconds();
      const text = JSON.stringify(registration);
      database.write(
        sql`INSERT INTO clients (id, source, registration, resource, created_at, updated_at)
          VALUES (${id}, 'file', ${text}, ${resource ?? null}, ${now}, ${now})
          ON CONFLICT (id) DO UPDATE SET
            covered = CASE WHEN clients.source = 'database' AND COALESCE(clients.blocked_by, '') <> 'file'
              THEN clients.registration ELSE clients.covered END,
            blocked_at = CASE WHEN clients.blocked_by = 'file' THEN NULL ELSE clients.blocked_at END,
            blocked_by = CASE WHEN clients.blocked_by = 'file' THEN NULL ELSE clients.blocked_by END,
            revoked_at = CASE WHEN clients.registration NOT LIKE ${PUBLIC} AND excluded.registration LIKE ${PUBLIC}
              THEN ${now} ELSE clients.revoked_at END,
            source = 'file', registration = excluded.registration, resource = excluded.resource, updated_at = excluded.updated_at`,
      );
    },

    /** The file declares that nobody may use it. */
    withhold(id: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE clients SET blocked_at = ${now}, revoked_at = ${now}, blocked_by = 'file' WHERE id = ${id} AND blocked_at IS NULL`,
      );
    },

    /**
     * A device client that is allowed by its id alone: a registration of the database goes before.
     * What the file declared once and withdrew is none.
     */
    declareById(id: string, registration: Registration): void {
      const now = nowSeconds();
      database.write(
        sql`INSERT INTO clients (id, source, registration, created_at, updated_at)
          VALUES (${id}, 'file', ${JSON.stringify(registration)}, ${now}, ${now})
          ON CONFLICT (id) DO UPDATE SET registration = excluded.registration, updated_at = excluded.updated_at, source = 'file',
            blocked_at = CASE WHEN clients.blocked_by = 'file' THEN NULL ELSE clients.blocked_at END,
            blocked_by = CASE WHEN clients.blocked_by = 'file' THEN NULL ELSE clients.blocked_by END
          WHERE clients.covered IS NULL AND (clients.source = 'file' OR clients.blocked_by = 'file')`,
      );
    },

    /** The file declares it no longer, and there is no registration of the database's own: nobody may use it. */
    withdraw(id: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE clients SET source = 'database', updated_at = ${now}, blocked_at = COALESCE(blocked_at, ${now}),
            revoked_at = ${now}, blocked_by = COALESCE(blocked_by, 'file')
          WHERE id = ${id} AND source = 'file' AND covered IS NULL`,
      );
    },

    /** The file declares it no longer: the database's own registration comes back, if there is one. */
    uncover(id: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE clients SET source = 'database', registration = covered, covered = NULL, updated_at = ${now},
            revoked_at = CASE WHEN registration NOT LIKE ${PUBLIC} AND covered LIKE ${PUBLIC} THEN ${now} ELSE revoked_at END,
            blocked_at = CASE WHEN blocked_by = 'file' THEN NULL ELSE blocked_at END,
            blocked_by = CASE WHEN blocked_by = 'file' THEN NULL ELSE blocked_by END
          WHERE id = ${id} AND source = 'file' AND covered IS NOT NULL`,
      );
    },

    /**
     * Replaces the registration if it is still the one that was read, else Conflict('client'). What a client got that had
     * to prove itself ends where it need not any more (RFC 6749 section 10.4): its refresh tokens would open to any finder.
     */
    replace(before: Pick<Client, 'id' | 'registration'>, registration: Registration): void {
      const now = nowSeconds();
      const isPublicNow = registration.auth === 'none' && before.registration.auth !== 'none';
      database.write(
        sql`UPDATE clients SET registration = ${JSON.stringify(registration)}, updated_at = ${now},
            revoked_at = CASE WHEN ${isPublicNow ? 1 : 0} = 1 THEN ${now} ELSE revoked_at END
          WHERE id = ${before.id} AND registration = ${JSON.stringify(before.registration)}`,
        { expects: 1, conflict: 'client' },
      );
    },

    /** Nothing of the servers of this API stays but their ids: nobody gets those, and nobody introspects with them. */
    removeServersOf(resource: string, nothing: Registration): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE clients SET registration = ${JSON.stringify(nothing)}, resource = NULL, updated_at = ${now},
            blocked_at = ${now}, revoked_at = ${now}, blocked_by = 'operator'
          WHERE resource = ${resource} AND source = 'database'`,
      );
    },

    /** What its team was waiting for is declined with it. */
    block(id: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE clients SET blocked_at = ${now}, revoked_at = ${now}, blocked_by = 'operator',
          proposal = NULL, asked_at = NULL, note = NULL WHERE id = ${id}`,
      );
    },

    /** It belongs to no team any more. */
    disown(id: string): void {
      database.write(sql`UPDATE clients SET owner_team_id = NULL, registered_by = NULL WHERE id = ${id}`);
    },

    /** revoked_at stays: what was issued before the block does not come back. */
    allow(id: string): void {
      database.write(
        sql`UPDATE clients SET blocked_at = NULL, blocked_by = NULL, note = NULL
          WHERE id = ${id} AND (blocked_by IS NULL OR blocked_by <> 'pending')`,
      );
    },
  };
}
