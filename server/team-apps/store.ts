// Apps of teams at rest: rows of clients. Atomic: every change names what was read, the state among it, so that nothing that
// nobody has seen comes into force (one compare-and-set); the apps of a team are counted in the unit that adds one.
import type { Client, Registration } from '../clients/clients.ts';
import { resourceServer } from '../clients/ready-made.ts';
import type { Proposal } from '../clients/team-owner.ts';
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { type Statement, sql } from '../storage/statement.ts';

/** The label of a registration beyond the plan. */
export const NO_ROOM = 'team_apps';

function asText(proposal: Proposal | undefined): string | null {
  return proposal === undefined ? null : JSON.stringify(proposal);
}

function unchanged({ id, registration, blockedAt, owner }: Client): Statement {
  return sql`WHERE id = ${id} AND source = 'database' AND registration = ${JSON.stringify(registration)}
    AND COALESCE(proposal, '') = ${asText(owner?.proposal) ?? ''} AND owner_team_id = ${owner?.teamId ?? ''}
    AND COALESCE(blocked_at, 0) = ${blockedAt ?? 0} AND COALESCE(asked_at, 0) = ${owner?.askedAt ?? 0}`;
}

export function createTeamAppStore(database: Database) {
  /** Conflict('client') where it is not the one that was read any more. */
  function change(before: Client, set: Statement): void {
    const where = unchanged(before);
    database.write(
      {
        sql: `UPDATE clients SET updated_at = ?, ${set.sql} ${where.sql}`,
        bindings: [nowSeconds(), ...set.bindings, ...where.bindings],
      },
      { expects: 1, conflict: 'client' },
    );
  }

  return {
    /** A client that was just registered is the team's. One that nobody has allowed is blocked until then. */
    own(id: string, of: { teamId: string; registeredBy: string | undefined; isPending: boolean }): void {
      const pendingAt = of.isPending ? nowSeconds() : null;
      database.write(
        sql`UPDATE clients SET owner_team_id = ${of.teamId}, registered_by = ${of.registeredBy ?? null},
          blocked_at = ${pendingAt}, blocked_by = ${of.isPending ? 'pending' : null}, asked_at = ${pendingAt} WHERE id = ${id}`,
        { expects: 1 },
      );
    },

    /** After `own`, with the team's row locked: Conflict(NO_ROOM) where it is one too many. */
    checkRoom(teamId: string, most: number): void {
      database.write(
        sql`UPDATE teams SET updated_at = updated_at WHERE id = ${teamId}
          AND (SELECT COUNT(*) FROM clients c WHERE c.owner_team_id = ${teamId}) <= ${most}`,
        { expects: 1, conflict: NO_ROOM },
      );
    },

    /** What its team decided: what is in force, and what waits beside it. */
    put(
      before: Client,
      next: { registration: Registration; proposal: Proposal | undefined; isAsking: boolean },
    ): void {
      const askedAt = next.isAsking ? (before.owner?.askedAt ?? nowSeconds()) : null;
      change(
        before,
        sql`registration = ${JSON.stringify(next.registration)}, proposal = ${asText(next.proposal)},
          asked_at = ${askedAt}, note = ${next.isAsking ? null : (before.owner?.note ?? null)}`,
      );
    },

    /** It may ask from now on, registered as this. */
    approve(before: Client, registration: Registration): void {
      change(
        before,
        sql`registration = ${JSON.stringify(registration)}, proposal = NULL, asked_at = NULL, note = NULL,
          blocked_at = NULL, blocked_by = NULL`,
      );
    },

    /** What waited is gone; an app that was never allowed stays refused. */
    decline(before: Client, note: string | undefined): void {
      change(
        before,
        sql`proposal = NULL, asked_at = NULL, note = ${note ?? null},
          blocked_by = CASE WHEN blocked_by = 'pending' THEN 'operator' ELSE blocked_by END`,
      );
    },

    /** All of a team that ends, in the open unit, with the devices that wait for it. Nothing of their registrations stays. */
    endOfTeam(teamId: string): void {
      const now = nowSeconds();
      const nothing: Registration = {
        ...{ ...resourceServer('', 'none'), type: 'removed', secrets: [], isFirstParty: false },
      };
      database.write(
        sql`UPDATE device_codes SET state = 'killed', decided_at = ${now} WHERE state = 'pending'
          AND client_id IN (SELECT c.id FROM clients c WHERE c.owner_team_id = ${teamId})`,
      );
      database.write(
        sql`UPDATE clients SET registration = ${JSON.stringify(nothing)}, blocked_at = ${now}, revoked_at = ${now},
          blocked_by = 'operator', proposal = NULL, asked_at = NULL, note = NULL, owner_team_id = NULL, registered_by = NULL
          WHERE owner_team_id = ${teamId} AND source = 'database'`,
      );
      // Where the configuration file declares the same id, its declaration stays and nothing stands behind it.
      database.write(
        sql`UPDATE clients SET covered = NULL, proposal = NULL, asked_at = NULL, owner_team_id = NULL, registered_by = NULL
          WHERE owner_team_id = ${teamId}`,
      );
    },

    /** Of an account that is erased. */
    forgetPerson(accountId: string): void {
      database.write(sql`UPDATE clients SET registered_by = NULL WHERE registered_by = ${accountId}`);
    },
  };
}
