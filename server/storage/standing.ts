// Where a person stands, as one column: a read that is hot asks for the row of an account once, not once for each of its columns.

/** Outside of any team. Without a plan it is the default one of the configuration. */
export type Standing = {
  readonly role: string;
  readonly isAdmin: boolean;
  readonly plan: string | undefined;
};

/** In a team (an empty role: not in it), and on which plan the team is. */
export type TeamStanding = { readonly role: string; readonly plan: string | undefined };

/** SQL: the standing of the account whose id the expression has, for `readStanding`; NULL where there is none. */
export function standingOf(accountId: string): string {
  return `(SELECT a.role || ' ' || a.is_admin || ' ' || COALESCE(a.plan, '') FROM accounts a WHERE a.id = ${accountId})`;
}

/**
 * SQL: the same within a team, for `readTeamStanding`; NULL where there is no such team, or it is deleted. Nothing is
 * looked up where no team is named.
 */
export function teamStandingOf(teamId: string, accountId: string): string {
  return `CASE WHEN ${teamId} <> '' THEN (SELECT COALESCE((SELECT m.role FROM memberships m
      WHERE m.team_id = x.id AND m.account_id = ${accountId}), '') || ' ' || COALESCE(x.plan, '')
    FROM teams x WHERE x.id = ${teamId} AND x.deleted_at IS NULL) END`;
}

// Names of roles and plans have no spaces (config/schema.ts).
export function readStanding(text: string): Standing {
  const [role = '', isAdmin, plan] = text.split(' ');
  return { role, isAdmin: isAdmin === '1', plan: plan || undefined };
}

export function readTeamStanding(text: string): TeamStanding {
  const [role = '', plan] = text.split(' ');
  return { role, plan: plan || undefined };
}
