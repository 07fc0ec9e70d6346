// How whoever a key acts for stands now, and who is told of a personal key: reads only, each one statement.
import type { Database } from '../storage/database.ts';
import { readStanding, readTeamStanding, standingOf, teamStandingOf } from '../storage/standing.ts';
import { sql } from '../storage/statement.ts';
import { listReachableManagers, type Recipient } from '../teams/managers.ts';
import type { KeyOwner } from './api-key.ts';
import type { Holder } from './key-rights.ts';

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

  async function listOwner(accountId: string): Promise<Recipient[]> {
    const rows = await database.list<{ id: string; email: string; locale: string | null }>(
      sql`SELECT a.id, a.email, COALESCE(a.chosen_locale, a.locale) AS locale FROM accounts a
        WHERE a.id = ${accountId} AND a.email IS NOT NULL AND a.disabled_at IS NULL AND a.deleted_at IS NULL`,
    );
    return rows.map(({ id, email, locale }) => ({ accountId: id, email, locale: locale ?? undefined }));
  }

  return {
    /** Undefined where there is no such person or team now, or the person is not in the team that is named. */
    findHolder: (owner: KeyOwner, teamId: string | undefined): Promise<Holder | undefined> =>
      owner.kind === 'team' ? findTeam(owner.teamId) : findPerson(owner.accountId, teamId),

    /** Of a personal key its owner; of one of a team those who manage it and can be reached. */
    listRecipients: (owner: KeyOwner, rights: Parameters<typeof listReachableManagers>[0]['rights']) =>
      owner.kind === 'team'
        ? listReachableManagers({ database, rights }, owner.teamId)
        : listOwner(owner.accountId),
  };
}
