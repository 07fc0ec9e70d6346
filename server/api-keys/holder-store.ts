// How whoever a key acts for stands now, and who answers for the keys of a team: reads only, each one statement.
import type { Database } from '../storage/database.ts';
import { readStanding, readTeamStanding, standingOf, teamStandingOf } from '../storage/standing.ts';
import { sql } from '../storage/statement.ts';
import type { KeyOwner } from './api-key.ts';
import type { Holder } from './key-rights.ts';

const MOST_RECIPIENTS = 10;

export type Recipient = {
  readonly accountId: string;
  readonly email: string;
  readonly locale: string | undefined;
};

export function createHolderStore(database: Database) {
  async function findTeam(teamId: string): Promise<Holder | undefined> {
    const row = await database.find<{ plan: string | null }>(
      sql`SELECT plan FROM teams WHERE id = ${teamId} AND deleted_at IS NULL`,
    );
    return row && { kind: 'team', plan: row.plan ?? undefined };
  }

  async function findPerson(accountId: string, teamId: string | undefined): Promise<Holder | undefined> {
    const row = await database.find<{ standing: string; team_standing: string | null }>({
      sql: `SELECT ${standingOf('p.id')} AS standing, ${teamStandingOf('p.team_id', 'p.id')} AS team_standing
        FROM (SELECT w.id, CAST(? AS TEXT) AS team_id FROM accounts w
          WHERE w.id = ? AND w.disabled_at IS NULL AND w.deleted_at IS NULL) p`,
      bindings: [teamId ?? '', accountId],
    });
    if (row === undefined) return undefined;
    const person = readStanding(row.standing);
    if (teamId === undefined) return { kind: 'personal', person, team: undefined };
    const team = readTeamStanding(row.team_standing ?? '');
    return team.role === '' ? undefined : { kind: 'personal', person, team };
  }

  return {
    /** Undefined where there is no such person or team now, or the person is not in the team that is named. */
    findHolder: (owner: KeyOwner, teamId: string | undefined): Promise<Holder | undefined> =>
      owner.kind === 'team' ? findTeam(owner.teamId) : findPerson(owner.accountId, teamId),

    /** The owner of a personal key; of a team, at most ten who have one of these roles, the oldest members first. */
    async listRecipients(owner: KeyOwner, managingRoles: readonly string[]): Promise<Recipient[]> {
      const who =
        owner.kind === 'personal'
          ? sql`a.id = ${owner.accountId}`
          : {
              sql: `a.id IN (SELECT m.account_id FROM memberships m WHERE m.team_id = ?
                AND m.role IN (${managingRoles.map(() => '?').join(', ')}))`,
              bindings: [owner.teamId, ...managingRoles],
            };
      const rows = await database.list<{ id: string; email: string; locale: string | null }>({
        sql: `SELECT a.id, a.email, COALESCE(a.chosen_locale, a.locale) AS locale FROM accounts a WHERE ${who.sql} AND a.email IS NOT NULL
          AND a.disabled_at IS NULL AND a.deleted_at IS NULL ORDER BY a.created_at, a.id LIMIT ${MOST_RECIPIENTS}`,
        bindings: who.bindings,
      });
      return rows.map(({ id, email, locale }) => ({ accountId: id, email, locale: locale ?? undefined }));
    },
  };
}
