// What an operator may do with teams. The JSON API calls the same functions.
import { Refusal } from '../errors.ts';
import { asOperator } from '../teams/admission.ts';
import type { Member, Team } from '../teams/team.ts';
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

function showMember({ accountId, email, name, role, since }: Member): ShownMember {
  return { account_id: accountId, email, name, role, since_at: since };
}

async function showWithMembers(parts: Parts, teamId: string, page: Page): Promise<TeamWithMembers> {
  const { team } = await parts.teams.get(operator, teamId);
  return { ...show(team, parts), members: await listTeamMembers(parts, teamId, page) };
}

const FIRST_PAGE: Page = { after: '', limit: 100 };

/** `owner` and every `account`: an e-mail address or an id. Refuses with not_found, or where name or plan will not do. */
export async function createTeam(
  parts: Parts,
  wanted: {
    name: string;
    owner: string;
    plan?: string | undefined;
    alsoInUnit?: ((made: { id: string; name: string }) => void) | undefined;
  },
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

/** By the id of their account, at most `limit`, after the id `after`. */
export async function listTeamMembers(parts: Parts, teamId: string, page: Page): Promise<ShownMember[]> {
  return (await parts.members.list(operator, teamId, page)).map(showMember);
}

/** In the team in this role, whether they were in it before or not. Refuses (conflict) the last owner another role. */
export async function putTeamMember(
  parts: Parts,
  { teamId, account, role }: { teamId: string; account: string; role: string },
): Promise<ShownMember> {
  const person = await parts.accounts.get(account);
  const place = { teamId, accountId: person.id };
  const before = await parts.members.find(operator, place);
  if (before === undefined) await parts.members.add(operator, { teamId, role }, person);
  else if (before.role !== role) await parts.members.setRole(operator, place, role);
  const member = await parts.members.find(operator, place);
  if (member === undefined) throw new Refusal('conflict');
  return showMember(member);
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

/** Its name, its plan, or both at once; a plan of null is the default one. */
export async function updateTeam(
  parts: Parts,
  teamId: string,
  change: { name?: string | undefined; plan?: string | null | undefined },
): Promise<ShownTeam> {
  return show(await parts.teams.update(operator, teamId, change), parts);
}

export async function renameTeam(parts: Parts, teamId: string, name: string): Promise<ShownTeam> {
  return show(await parts.teams.rename(operator, teamId, name), parts);
}

/** Without its members. */
export async function showTeamAlone(parts: Parts, teamId: string): Promise<ShownTeam> {
  return show((await parts.teams.get(operator, teamId)).team, parts);
}

/** All that it owned is dead, and its id is never used again. */
export async function deleteTeam(parts: Parts, teamId: string): Promise<{ id: string; name: string }> {
  const { id, name } = await parts.teams.remove(operator, teamId);
  return { id, name };
}
