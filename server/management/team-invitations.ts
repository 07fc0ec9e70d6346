// /v1/teams/{team_id}/invitations: who is asked to come into a team, by mail.
import { z } from 'zod';
import { inviteIntoTeam, listInvitations, withdrawInvitation } from '../admin/invitation-commands.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readCursor } from './pages.ts';
import { at } from './schemas.ts';
import { ONE, READ, teamParams, teamRole, WRITE } from './team-schemas.ts';

const LIST = 'team-invitations';
const INVITATIONS = `${ONE}/invitations`;

const made = {
  id: z.string(),
  email: z.string().describe('In the one spelling in which addresses are compared.'),
  role: z.string(),
  expires_at: at('When it ends'),
};
const madeInvitation = z.strictObject(made).meta({ id: 'MadeTeamInvitation' });
const invitation = z
  .strictObject({
    ...made,
    invited_by: z.string().nullable().describe('The account that invited; null: an operator did.'),
    created_at: at('When it was sent'),
  })
  .meta({ id: 'TeamInvitation' });

const newInvitation = z
  .strictObject({ email: z.string().max(254), role: teamRole })
  .meta({ id: 'NewTeamInvitation' });

const params = teamParams.extend({
  invitation_id: z.string().max(100).describe('The id of an invitation.'),
});
const place = z.tuple([z.int().min(0), z.string().min(1).max(100)]);

const wanted = { email: 'grace@example.com', role: 'member' };
const sent = { id: 'inv_Hk3v0Qm3Lw7eT1aaBcDeFg', ...wanted, expires_at: 1_790_604_800 };

export const teamInvitations: Noun = {
  name: 'Invitations into teams',
  operations: [
    operation({
      ...{ id: 'listTeamInvitations', method: 'get', path: INVITATIONS, scope: READ, status: 200 },
      summary: 'List invitations that wait for an answer, the oldest first',
      params: teamParams,
      query: pageQuery({}),
      answer: pageOf('TeamInvitationList', invitation),
      example: {
        answer: { data: [{ ...sent, invited_by: null, created_at: 1_790_000_000 }], next: null },
      },
      async act(parts, { params: { team_id: teamId }, query: { limit, after } }) {
        const [createdAt, id] = after === undefined ? [0, ''] : readCursor(LIST, after, place);
        const page = { after: { createdAt, id }, limit: limit + 1 };
        const rows = await listInvitations(parts, teamId, page);
        return answerPage(LIST, rows, { limit, placeOf: (row) => [row.created_at, row.id] });
      },
    }),
    operation({
      ...{ id: 'createTeamInvitation', method: 'post', path: INVITATIONS, scope: WRITE, status: 201 },
      summary: 'Invite an address into a team',
      description: 'Sends a mail. An earlier invitation of the same address into the team ends.',
      params: teamParams,
      body: newInvitation,
      answer: madeInvitation,
      example: { body: wanted, answer: sent },
      act: (parts, { params: { team_id: id }, body, remember }) =>
        inviteIntoTeam(parts, id, { ...body, alsoInUnit: remember }),
    }),
    operation({
      ...{
        id: 'deleteTeamInvitation',
        method: 'delete',
        path: `${INVITATIONS}/{invitation_id}`,
        scope: WRITE,
        status: 204,
      },
      summary: 'Withdraw an invitation',
      params,
      async act(parts, { params: { team_id: teamId, invitation_id: id } }) {
        await withdrawInvitation(parts, { teamId, id });
        return undefined;
      },
    }),
  ],
};
