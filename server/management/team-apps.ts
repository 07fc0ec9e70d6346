// /v1/teams/{team_id}/apps: OAuth clients of a team, by those who manage it. What they ask for waits until an operator allows it.
import type { z } from 'zod';
import { describeClient } from '../admin/client-commands.ts';
import type { Client } from '../clients/clients.ts';
import { Refusal } from '../errors.ts';
import { type Actor, asOperator } from '../teams/admission.ts';
import {
  client,
  clientExample,
  clientParams,
  madeClient,
  madeSecret,
  newTeamApp,
  teamAppChange,
} from './client-schemas.ts';
import { type Caller, type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';
import { exampleIds, teamParams } from './team-schemas.ts';

const LIST = 'team-apps';
const ALL = '/v1/teams/{team_id}/apps';
const ONE = `${ALL}/{client_id}`;
const READ = { scope: 'latchkey:clients:read', own: 'team-apps:read' } as const;
const WRITE = { scope: 'latchkey:clients:write', own: 'team-apps:write' } as const;

const params = teamParams.extend(clientParams.shape);

const board = {
  ...{ ...clientExample, name: 'Loom board', state: 'pending', team_id: exampleIds.team, team_name: 'Looms' },
  ...{ scopes: ['openid'], blocked_at: 1_790_000_000, asked_at: 1_790_000_000, revision: 'Zm9vYmFyYmF6cXV4' },
  redirect_uris: ['https://board.example.com/callback'],
};

/** Who acts. A key, and an app of others, end with what they were given for; a secret of an app does not. */
function actorOf({ actor, self }: Caller, { isWriting }: { isWriting: boolean }): Actor {
  const isBound = self?.key !== undefined || self?.isForeignApp === true;
  if (!isBound || (self.key === undefined && !isWriting)) return self?.actor ?? asOperator(actor);
  throw new Refusal('access_denied', {
    words: 'Apps of teams are registered and changed by people, and by apps of whoever runs this server.',
    reason: 'an app would outlive the consent',
  });
}

function show(found: Client): z.input<typeof client> {
  return describeClient(found) as z.input<typeof client>;
}

export const teamApps: Noun = {
  name: 'Apps of teams',
  operations: [
    operation({
      ...{ id: 'listTeamApps', method: 'get', path: ALL, ...READ, status: 200 },
      summary: 'List the apps of a team, by id',
      params: teamParams,
      query: pageQuery({}),
      answer: pageOf('TeamAppList', client),
      example: { answer: { data: [board], next: null } },
      async act({ teamApps: apps }, { params: { team_id: team }, query: { limit, after }, caller }) {
        const page = { after: readIdCursor(LIST, after), limit: limit + 1 };
        const found = await apps.list(actorOf(caller, { isWriting: false }), team, page);
        return answerPage(LIST, found.map(show), { limit, placeOf: ({ client_id: id }) => [id] });
      },
    }),
    operation({
      ...{ id: 'createTeamApp', method: 'post', path: ALL, ...WRITE, status: 201 },
      summary: 'Register an app for a team',
      description:
        'Nobody can use it until an operator allows it; one that an operator registers is allowed by that. The secret is in this answer and in no other.',
      params: teamParams,
      body: newTeamApp,
      answer: madeClient,
      example: {
        body: {
          ...{ name: board.name, type: 'web', redirect_uris: board.redirect_uris },
          ...{ grants: ['authorization_code', 'refresh_token'], scopes: board.scopes },
        },
        answer: { client_id: board.client_id, client_secret: 'lks_…' },
      },
      async act({ teamApps: apps }, { params: { team_id: team }, body, caller, remember }) {
        const describe = ({ id, secret }: { id: string; secret: string | undefined }) => ({
          client_id: id,
          ...(secret !== undefined && { client_secret: secret }),
        });
        const isPublic = body.type === 'native' || body.type === 'browser';
        const auth = body.auth ?? (isPublic ? 'none' : 'client_secret_basic');
        const wanted = {
          ...body,
          auth,
          alsoInUnit: (made: Parameters<typeof describe>[0]) => remember(describe(made)),
        };
        return describe(await apps.register(actorOf(caller, { isWriting: true }), team, wanted));
      },
    }),
    operation({
      ...{ id: 'getTeamApp', method: 'get', path: ONE, ...READ, status: 200 },
      summary: 'Show one app of a team, and what of it waits',
      params,
      answer: client,
      example: { answer: board },
      act: async ({ teamApps: apps }, { params: { team_id: teamId, client_id: id }, caller }) =>
        show(await apps.get(actorOf(caller, { isWriting: false }), { teamId, id })),
    }),
    operation({
      ...{ id: 'updateTeamApp', method: 'patch', path: ONE, ...WRITE, status: 200 },
      summary: 'Change an app of a team',
      description:
        'What only takes away counts at once. All else stands in `proposal` until an operator allows it, and what was allowed stays in force. null takes a page out.',
      params,
      body: teamAppChange,
      answer: client,
      example: { body: { name: 'Board' }, answer: board },
      act: async ({ teamApps: apps }, { params: { team_id: teamId, client_id: id }, body, caller }) =>
        show(await apps.change(actorOf(caller, { isWriting: true }), { teamId, id }, body)),
    }),
    operation({
      ...{ id: 'deleteTeamApp', method: 'delete', path: ONE, ...WRITE, status: 204 },
      summary: 'Delete an app of a team',
      description: 'Everything issued to it is dead at once. Its id is never used again.',
      params,
      async act({ teamApps: apps }, { params: { team_id: teamId, client_id: id }, caller }) {
        await apps.remove(actorOf(caller, { isWriting: true }), { teamId, id });
        return undefined;
      },
    }),
    operation({
      ...{ id: 'createTeamAppSecret', method: 'post', path: `${ONE}/secrets`, ...WRITE, status: 201 },
      summary: 'Make another secret of an app of a team',
      description: 'It is in this answer and in no other. The one before stays good for a day.',
      params,
      answer: madeSecret,
      example: {
        answer: {
          ...{ client_id: board.client_id, client_secret: 'lks_…', previous_expires_at: 1_790_086_400 },
        },
      },
      async act({ teamApps: apps }, { params: { team_id: teamId, client_id: id }, caller, remember }) {
        const describe = (made: { secret: string; previousExpiresAt: number }) => ({
          ...{ client_id: id, client_secret: made.secret },
          previous_expires_at: made.previousExpiresAt,
        });
        const by = actorOf(caller, { isWriting: true });
        return describe(await apps.rotateSecret(by, { teamId, id }, (made) => remember(describe(made))));
      },
    }),
  ],
};
