// /account/teams, /teams/:team and /invitations/:invitation: what people do with their teams. The acts are those of server/teams.
import { Refusal } from '../errors.ts';
import { type Parameters, paramOf } from '../web/parameters.ts';
import { getMemberName, loadInvitation, loadTeam, loadTeams, pathOfTeam } from './team-pages.ts';
import type {
  ActRoute,
  Asked,
  PageRoute,
  QuestionRoute,
  WorkspaceParts,
  WorkspaceRoute,
} from './workspace-route.ts';

const TEAMS = '/account/teams';
const TEAM = '/teams/:team';
const MEMBER = `${TEAM}/members/:account`;
const INVITATION = '/invitations/:invitation';

const list: PageRoute = {
  ...{ kind: 'page', path: TEAMS, view: 'workspace/teams', title: 'Teams', load: loadTeams },
};
const one: PageRoute = { kind: 'page', path: TEAM, view: 'workspace/team', title: 'Team', load: loadTeam };
const invitation: PageRoute = {
  ...{ kind: 'page', path: INVITATION, view: 'workspace/invitation', title: 'Invitation' },
  load: loadInvitation,
};

function teamOf(asked: Asked): string {
  return paramOf(asked, 'team');
}

function placeOf(asked: Asked) {
  return { teamId: teamOf(asked), accountId: paramOf(asked, 'account') };
}

/** Back to the page of the team, after an act on it. */
function onTeam(path: string, act: (parts: WorkspaceParts, asked: Asked) => Promise<unknown>): ActRoute {
  return {
    ...{ kind: 'act', path: `${TEAM}/${path}`, shownOn: one },
    async act(parts, asked) {
      await act(parts, asked);
      return pathOfTeam(teamOf(asked));
    },
  };
}

const backToTeam = ({ team = '' }: Parameters) => pathOfTeam(team);

/** Its name, for owners alone where `isOwners`. */
async function nameForOwner({ teams }: WorkspaceParts, asked: Asked): Promise<string> {
  const { team, role } = await teams.get(asked.actor, teamOf(asked));
  if (role !== 'owner')
    throw new Refusal('access_denied', { words: 'Only an owner of the team may do this.' });
  return team.name;
}

async function memberForManager(parts: WorkspaceParts, asked: Asked): Promise<string> {
  const { role } = await parts.teams.get(asked.actor, teamOf(asked));
  if (!parts.rights.manages(role))
    throw new Refusal('access_denied', { words: 'Only those who manage the team may do this.' });
  return getMemberName(parts, asked);
}

const questions: readonly QuestionRoute[] = [
  {
    ...{ kind: 'question', path: `${MEMBER}/removal`, section: 'teams', back: backToTeam },
    title: 'Remove this member?',
    words:
      'They lose the team at once, with everything that acted for it in their name. Keys of the team stay, and show who made them.',
    button: 'Remove the member',
    subject: memberForManager,
    async act(parts, asked) {
      await parts.members.remove(asked.actor, placeOf(asked));
      return pathOfTeam(teamOf(asked));
    },
  },
  {
    ...{ kind: 'question', path: `${MEMBER}/transfer`, section: 'teams', back: backToTeam, isFresh: true },
    title: 'Hand the team over to this member?',
    words: 'They become an owner, and you step back into another role. Only they can give it back to you.',
    button: 'Hand the team over',
    async subject(parts, asked) {
      await nameForOwner(parts, asked);
      return getMemberName(parts, asked);
    },
    async act(parts, asked) {
      await parts.members.transfer(asked.account, placeOf(asked));
      return pathOfTeam(teamOf(asked));
    },
  },
  {
    ...{ kind: 'question', path: `${TEAM}/departure`, section: 'teams', back: backToTeam },
    title: 'Leave this team?',
    words: 'You lose it at once, with your own keys and apps for it. To come back you need an invitation.',
    button: 'Leave the team',
    subject: async (parts, asked) => (await parts.teams.get(asked.actor, teamOf(asked))).team.name,
    async act(parts, asked) {
      await parts.members.leave(asked.account, teamOf(asked));
      return TEAMS;
    },
  },
  {
    ...{ kind: 'question', path: `${TEAM}/deletion`, section: 'teams', back: backToTeam, isFresh: true },
    title: 'Delete this team?',
    words:
      'Its keys, service accounts and apps stop working at once, for everybody in it, and nothing comes back.',
    button: 'Delete the team',
    subject: nameForOwner,
    async act(parts, asked) {
      await parts.teams.remove(asked.actor, teamOf(asked));
      return TEAMS;
    },
  },
];

export const teamRoutes: readonly WorkspaceRoute[] = [
  ...[list, one],
  {
    ...{ kind: 'act', path: TEAMS, shownOn: list },
    async act({ teams }, { actor, account, form }) {
      return pathOfTeam((await teams.create(actor, account, { name: form.name ?? '' })).id);
    },
  },
  onTeam('name', ({ teams }, asked) => teams.rename(asked.actor, teamOf(asked), asked.form.name ?? '')),
  onTeam('members/:account/role', ({ members }, asked) =>
    members.setRole(asked.actor, placeOf(asked), asked.form.role ?? ''),
  ),
  onTeam('invitations', ({ invitations }, asked) => {
    const { email = '', role = '' } = asked.form;
    return invitations.invite(asked.actor, teamOf(asked), { email, role });
  }),
  onTeam('invitations/:invitation/withdrawal', ({ invitations }, asked) =>
    invitations.withdraw(asked.actor, teamOf(asked), paramOf(asked, 'invitation')),
  ),
  ...questions,
  invitation,
  {
    ...{ kind: 'act', path: `${INVITATION}/acceptance`, shownOn: invitation },
    async act({ invitations }, asked) {
      const { teamId } = await invitations.accept(asked.account, paramOf(asked, 'invitation'));
      return pathOfTeam(teamId);
    },
  },
  {
    ...{ kind: 'act', path: `${INVITATION}/refusal`, shownOn: invitation },
    async act({ invitations }, asked) {
      await invitations.decline(asked.account, paramOf(asked, 'invitation'));
      return TEAMS;
    },
  },
];
