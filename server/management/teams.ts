// /v1/teams: teams, made for a person who owns them, with a plan as their ceiling.
import { z } from 'zod';
import { createTeam, deleteTeam, listTeams, showTeamAlone, updateTeam } from '../admin/team-commands.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';
import { at } from './schemas.ts';
import { ALL, accountId, exampleIds, ONE, READ, teamParams, WRITE } from './team-schemas.ts';

const LIST = 'teams';

const team = z
  .strictObject({
    id: z.string().describe('Random, and never used again: `team_id` of its tokens.'),
    name: z.string(),
    plan: z.string().describe('The one that counts: the default one where none was chosen.'),
    created_at: at('When it was made'),
  })
  .meta({ id: 'Team' });

const name = z.string().max(400).describe('At most 100 characters, without addresses of pages in it.');
const plan = z.string().max(64);

const newTeam = z
  .strictObject({
    name,
    owner_account_id: accountId,
    plan: plan.optional().describe('A plan of the configuration; without one the default one.'),
  })
  .meta({ id: 'NewTeam' });

const madeTeam = z.strictObject({ id: z.string(), name: z.string() }).meta({ id: 'MadeTeam' });

const teamChange = z
  .strictObject({
    name: name.optional(),
    plan: plan.nullable().optional().describe('A plan of the configuration; null is the default one.'),
  })
  .meta({ id: 'TeamChange' });

const looms = { id: exampleIds.team, name: 'Looms', plan: 'standard', created_at: 1_790_000_000 };

export const teams: Noun = {
  name: 'Teams',
  operations: [
    operation({
      ...{ id: 'listTeams', method: 'get', path: ALL, scope: READ, status: 200 },
      summary: 'List teams, by id',
      query: pageQuery({ account_id: accountId.optional().describe('Those of this person only.') }),
      answer: pageOf('TeamList', team),
      example: { answer: { data: [looms], next: null } },
      async act(parts, { query: { limit, after, account_id: account } }) {
        const page = { account, after: readIdCursor(LIST, after), limit: limit + 1 };
        return answerPage(LIST, await listTeams(parts, page), { limit, placeOf: ({ id }) => [id] });
      },
    }),
    operation({
      ...{ id: 'createTeam', method: 'post', path: ALL, scope: WRITE, status: 201 },
      summary: 'Make a team with its first owner',
      body: newTeam,
      answer: madeTeam,
      example: {
        body: { name: looms.name, owner_account_id: exampleIds.ada },
        answer: { id: looms.id, name: looms.name },
      },
      async act(parts, { body: { owner_account_id: owner, ...wanted }, remember }) {
        const { id, name } = await createTeam(parts, { ...wanted, owner, alsoInUnit: remember });
        return { id, name };
      },
    }),
    operation({
      ...{ id: 'getTeam', method: 'get', path: ONE, scope: READ, status: 200 },
      summary: 'Show one team',
      params: teamParams,
      answer: team,
      example: { answer: looms },
      act: (parts, { params: { team_id: id } }) => showTeamAlone(parts, id),
    }),
    operation({
      ...{ id: 'updateTeam', method: 'patch', path: ONE, scope: WRITE, status: 200 },
      summary: 'Rename a team, or put it on another plan',
      description: 'What is too much for a smaller plan is not removed, but gives nothing more.',
      params: teamParams,
      body: teamChange,
      answer: team,
      example: { body: { name: 'Analytical Engines' }, answer: { ...looms, name: 'Analytical Engines' } },
      act: (parts, { params: { team_id: id }, body }) => updateTeam(parts, id, body),
    }),
    operation({
      ...{ id: 'deleteTeam', method: 'delete', path: ONE, scope: WRITE, status: 204 },
      summary: 'End a team for ever',
      description: 'Its keys, service accounts, grants and invitations end with it.',
      params: teamParams,
      async act(parts, { params: { team_id: id } }) {
        await deleteTeam(parts, id);
        return undefined;
      },
    }),
  ],
};
