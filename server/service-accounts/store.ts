// Service accounts at rest, beside their clients. Atomic: an account of a team is registered only where the team has room
// (counted at the commit, one after the other: the team is locked before); a JWT is revoked once, however often that is
// asked for.
import type { Registration } from '../clients/clients.ts';
import { parseRegistration } from '../clients/registration-text.ts';
import { nowSeconds } from '../clock.ts';
import { readRow } from '../storage/damage.ts';
import type { Database } from '../storage/database.ts';
import { insert, orIgnore, type Statement, sql } from '../storage/statement.ts';
import { sweepExpired } from '../storage/sweep.ts';

/** The label of a registration that found its team full. */
export const NO_ROOM = 'service_account_room';

/** How often the use of one is noted at most. */
const NOTE_USE_EVERY_SECONDS = 60;
const LONGEST_PROGRAM = 300;

/** From where, and with what, as far as that is known. */
export type Use = { readonly address?: string | undefined; readonly program?: string | undefined };

export type ServiceAccountRow = {
  id: string;
  team_id: string | null;
  plan: string | null;
  responsible_id: string | null;
  last_used_at: number | null;
  last_used_address: string | null;
  last_used_program: string | null;
  created_at: number;
  registration: string;
  blocked_at: number | null;
  revoked_at: number | null;
  team_plan: string | null;
  /** Of a team that is there, or of the operator: 1. */
  has_owner: number;
};

// One whose client alone was removed is none: it has nothing to sign with.
const COLUMNS = `SELECT s.client_id AS id, s.team_id, s.plan, s.responsible_id, s.last_used_at, s.last_used_address, s.last_used_program,
    s.created_at, c.registration, c.blocked_at, c.revoked_at,
    (SELECT m.plan FROM teams m WHERE m.id = s.team_id) AS team_plan,
    CASE WHEN s.team_id IS NULL OR EXISTS (
      SELECT 1 FROM teams m WHERE m.id = s.team_id AND m.deleted_at IS NULL) THEN 1 ELSE 0 END AS has_owner
  FROM service_accounts s JOIN clients c ON c.id = s.client_id AND c.registration NOT LIKE '%"type":"removed"%'`;

function where({ sql: condition, bindings }: Statement): Statement {
  return { sql: `${COLUMNS} WHERE ${condition}`, bindings };
}

export function createServiceAccountStore(database: Database) {
  return {
    find: (id: string) => database.find<ServiceAccountRow>(where(sql`s.client_id = ${id}`)),

    /** By id, at most `limit`, after the cursor; of one team, or of all. */
    list({ teamId, after, limit }: { teamId: string | undefined; after: string; limit: number }) {
      const page = sql`s.client_id > ${after} ORDER BY s.client_id LIMIT ${limit}`;
      const ofTeam = sql`s.team_id = ${teamId ?? ''} AND s.client_id > ${after} ORDER BY s.client_id LIMIT ${limit}`;
      return database.list<ServiceAccountRow>(where(teamId === undefined ? page : ofTeam));
    },

    /** Beside its client, in the open unit. */
    register(
      id: string,
      owner: Readonly<Record<'teamId' | 'plan' | 'responsibleId', string | undefined>>,
    ): void {
      const { teamId, plan, responsibleId } = owner;
      const whose = { team_id: teamId ?? null, plan: plan ?? null, responsible_id: responsibleId ?? null };
      const row = { client_id: id, ...whose };
      database.write(insert('service_accounts', { ...row, created_at: nowSeconds() }), {
        conflict: 'service_account',
      });
    },

    /** After a registration, with the team locked: it counts itself, and is rolled back where it is one too many. */
    checkRoom(teamId: string, most: number): void {
      database.write(
        sql`UPDATE teams SET updated_at = updated_at WHERE id = ${teamId}
          AND (SELECT COUNT(*) FROM service_accounts s WHERE s.team_id = ${teamId}) <= ${most}`,
        { expects: 1, conflict: NO_ROOM },
      );
    },

    /** At most once a minute, whoever else notes it. */
    noteUse(id: string, { address, program }: Use): void {
      const now = nowSeconds();
      const shortened = program?.slice(0, LONGEST_PROGRAM) ?? null;
      database.write(
        sql`UPDATE service_accounts SET last_used_at = ${now},
            last_used_address = ${address ?? null}, last_used_program = ${shortened}
          WHERE client_id = ${id} AND (last_used_at IS NULL OR last_used_at <= ${now - NOTE_USE_EVERY_SECONDS})`,
      );
    },

    /** What the file declares is the operator's; one of a team stays the team's. */
    declare(id: string, plan: string | undefined): void {
      const row = { client_id: id, plan: plan ?? null, created_at: nowSeconds() };
      database.write(orIgnore(insert('service_accounts', row)));
      database.write(sql`UPDATE service_accounts SET plan = ${plan ?? null} WHERE client_id = ${id}`);
    },

    /** Of a team that ends, in the open unit. */
    blockAllOf(teamId: string): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE clients SET blocked_at = ${now}, revoked_at = ${now}, blocked_by = 'operator'
          WHERE id IN (SELECT s.client_id FROM service_accounts s WHERE s.team_id = ${teamId})`,
      );
    },

    remove(id: string): void {
      database.write(sql`DELETE FROM warned_keys WHERE client_id = ${id}`);
      database.write(sql`DELETE FROM service_accounts WHERE client_id = ${id}`);
    },

    /** Everything that was signed by or issued to it up to this second is dead. It never goes back. */
    endUpTo(id: string, at: number): void {
      database.write(
        sql`UPDATE clients SET revoked_at = ${at} WHERE id = ${id} AND (revoked_at IS NULL OR revoked_at < ${at})`,
      );
    },

    /** Until it would have expired. */
    revokeJwt(jwt: { hash: Buffer; clientId: string; expiresAt: number }): void {
      const row = {
        token_hash: jwt.hash,
        client_id: jwt.clientId,
        revoked_at: nowSeconds(),
        expires_at: jwt.expiresAt,
      };
      database.write(orIgnore(insert('revoked_service_jwts', row)));
    },

    sweep: sweepExpired(database, 'revoked_service_jwts', ['token_hash']),
  };
}

export function readRegistration({ registration }: Pick<ServiceAccountRow, 'registration'>): Registration {
  return readRow('clients', registration, parseRegistration);
}
