// /v1/clients: OAuth clients (RFC 6749 section 2), the servers of APIs among them.
import { z } from 'zod';
import {
  allowClient,
  blockClient,
  describeClient,
  rotateClientSecret,
  unverifyClient,
  verifyClient,
} from '../admin/client-commands.ts';
import { prepareUpdate, registerClient, updateClient, usualSettings } from '../admin/client-registration.ts';
import type { AdminParts } from '../admin/parts.ts';
import type { Client } from '../clients/clients.ts';
import { Refusal } from '../errors.ts';
import { clientReviews } from './client-reviews.ts';
import {
  changedClient,
  client,
  clientChange,
  clientExample,
  clientParams,
  madeClient,
  madeSecret,
  newClient,
} from './client-schemas.ts';
import { type Caller, type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';
import { checkReach } from './reach.ts';

const LIST = 'clients';
const READ = 'latchkey:clients:read';
const WRITE = 'latchkey:clients:write';
const ONE = '/v1/clients/{client_id}';

type Shown = z.input<typeof client>;

/** What was removed is no more, and issuers are a noun of their own. */
function isListed({ registration: { type } }: Client): boolean {
  return type !== 'removed' && type !== 'trusted_issuer';
}

function show(found: Client): Shown {
  return describeClient(found) as Shown;
}

async function getListed({ clients }: AdminParts, id: string): Promise<Client> {
  const found = await clients.get(id);
  if (isListed(found)) return found;
  throw new Refusal('not_found', { words: `There is no client ${id}.`, param: 'client_id' });
}

/** Whoever gets hold of a client has its rights; to end or vouch for a greater one is not theirs either. */
async function checkWithinReach(parts: AdminParts, caller: Caller, id: string): Promise<Client> {
  const found = await getListed(parts, id);
  checkReach(caller, found.registration.scopes);
  return found;
}

/** By id, `wanted` of them unless there are fewer. */
async function collect(
  { clients }: AdminParts,
  page: { after: string; teamId: string | undefined },
  wanted: number,
): Promise<Client[]> {
  const found: Client[] = [];
  let last = page.after;
  for (;;) {
    const batch = await clients.list({ ...page, after: last, limit: wanted });
    found.push(...batch.filter(isListed));
    const end = batch.at(-1);
    if (end === undefined || batch.length < wanted || found.length >= wanted) return found.slice(0, wanted);
    last = end.id;
  }
}

const list = operation({
  ...{ id: 'listClients', method: 'get', path: '/v1/clients', scope: READ, status: 200 },
  summary: 'List clients, by id',
  query: pageQuery({ team_id: z.string().max(100).optional().describe('Those of this team only.') }),
  answer: pageOf('ClientList', client),
  example: { answer: { data: [clientExample], next: null } },
  async act(parts, { query: { limit, after, team_id: teamId } }) {
    const found = await collect(parts, { after: readIdCursor(LIST, after), teamId }, limit + 1);
    return answerPage(LIST, found.map(show), { limit, placeOf: ({ client_id: id }) => [id] });
  },
});

const create = operation({
  ...{ id: 'createClient', method: 'post', path: '/v1/clients', scope: WRITE, status: 201 },
  summary: 'Register a client',
  description: 'The secret is in this answer and in no other. What is left out follows from the type.',
  body: newClient,
  answer: madeClient,
  example: {
    body: {
      ...{ name: 'Shop', type: 'web', redirect_uris: ['https://shop.example.com/callback'] },
      ...{ grants: ['authorization_code', 'refresh_token'], scopes: ['openid', 'read:orders'] },
    },
    answer: { client_id: clientExample.client_id, client_secret: 'lks_…' },
  },
  async act(parts, { body: { client_id: id, ...settings }, caller, remember }) {
    checkReach(caller, settings.scopes ?? []);
    const whole = { ...usualSettings(settings.type), ...settings };
    return registerClient(parts, whole, { id, alsoInUnit: remember });
  },
});

const get = operation({
  ...{ id: 'getClient', method: 'get', path: ONE, scope: READ, status: 200 },
  summary: 'Show one client',
  params: clientParams,
  answer: client,
  example: { answer: clientExample },
  act: async (parts, { params: { client_id: id } }) => show(await getListed(parts, id)),
});

const update = operation({
  ...{ id: 'updateClient', method: 'patch', path: ONE, scope: WRITE, status: 200 },
  summary: 'Change a client',
  description:
    'Members of the body take the place of its own, as a whole; null takes one out. The client that results is judged as a new one is. With an `auth` that needs a secret and none there, one is made; with an `auth` that needs none, its secrets are gone. What was issued before stays good, unless it proved itself before and does not any more: `auth` is then `none`, and all of it ends.',
  params: clientParams,
  body: clientChange,
  answer: changedClient,
  example: { body: { name: 'The new shop' }, answer: { ...clientExample, name: 'The new shop' } },
  async act(parts, { params: { client_id: id }, body, caller }) {
    await checkWithinReach(parts, caller, id);
    const prepared = await prepareUpdate(parts, id, body);
    checkReach(caller, prepared.registration.scopes);
    const changed = show(await updateClient(parts, prepared));
    const { secret } = prepared;
    return { ...changed, ...(secret === undefined ? {} : { client_secret: secret }) };
  },
});

const remove = operation({
  ...{ id: 'deleteClient', method: 'delete', path: ONE, scope: WRITE, status: 204 },
  summary: 'Remove a client',
  description: 'Everything issued to it is dead at once. Its id is never used again.',
  params: clientParams,
  async act(parts, { params: { client_id: id }, caller }) {
    const { resource, registration } = await checkWithinReach(parts, caller, id);
    const isMachine = registration.type === 'service_account';
    if (resource !== undefined || isMachine) {
      const words = isMachine
        ? `The client ${id} is a service account: end it there.`
        : `The client ${id} belongs to the API ${resource}.`;
      throw new Refusal('invalid_request', { words, param: 'client_id' });
    }
    await parts.clients.remove(id);
    return undefined;
  },
});

const createSecret = operation({
  ...{ id: 'createClientSecret', method: 'post', path: `${ONE}/secrets`, scope: WRITE, status: 201 },
  summary: 'Make another secret',
  description: 'It is in this answer and in no other. The one before stays good for a day.',
  params: clientParams,
  answer: madeSecret,
  example: {
    answer: {
      client_id: clientExample.client_id,
      client_secret: 'lks_…',
      previous_expires_at: 1_790_086_400,
    },
  },
  async act(parts, { params: { client_id: id }, caller, remember }) {
    await checkWithinReach(parts, caller, id);
    return rotateClientSecret(parts, id, remember);
  },
});

/** A state that is put on and taken off: saying it twice is saying it once. */
function stateOf(
  path: string,
  on: { id: string; summary: string; description: string; act: typeof blockClient },
  off: { id: string; summary: string; act: typeof blockClient },
) {
  const common = {
    path: `${ONE}/${path}`,
    scope: WRITE,
    status: 200,
    params: clientParams,
    answer: client,
  } as const;
  return [
    operation({
      ...{ ...common, id: on.id, summary: on.summary, description: on.description, method: 'put' },
      async act(parts, { params: { client_id: id }, caller }) {
        await checkWithinReach(parts, caller, id);
        return (await on.act(parts, id)) as Shown;
      },
    }),
    operation({
      ...{ ...common, id: off.id, summary: off.summary, method: 'delete' },
      async act(parts, { params: { client_id: id }, caller }) {
        await checkWithinReach(parts, caller, id);
        return (await off.act(parts, id)) as Shown;
      },
    }),
  ];
}

export const clients: Noun = {
  name: 'Clients',
  operations: [
    ...[list, create, get, update, remove, createSecret],
    ...clientReviews,
    ...stateOf(
      'block',
      {
        ...{ id: 'blockClient', summary: 'Refuse a client from now on', act: blockClient },
        description: 'Everything issued to it is dead at once, and stays dead when it is allowed again.',
      },
      { id: 'unblockClient', summary: 'Let it ask again', act: allowClient },
    ),
    ...stateOf(
      'verification',
      {
        ...{ id: 'verifyClient', summary: 'Say that you have checked who runs it', act: verifyClient },
        description: 'People read it when they are asked to consent.',
      },
      { id: 'unverifyClient', summary: 'Say so no longer', act: unverifyClient },
    ),
  ],
};
