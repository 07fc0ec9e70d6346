// Invitations at rest. Atomic: an end is a compare-and-set, so one answer counts; one of an address to a team is open at a
// time (partial unique index). They are looked at after `lock` of the team, so a new one and its inviter's end come in turn.
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { insert, type Statement, sql } from '../storage/statement.ts';
import { sweepExpired } from '../storage/sweep.ts';

const MOST_INVITATIONS = 500;

export type InvitationOutcome = 'accepted' | 'declined' | 'withdrawn' | 'replaced' | 'team_deleted';

/** One that waits for an answer. */
export type Invitation = {
  readonly id: string;
  readonly teamId: string;
  readonly teamName: string;
  /** As normalizeEmail writes it. */
  readonly email: string;
  readonly role: string;
  /** Undefined where an operator invited. */
  readonly invitedBy: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
};

/** Where one stands in the list of its team. */
export type InvitationPlace = Pick<Invitation, 'createdAt' | 'id'>;

type Row = {
  id: string;
  team_id: string;
  team_name: string;
  email: string;
  role: string;
  invited_by: string | null;
  created_at: number;
  expires_at: number;
};

function fromRow(row: Row): Invitation {
  return {
    id: row.id,
    teamId: row.team_id,
    teamName: row.team_name,
    email: row.email,
    role: row.role,
    invitedBy: row.invited_by ?? undefined,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

export function createInvitationStore(database: Database) {
  async function listOpen(condition: Statement): Promise<Invitation[]> {
    const rows = await database.list<Row>({
      sql: `SELECT i.id, i.team_id, t.name AS team_name, i.email, i.role, i.invited_by, i.created_at, i.expires_at
        FROM team_invitations i JOIN teams t ON t.id = i.team_id
        WHERE i.ended_at IS NULL AND i.expires_at > ? AND t.deleted_at IS NULL AND ${condition.sql}
        ORDER BY i.created_at, i.id LIMIT ${MOST_INVITATIONS}`,
      bindings: [nowSeconds(), ...condition.bindings],
    });
    return rows.map(fromRow);
  }

  function endWhere(condition: Statement, outcome: InvitationOutcome): void {
    database.write({
      sql: `UPDATE team_invitations SET ended_at = ?, outcome = ? WHERE ended_at IS NULL AND ${condition.sql}`,
      bindings: [nowSeconds(), outcome, ...condition.bindings],
    });
  }

  return {
    find: async (id: string): Promise<Invitation | undefined> => (await listOpen(sql`i.id = ${id}`))[0],
    listOfTeam: (teamId: string, { createdAt, id }: InvitationPlace = { createdAt: 0, id: '' }) =>
      listOpen(
        sql`i.team_id = ${teamId} AND (i.created_at > ${createdAt} OR (i.created_at = ${createdAt} AND i.id > ${id}))`,
      ),
    listOfEmail: (email: string) => listOpen(sql`i.email = ${email}`),

    register(invitation: Omit<Invitation, 'teamName' | 'createdAt'>): void {
      database.write(
        insert('team_invitations', {
          id: invitation.id,
          team_id: invitation.teamId,
          email: invitation.email,
          role: invitation.role,
          invited_by: invitation.invitedBy ?? null,
          created_at: nowSeconds(),
          expires_at: invitation.expiresAt,
        }),
        { conflict: 'invitation' },
      );
    },

    /** Conflict('invitation') where it was answered, withdrawn, or is too old. */
    end(id: string, outcome: InvitationOutcome): void {
      const now = nowSeconds();
      database.write(
        sql`UPDATE team_invitations SET ended_at = ${now}, outcome = ${outcome}
          WHERE id = ${id} AND ended_at IS NULL AND expires_at > ${now}`,
        { expects: 1, conflict: 'invitation' },
      );
    },

    endOfEmail: (teamId: string, email: string) =>
      endWhere(sql`team_id = ${teamId} AND email = ${email}`, 'replaced'),
    endBy: (teamId: string, accountId: string) =>
      endWhere(sql`team_id = ${teamId} AND invited_by = ${accountId}`, 'withdrawn'),
    endOfTeam: (teamId: string) => endWhere(sql`team_id = ${teamId}`, 'team_deleted'),

    /** What was sent to this address, and by whom else others were invited, is forgotten. */
    forgetPerson(accountId: string, email: string): void {
      database.write(sql`DELETE FROM team_invitations WHERE email = ${email}`);
      database.write(
        sql`UPDATE team_invitations SET ended_at = COALESCE(ended_at, ${nowSeconds()}),
          outcome = COALESCE(outcome, 'withdrawn'), invited_by = NULL WHERE invited_by = ${accountId}`,
      );
    },

    sweep: sweepExpired(database, 'team_invitations', ['id']),
  };
}
