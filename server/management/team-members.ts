// /v1/teams/{team_id}/members: who is in a team, and in which role. A team always has an owner (row G18).
import { z } from 'zod';
import { listTeamMembers, putTeamMember, removeFromTeam } from '../admin/team-commands.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';
import { at } from './schemas.ts';
import { accountId, exampleIds, ONE, READ, teamParams, teamRole, WRITE } from './team-schemas.ts';

const LIST = 'team-members';
const MEMBERS = `${ONE}/members`;
const MEMBER = `${MEMBERS}/{account_id}`;

const member = z
  .strictObject({
    account_id: z.string(),
    email: z.string(),
    name: z.string(),
    role: z.string(),
    since_at: at('When this person came'),
  })
  .meta({ id: 'TeamMember' });

const membership = z.strictObject({ role: teamRole }).meta({ id: 'TeamMembership' });
const params = teamParams.extend({ account_id: accountId });

const ada = {
  ...{ account_id: exampleIds.ada, email: 'ada@example.com', name: 'Ada Lovelace', role: 'member' },
  since_at: 1_790_000_000,
};

export const teamMembers: Noun = {
  name: 'Members of teams',
  operations: [
    operation({
      ...{ id: 'listTeamMembers', method: 'get', path: MEMBERS, scope: READ, status: 200 },
      summary: 'List who is in a team, by the id of their account',
      params: teamParams,
      query: pageQuery({}),
      answer: pageOf('TeamMemberList', member),
      example: { answer: { data: [ada], next: null } },
      async act(parts, { params: { team_id: id }, query: { limit, after } }) {
        const page = { after: readIdCursor(LIST, after), limit: limit + 1 };
        const rows = await listTeamMembers(parts, id, page);
        return answerPage(LIST, rows, { limit, placeOf: ({ account_id: account }) => [account] });
      },
    }),
    operation({
      ...{ id: 'putTeamMember', method: 'put', path: MEMBER, scope: WRITE, status: 200 },
      summary: 'Put a person into a team, or into another role there',
      description: 'They are not asked; an invitation asks. The last owner stays one (409).',
      params,
      body: membership,
      answer: member,
      example: { body: { role: 'member' }, answer: ada },
      act: (parts, { params: { team_id: teamId, account_id: account }, body: { role } }) =>
        putTeamMember(parts, { teamId, account, role }),
    }),
    operation({
      ...{ id: 'deleteTeamMember', method: 'delete', path: MEMBER, scope: WRITE, status: 204 },
      summary: 'Take a person out of a team',
      description: 'What acted for the team in their name ends. The last owner stays (409).',
      params,
      async act(parts, { params: { team_id: id, account_id: account } }) {
        await removeFromTeam(parts, id, { account });
        return undefined;
      },
    }),
  ],
};
