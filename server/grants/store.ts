// Consents and grants at rest. Atomic: a consent is one upsert per person, client and team; revoking a grant is one write that every process sees.
import { nowSeconds } from '../clock.ts';
import { checkWhole, orNothing, parseObject, readRow, readRows } from '../storage/damage.ts';
import type { Database } from '../storage/database.ts';
import { ID_TAKEN } from '../storage/faults.ts';
import {
  readStanding,
  readTeamStanding,
  standingOf,
  type TeamStanding,
  teamStandingOf,
} from '../storage/standing.ts';
import { insert, orIgnore, sql } from '../storage/statement.ts';
import { sweepExpired } from '../storage/sweep.ts';
import type {
  BlockedDevice,
  ConsentPlace,
  Grant,
  GrantRecord,
  ListedGrant,
  PermittedScopes,
} from './grants.ts';

const PAYLOAD_VERSION = 1;
const MOST_GRANTS = 500;
const NO_TEAM = '';

const FIND_GRANT = `SELECT g.id, g.account_id, g.client_id, g.team_id, g.session_uid, g.payload, g.created_at, g.expires_at,
    g.revoked_at, (SELECT c.revoked_at FROM clients c WHERE c.id = g.client_id) AS client_revoked_at,
    ${standingOf('g.account_id')} AS standing, ${teamStandingOf('g.team_id', 'g.account_id')} AS team_standing
  FROM grants g WHERE g.id = ?`;

type GrantRow = {
  id: number;
  account_id: string;
  client_id: string;
  team_id: string;
  standing: string;
  team_standing: string | null;
  session_uid: string | null;
  payload: string;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
  client_revoked_at: number | null;
};

type ListedRow = {
  id: number;
  client_id: string;
  team_id: string;
  team_name: string | null;
  kind: string;
  payload: string;
  created_at: number;
  last_used_at: number | null;
  expires_at: number;
  ends_at: number | null;
};

/** Undefined without a team, and for whoever is not in it. */
function findTeamStanding(text: string | null): TeamStanding | undefined {
  const standing = text === null ? undefined : readTeamStanding(text);
  return standing?.role === '' ? undefined : standing;
}

function readScopes({ scopes }: { scopes: string }): PermittedScopes {
  const { openid, resources, refused } = parseObject(scopes);
  for (const names of [openid, refused, ...Object.values(resources as object)])
    if (!Array.isArray(names)) throw new Error('not names');
  return { openid, resources, refused } as PermittedScopes;
}

function fromRow(row: GrantRow): Grant {
  checkWhole(row.id, row.created_at, row.expires_at, row.revoked_at);
  const isDeadWithClient = row.client_revoked_at !== null && row.created_at <= row.client_revoked_at;
  return {
    id: row.id,
    accountId: row.account_id,
    clientId: row.client_id,
    teamId: row.team_id || undefined,
    standing: readStanding(row.standing),
    teamStanding: findTeamStanding(row.team_standing),
    sessionUid: row.session_uid ?? undefined,
    payload: parseObject(row.payload),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    isRevoked: row.revoked_at !== null || isDeadWithClient,
  };
}

function fromListedRow(row: ListedRow): ListedGrant {
  checkWhole(row.created_at, row.last_used_at, row.expires_at, row.ends_at);
  return {
    id: row.id,
    clientId: row.client_id,
    team: row.team_id === NO_TEAM ? undefined : { id: row.team_id, name: row.team_name ?? row.team_id },
    kind: row.kind,
    payload: parseObject(row.payload),
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at ?? undefined,
    expiresAt: row.expires_at,
    endsAt: row.ends_at ?? undefined,
  };
}

export function createGrantStore(database: Database) {
  return {
    async findConsent(
      accountId: string,
      clientId: string,
      teamId = NO_TEAM,
    ): Promise<PermittedScopes | undefined> {
      const row = await database.find<{ scopes: string }>(
        sql`SELECT scopes FROM consents WHERE account_id = ${accountId} AND client_id = ${clientId}
          AND team_id = ${teamId} AND revoked_at IS NULL`,
      );
      if (row === undefined) return undefined;
      return orNothing(async () => readRow('consents', row, readScopes), database.noteDamage);
    },

    /** The team for which this client was allowed last, among those that the person is in. */
    async findConsentTeam(accountId: string, clientId: string): Promise<string | undefined> {
      const row = await database.find<{ team_id: string }>(
        sql`SELECT c.team_id FROM consents c
          WHERE c.account_id = ${accountId} AND c.client_id = ${clientId} AND c.revoked_at IS NULL AND EXISTS (
            SELECT 1 FROM memberships m WHERE m.team_id = c.team_id AND m.account_id = c.account_id)
          ORDER BY c.updated_at DESC, c.team_id LIMIT 1`,
      );
      return row?.team_id;
    },

    recordConsent({ accountId, clientId, teamId }: ConsentPlace, scopes: PermittedScopes): void {
      const now = nowSeconds();
      database.write(
        sql`INSERT INTO consents (account_id, client_id, team_id, scopes, created_at, updated_at)
          VALUES (${accountId}, ${clientId}, ${teamId ?? NO_TEAM}, ${JSON.stringify(scopes)}, ${now}, ${now})
          ON CONFLICT (account_id, client_id, team_id) DO UPDATE SET
            scopes = excluded.scopes, updated_at = excluded.updated_at, revoked_at = NULL`,
      );
    },

    forgetConsent({ accountId, clientId, teamId }: ConsentPlace): void {
      database.write(
        sql`UPDATE consents SET revoked_at = ${nowSeconds()} WHERE account_id = ${accountId}
          AND client_id = ${clientId} AND team_id = ${teamId ?? NO_TEAM} AND revoked_at IS NULL`,
      );
    },

    /** What a person allowed and was not asked for since, at most 500. */
    listConsentsOf: (accountId: string) =>
      database.list<{ client_id: string; scopes: string; created_at: number; updated_at: number }>(
        sql`SELECT client_id, scopes, created_at, updated_at FROM consents
          WHERE account_id = ${accountId} AND revoked_at IS NULL ORDER BY client_id LIMIT ${MOST_GRANTS}`,
      ),

    /** Removes what a person allowed and reported. */
    forgetAllOf(accountId: string): void {
      database.write(sql`DELETE FROM consents WHERE account_id = ${accountId}`);
      database.write(sql`DELETE FROM blocked_devices WHERE account_id = ${accountId}`);
    },

    /** Has this person reported a device of that client? */
    async isDeviceBlocked(accountId: string, clientId: string): Promise<boolean> {
      const row = await database.find(
        sql`SELECT 1 AS one FROM blocked_devices WHERE account_id = ${accountId} AND client_id = ${clientId}`,
      );
      return row !== undefined;
    },

    blockDevice(accountId: string, clientId: string): void {
      const row = { account_id: accountId, client_id: clientId, created_at: nowSeconds() };
      database.write(orIgnore(insert('blocked_devices', row)));
    },

    unblockDevice(accountId: string, clientId: string): void {
      database.write(
        sql`DELETE FROM blocked_devices WHERE account_id = ${accountId} AND client_id = ${clientId}`,
      );
    },

    /** What a person has reported, by client, at most 500. */
    async listBlockedOf(accountId: string): Promise<BlockedDevice[]> {
      const rows = await database.list<{ client_id: string; created_at: number }>(
        sql`SELECT client_id, created_at FROM blocked_devices WHERE account_id = ${accountId}
          ORDER BY client_id LIMIT ${MOST_GRANTS}`,
      );
      return rows.map((row) => ({ clientId: row.client_id, since: row.created_at }));
    },

    register(id: number, record: GrantRecord): void {
      database.write(
        insert('grants', {
          id,
          account_id: record.accountId,
          client_id: record.clientId,
          team_id: record.teamId ?? NO_TEAM,
          kind: record.kind,
          session_uid: record.sessionUid ?? null,
          amr: record.amr?.join(' ') ?? null,
          acr: record.acr ?? null,
          auth_time: record.authTime ?? null,
          payload: JSON.stringify(record.payload),
          payload_version: PAYLOAD_VERSION,
          created_at: nowSeconds(),
          expires_at: record.expiresAt,
          ends_at: record.endsAt ?? null,
        }),
        { conflict: ID_TAKEN },
      );
    },

    /** With the moment up to which its client's and its person's grants are dead. */
    async find(id: number): Promise<Grant | undefined> {
      const row = await database.find<GrantRow>(
        // A scalar subquery: a join was measured several times slower on SQLite (introspection/store.ts).
        { sql: FIND_GRANT, bindings: [id] },
      );
      return row === undefined ? undefined : readRow('grants', row, fromRow);
    },

    /** Live grants of a person, newest first. */
    async listOf(accountId: string): Promise<ListedGrant[]> {
      const now = nowSeconds();
      const rows = await database.list<ListedRow>(
        sql`SELECT g.id, g.client_id, g.team_id, (SELECT t.name FROM teams t WHERE t.id = g.team_id) AS team_name, g.kind, g.payload, g.created_at, g.last_used_at, g.expires_at, g.ends_at FROM grants g
          LEFT JOIN clients c ON c.id = g.client_id
          WHERE g.account_id = ${accountId} AND g.revoked_at IS NULL AND g.expires_at > ${now}
            AND (c.revoked_at IS NULL OR g.created_at > c.revoked_at)
          ORDER BY g.created_at DESC, g.id DESC LIMIT ${MOST_GRANTS}`,
      );
      return readRows(rows, (row) => readRow('grants', row, fromListedRow), database.noteDamage);
    },

    /**
     * Its idle life begins anew, but not beyond the end that the person chose.
     * Conflict('grant') where it was revoked since it was read: no tokens leave for a grant that is dead.
     */
    markUsed(id: number, expiresAt: number): void {
      database.write(
        sql`UPDATE grants SET last_used_at = ${nowSeconds()},
            expires_at = CASE WHEN ends_at < ${expiresAt} THEN ends_at ELSE ${expiresAt} END WHERE id = ${id} AND revoked_at IS NULL`,
        { expects: 1, conflict: 'grant' },
      );
    },

    revoke(id: number, reason: string): void {
      database.write(
        sql`UPDATE grants SET revoked_at = ${nowSeconds()}, revoked_reason = ${reason} WHERE id = ${id} AND revoked_at IS NULL`,
      );
    },

    endOfTeam(teamId: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE grants SET revoked_at = ${now}, revoked_reason = 'team_deleted'
          WHERE team_id = ${teamId} AND team_id <> '' AND revoked_at IS NULL`,
      );
      database.write(sql`DELETE FROM consents WHERE team_id = ${teamId} AND team_id <> ''`);
    },

    endOfMember(teamId: string, accountId: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE grants SET revoked_at = ${now}, revoked_reason = 'not_a_member'
          WHERE team_id = ${teamId} AND team_id <> '' AND account_id = ${accountId} AND revoked_at IS NULL`,
      );
      database.write(
        sql`DELETE FROM consents WHERE team_id = ${teamId} AND team_id <> '' AND account_id = ${accountId}`,
      );
    },

    revokeAllOf(accountId: string, reason: string): void {
      database.write(
        sql`UPDATE grants SET revoked_at = ${nowSeconds()}, revoked_reason = ${reason}
          WHERE account_id = ${accountId} AND revoked_at IS NULL`,
      );
    },

    sweep: sweepExpired(database, 'grants', ['id']),
  };
}
