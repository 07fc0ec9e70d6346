// Whom mails about what belongs to a team go to: those who manage it and have proved that their address is theirs.
import type { Database } from '../storage/database.ts';
import type { Rights } from './rights.ts';

const MOST_RECIPIENTS = 10;

export type Recipient = {
  readonly accountId: string;
  readonly email: string;
  readonly locale: string | undefined;
};

type Parts = { database: Database; rights: Pick<Rights, 'teamRoleNames' | 'manages'> };

/** At most ten, the oldest accounts first. */
export async function listReachableManagers(
  { database, rights }: Parts,
  teamId: string,
): Promise<Recipient[]> {
  const roles = rights.teamRoleNames().filter(rights.manages);
  const rows = await database.list<{ id: string; email: string; locale: string | null }>({
    // Whoever mistyped their address would have strangers read what the team has, and how it is called.
    sql: `SELECT a.id, a.email, COALESCE(a.chosen_locale, a.locale) AS locale FROM accounts a
      WHERE a.id IN (SELECT m.account_id FROM memberships m WHERE m.team_id = ?
        AND m.role IN (${roles.map(() => '?').join(', ')}))
      AND a.email IS NOT NULL AND a.email_verified_at IS NOT NULL AND a.disabled_at IS NULL AND a.deleted_at IS NULL
      ORDER BY a.created_at, a.id LIMIT ${MOST_RECIPIENTS}`,
    bindings: [teamId, ...roles],
  });
  return rows.map(({ id, email, locale }) => ({ accountId: id, email, locale: locale ?? undefined }));
}
