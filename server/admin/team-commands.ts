// What an operator may do with teams. The JSON API calls the same functions.
import { asOperator } from '../teams/admission.ts';
import type { Team } from '../teams/team.ts';
import { type AdminParts, OPERATOR } from './parts.ts';

type Parts = Pick<AdminParts, 'accounts' | 'teams' | 'members' | 'rights'>;
type Page = { after: string; limit: number };

const operator = asOperator(OPERATOR);

export type ShownTeam = {
  id: string;
  name: string;
  /** The default one where none was chosen. */
  plan: string;
  created_at: number;
};

export type ShownMember = {
  account_id: string;
  email: string;
  name: string;
  role: string;
  since_at: number;
};

export type TeamWithMembers = ShownTeam & { members: ShownMember[] };

function show({ id, name, plan, createdAt }: Team, { rights }: Pick<Parts, 'rights'>): ShownTeam {
  return { id, name, plan: rights.planOfTeam(plan).name, created_at: createdAt };
}

async function showWithMembers(parts: Parts, teamId: string, page: Page): Promise<TeamWithMembers> {
  const { team } = await parts.teams.get(operator, teamId);
  const members = await parts.members.list(operator, teamId, page);
  return {
    ...show(team, parts),
    members: members.map(({ accountId, email, name, role, since }) => ({
      ...{ account_id: accountId, email, name, role, since_at: since },
    })),
  };
}

const FIRST_PAGE: Page = { after: '', limit: 100 };

/** `owner` and every `account`: an e-mail address or an id. Refuses with not_found, or where name or plan will not do. */
export async function createTeam(
  parts: Parts,
  wanted: { name: string; owner: string; plan?: string | undefined },
): Promise<ShownTeam> {
  const owner = await parts.accounts.get(wanted.owner);
  return show(await parts.teams.create(operator, owner, wanted), parts);
}

/** By id, at most `limit`, after the id `after`; of one account where it is named. */
export async function listTeams(
  parts: Parts,
  { account, ...page }: Page & { account?: string | undefined },
): Promise<ShownTeam[]> {
  if (account === undefined) return (await parts.teams.list(page)).map((team) => show(team, parts));
  const { id } = await parts.accounts.get(account);
  const teams = await parts.teams.listOf(id);
  return teams
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .filter((team) => team.id > page.after)
    .slice(0, page.limit)
    .map((team) => show(team, parts));
}

/** With its members by the id of their account. */
export const showTeam = (parts: Parts, teamId: string, page = FIRST_PAGE): Promise<TeamWithMembers> =>
  showWithMembers(parts, teamId, page);

export async function addToTeam(
  parts: Parts,
  teamId: string,
  { account, role }: { account: string; role: string },
): Promise<TeamWithMembers> {
  await parts.members.add(operator, { teamId, role }, await parts.accounts.get(account));
  return showTeam(parts, teamId);
}

/** What acted for the team in their name is dead. Refuses (conflict) the last owner. */
export async function removeFromTeam(
  parts: Parts,
  teamId: string,
  { account }: { account: string },
): Promise<TeamWithMembers> {
  const { id: accountId } = await parts.accounts.get(account);
  await parts.members.remove(operator, { teamId, accountId });
  return showTeam(parts, teamId);
}

export async function setTeamRole(
  parts: Parts,
  teamId: string,
  { account, role }: { account: string; role: string },
): Promise<TeamWithMembers> {
  const { id: accountId } = await parts.accounts.get(account);
  await parts.members.setRole(operator, { teamId, accountId }, role);
  return showTeam(parts, teamId);
}

/** Without a plan it is the default one from now on. */
export async function setTeamPlan(
  parts: Parts,
  teamId: string,
  plan: string | undefined,
): Promise<ShownTeam> {
  return show(await parts.teams.setPlan(operator, teamId, plan), parts);
}

export async function renameTeam(parts: Parts, teamId: string, name: string): Promise<ShownTeam> {
  return show(await parts.teams.rename(operator, teamId, name), parts);
}

/** All that it owned is dead, and its id is never used again. */
export async function deleteTeam(parts: Parts, teamId: string): Promise<{ id: string; name: string }> {
  const { id, name } = await parts.teams.remove(operator, teamId);
  return { id, name };
}
