// What the pages of teams show: those that a person is in, one of them with its people, and an invitation.
import { Refusal } from '../errors.ts';
import type { Member } from '../teams/team.ts';
import { paramOf } from '../web/parameters.ts';
import type { Asked, Locals, WorkspaceParts } from './workspace-route.ts';

const MEMBERS_PAGE = 100;

export function pathOfTeam(id: string): string {
  return `/teams/${encodeURIComponent(id)}`;
}

export async function loadTeams(parts: WorkspaceParts, { account }: Asked): Promise<Locals> {
  const teams = await parts.teams.listOf(account.id);
  const invitations = await parts.invitations.listOf(account);
  return {
    section: 'teams',
    may_make: parts.config.teams.made_by_people,
    teams: teams.map(({ id, name, role }) => ({ id, name, role })),
    invitations: invitations.map(({ id, teamName, role, expiresAt }) => ({
      ...{ id, team_name: teamName, role, expires_at: expiresAt },
    })),
  };
}

/** What whoever asks may do with this member. */
function describeMember(member: Member, { rights }: WorkspaceParts, asked: Asked & { role: string }) {
  const isSelf = member.accountId === asked.account.id;
  return {
    ...{
      id: member.accountId,
      name: member.name,
      email: member.email,
      role: member.role,
      since: member.since,
    },
    ...{ is_self: isSelf, may_change: rights.mayGive(asked.role, member.role) && !isSelf },
    may_receive: asked.role === 'owner' && !isSelf,
  };
}

async function listInvitations({ invitations, rights }: WorkspaceParts, asked: Asked, role: string) {
  if (!rights.manages(role)) return [];
  const waiting = await invitations.list(asked.actor, paramOf(asked, 'team'));
  return waiting.map(({ id, email, role: given, expiresAt }) => ({
    id,
    email,
    role: given,
    expires_at: expiresAt,
  }));
}

/** Also where no more are registered, those that there are can be deleted. */
async function hasApps({ teamApps }: WorkspaceParts, asked: Asked): Promise<boolean> {
  const found = await teamApps.list(asked.actor, paramOf(asked, 'team'), { after: '', limit: 1 });
  return found.length > 0;
}

export async function loadTeam(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const { rights, config } = parts;
  const { team, role } = await parts.teams.get(asked.actor, paramOf(asked, 'team'));
  const page = { after: asked.query.after ?? '', limit: MEMBERS_PAGE + 1 };
  const members = await parts.members.list(asked.actor, team.id, page);
  const shown = members.slice(0, MEMBERS_PAGE);
  const manages = rights.manages(role);
  return {
    section: 'teams',
    team: {
      id: team.id,
      name: team.name,
      plan: rights.planOfTeam(team.plan).name,
      created_at: team.createdAt,
    },
    ...{ role, manages, is_owner: role === 'owner', has_keys: config.api_keys.team.enabled && manages },
    has_apps: manages && (config.teams.apps.enabled || (await hasApps(parts, asked))),
    members: shown.map((member) => describeMember(member, parts, { ...asked, role })),
    next: members.length > MEMBERS_PAGE ? shown.at(-1)?.accountId : undefined,
    is_later: page.after !== '',
    roles: rights.teamRoleNames().filter((name) => rights.mayGive(role, name)),
    invitations: await listInvitations(parts, asked, role),
  };
}

export async function loadInvitation(parts: WorkspaceParts, asked: Asked): Promise<Locals> {
  const invitation = await parts.invitations.getOwn(asked.account, paramOf(asked, 'invitation'));
  const inviter = await parts.accounts.find(invitation.invitedBy ?? '');
  return {
    section: 'teams',
    invitation: {
      ...{ id: invitation.id, team_name: invitation.teamName, role: invitation.role },
      // By their address alone: a name is whatever they chose.
      ...{ expires_at: invitation.expiresAt, inviter: inviter?.email },
    },
  };
}

/** A member of the team as a manager names them; refuses strangers and those who do not manage. */
export async function getMemberName(parts: WorkspaceParts, asked: Asked): Promise<string> {
  const { team } = await parts.teams.get(asked.actor, paramOf(asked, 'team'));
  const account = paramOf(asked, 'account');
  const found = await parts.members.find(asked.actor, { teamId: team.id, accountId: account });
  if (found === undefined) throw new Refusal('not_found', { words: 'This person is not in the team.' });
  return found.email;
}
