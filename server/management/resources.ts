// /v1/resources: the APIs that trust us (RFC 8707), this server's own among them.
import { z } from 'zod';
import type { AdminParts } from '../admin/parts.ts';
import {
  createResource,
  listResources,
  removeResource,
  showResource,
  updateResource,
} from '../admin/resource-commands.ts';
import { type Noun, operation } from './operations.ts';
import { answerPage, pageOf, pageQuery, readIdCursor } from './pages.ts';
import { at, keySet, scopeName } from './schemas.ts';

const LIST = 'resources';
const READ = 'latchkey:resources:read';
const WRITE = 'latchkey:resources:write';
const ONE = '/v1/resources/{identifier}';

const words = z.string().min(1).max(200);
const scopes = z.record(scopeName, words);
const identifier = z.string().min(1).max(2000);
const seconds = z.int().min(1).max(315_360_000).describe('Life of its access tokens.');

const resource = z
  .strictObject({
    identifier: z.string().describe('The audience of its tokens.'),
    name: z.string(),
    scopes: z.record(z.string(), z.string()).describe('Name of each scope, and the words for people.'),
    format: z.enum(['opaque', 'jwt']),
    alg: z.string().nullable().describe('What signs its JWTs.'),
    access_token_seconds: z.int().nullable(),
    default: z.boolean().describe('Is it meant by clients that name no resource?'),
    team_scoped: z.boolean().describe('Do apps act there on behalf of one team?'),
    source: z.enum(['file', 'database', 'server']),
    client_id: z.string().nullable().describe('With which it introspects.'),
    client_ip: z.boolean().describe('Is it believed when it says from which address a credential came?'),
    inactive_reason: z.boolean().describe('Is it told why a credential of its own is not active?'),
    created_at: at('When it was registered'),
  })
  .meta({ id: 'Resource' });

const changeable = {
  name: words.describe('What people read when they are asked to consent.'),
  scopes: scopes.describe('Name of each scope, and the words in which people are asked for it.'),
  format: z.enum(['opaque', 'jwt']).describe('With opaque a revocation is felt at once.'),
  alg: z.enum(['ES256', 'RS256', 'EdDSA']).describe('With jwt: what signs them.'),
  access_token_seconds: seconds,
  team_scoped: z
    .boolean()
    .describe('Do apps act there on behalf of one team? People choose which, and tokens carry team_id.'),
  default: z
    .boolean()
    .describe('Is it meant by clients that name no resource? It takes the place of the one before.'),
  auth: z
    .enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt'])
    .describe('How it proves who it is when it introspects.'),
  jwks: keySet.describe('Its public keys, for private_key_jwt.'),
  jwks_uri: z.string().max(2000).describe('Where it publishes them instead.'),
  client_ip: z
    .boolean()
    .describe('Is it believed when it says from which address a credential came (client_ip)?'),
  inactive_reason: z
    .boolean()
    .describe('Is it told why a credential of its own is not active (inactive_reason)?'),
} as const;

const newResource = z
  .strictObject({
    identifier: identifier.describe('Absolute URI without fragment (RFC 8707).'),
    ...changeable,
    format: changeable.format.default('opaque'),
    alg: changeable.alg.optional(),
    access_token_seconds: seconds.optional(),
    team_scoped: changeable.team_scoped.default(false),
    default: changeable.default.default(false),
    auth: changeable.auth.default('client_secret_basic'),
    jwks: changeable.jwks.optional(),
    jwks_uri: changeable.jwks_uri.optional(),
    client_ip: changeable.client_ip.default(false),
    inactive_reason: changeable.inactive_reason.default(false),
  })
  .meta({ id: 'NewResource' });

const resourceChange = z
  .strictObject({
    ...z.strictObject(changeable).partial().shape,
    alg: changeable.alg.nullable().optional(),
    access_token_seconds: seconds.nullable().optional(),
    jwks: changeable.jwks.nullable().optional(),
    jwks_uri: changeable.jwks_uri.nullable().optional(),
  })
  .meta({ id: 'ResourceChange' });

const changedResource = resource
  .extend({
    client_secret: z
      .string()
      .optional()
      .describe('Where its server needs one from now on: in this answer and in no other.'),
  })
  .meta({ id: 'ChangedResource' });

const madeResource = z
  .strictObject({ identifier: z.string(), client_id: z.string(), client_secret: z.string().optional() })
  .meta({ id: 'MadeResource' });

const params = z.strictObject({ identifier: identifier.describe('Its identifier, percent-encoded.') });

const orders = {
  ...{ identifier: 'https://api.example.com', name: 'Orders', scopes: { 'read:orders': 'See your orders' } },
  ...{
    format: 'opaque',
    alg: null,
    access_token_seconds: null,
    default: true,
    team_scoped: false,
    source: 'database',
  },
  ...{ client_id: 'client_9dKs0Qm3Lw7e', client_ip: false, inactive_reason: false },
  created_at: 1_790_000_000,
};

/** There are few, and all are read at once; this server's own is one of them. */
async function listAll(parts: AdminParts) {
  const own = parts.resources.builtIn.map((one) => showResource(parts, one.identifier));
  const all = [...(await Promise.all(own)), ...(await listResources(parts))];
  return all.toSorted((one, other) => (one.identifier < other.identifier ? -1 : 1));
}

export const resources: Noun = {
  name: 'APIs',
  operations: [
    operation({
      ...{ id: 'listResources', method: 'get', path: '/v1/resources', scope: READ, status: 200 },
      summary: 'List APIs, by identifier',
      query: pageQuery({}),
      answer: pageOf('ResourceList', resource),
      example: { answer: { data: [orders], next: null } },
      async act(parts, { query: { limit, after } }) {
        const last = readIdCursor(LIST, after);
        const rows = (await listAll(parts)).filter((one) => one.identifier > last).slice(0, limit + 1);
        return answerPage(LIST, rows, { limit, placeOf: (one) => [one.identifier] });
      },
    }),
    operation({
      ...{ id: 'createResource', method: 'post', path: '/v1/resources', scope: WRITE, status: 201 },
      summary: 'Register an API',
      description: 'The secret with which it introspects is in this answer and in no other.',
      body: newResource,
      answer: madeResource,
      example: {
        body: { identifier: orders.identifier, name: orders.name, scopes: orders.scopes, default: true },
        answer: { identifier: orders.identifier, client_id: orders.client_id, client_secret: 'lks_…' },
      },
      act(parts, { body, remember }) {
        const {
          default: isDefault,
          jwks_uri: jwksUri,
          access_token_seconds: accessTokenSeconds,
          team_scoped: isTeamScoped,
          client_ip: clientIp,
          inactive_reason: inactiveReason,
          ...rest
        } = body;
        const flags = { isDefault, isTeamScoped, clientIp, inactiveReason };
        const wanted = { ...rest, ...flags, jwksUri, accessTokenSeconds };
        return createResource(parts, wanted, remember);
      },
    }),
    operation({
      ...{ id: 'getResource', method: 'get', path: ONE, scope: READ, status: 200 },
      summary: 'Show one API',
      params,
      answer: resource,
      example: { answer: orders },
      act: (parts, { params: { identifier: id } }) => showResource(parts, id),
    }),
    operation({
      ...{ id: 'updateResource', method: 'patch', path: ONE, scope: WRITE, status: 200 },
      summary: 'Change an API',
      description:
        'Members of the body take the place of its own, `scopes` as a whole; null takes one out. The API that results is judged as a new one is. With an `auth` that needs a secret and none there, one is made; with private_key_jwt its secrets are gone.',
      params,
      body: resourceChange,
      answer: changedResource,
      example: { body: { name: 'All orders' }, answer: { ...orders, name: 'All orders' } },
      act(parts, { params: { identifier: id }, body }) {
        return updateResource(parts, id, {
          ...{ name: body.name, scopes: body.scopes, format: body.format, alg: body.alg },
          ...{ accessTokenSeconds: body.access_token_seconds, isTeamScoped: body.team_scoped },
          ...{ isDefault: body.default, auth: body.auth, jwks: body.jwks, jwksUri: body.jwks_uri },
          ...{ clientIp: body.client_ip, inactiveReason: body.inactive_reason },
        });
      },
    }),
    operation({
      ...{ id: 'deleteResource', method: 'delete', path: ONE, scope: WRITE, status: 204 },
      summary: 'Remove an API',
      description:
        'Nobody gets tokens for it, its server introspects no longer, and keys that are good there alone are dead at once. A JWT that it verifies alone is good until it ends. Its identifier is never registered again.',
      params,
      async act(parts, { params: { identifier: id } }) {
        await removeResource(parts, id);
        return undefined;
      },
    }),
  ],
};
