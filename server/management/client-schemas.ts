// A client as /v1/clients speaks of it: the words are those of `clients[]` in the configuration file.
import { z } from 'zod';
import { at, atOrNull, keySet, scopeName } from './schemas.ts';

const words = z.string().min(1).max(200);
const uris = z.array(z.string().max(2000)).max(100);
const scopes = z.array(scopeName).max(200);
const pageUri = z.string().max(500);
const clientId = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 ASCII characters without spaces');

const grants = z.array(
  z.enum([
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:device_code',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
  ]),
);

const methods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;

const type = z.enum(['web', 'native', 'browser', 'service']).describe('What it is.');
const auth = z.enum(methods).describe('How it proves who it is.');

/** What a new client may say and an old one may change. */
const changeable = {
  name: words.describe('What people read when they are asked to consent.'),
  grants: grants.min(1).describe('The grants that it may use, and no other.'),
  redirect_uris: uris.describe('Where people are sent back to, compared exactly.'),
  post_logout_redirect_uris: uris.describe('The same after signing out.'),
  origins: uris.describe('Web origins whose scripts may call the token endpoint.'),
  scopes: scopes.describe('Every scope that it may ever ask for.'),
  default_scopes: scopes.describe('What a request without scope asks for.'),
  optional_scopes: scopes.describe('Scopes that a person may leave out.'),
  jwks: keySet.describe('Its public keys, for private_key_jwt.'),
  jwks_uri: z.string().max(2000).describe('Where it publishes them instead.'),
  pkce: z.boolean().describe('Is PKCE required?'),
  id_token_claims: z.boolean().describe('Put name and e-mail into the ID token too.'),
  backchannel_logout_uri: z.string().max(2000).describe('Where it is told that a session ended.'),
  backchannel_logout_session_required: z.boolean().describe('Tell it which session.'),
  first_party: z.boolean().describe('Is it part of the product itself? Then people are not asked.'),
  require_pushed_authorization_requests: z.boolean().describe('RFC 9126.'),
  dpop_bound_access_tokens: z.boolean().describe('RFC 9449.'),
  client_uri: pageUri.describe('Its home page, for people.'),
  policy_uri: pageUri.describe('Its privacy policy.'),
  tos_uri: pageUri.describe('Its terms of service.'),
} as const;

const { name, ...leftOut } = changeable;

export const newClient = z
  .strictObject({
    client_id: clientId.optional().describe('Its id; otherwise one is made.'),
    name,
    type,
    auth: auth.optional(),
    ...z.strictObject(leftOut).partial().shape,
  })
  .meta({ id: 'NewClient' });

/** RFC 7396 for what may be left out altogether: null takes it out. */
export const clientChange = z
  .strictObject({
    ...z.strictObject(changeable).partial().shape,
    ...{ type: type.optional(), auth: auth.optional() },
    jwks: changeable.jwks.nullable().optional(),
    jwks_uri: changeable.jwks_uri.nullable().optional(),
    backchannel_logout_uri: changeable.backchannel_logout_uri.nullable().optional(),
    client_uri: changeable.client_uri.nullable().optional(),
    policy_uri: changeable.policy_uri.nullable().optional(),
    tos_uri: changeable.tos_uri.nullable().optional(),
  })
  .meta({ id: 'ClientChange' });

/** What its team decides of an app. */
const ofTeam = {
  name: changeable.name,
  grants: changeable.grants,
  redirect_uris: changeable.redirect_uris,
  post_logout_redirect_uris: changeable.post_logout_redirect_uris,
  scopes: changeable.scopes,
  client_uri: changeable.client_uri.nullable().optional(),
  policy_uri: changeable.policy_uri.nullable().optional(),
  tos_uri: changeable.tos_uri.nullable().optional(),
} as const;

export const newTeamApp = z
  .strictObject({
    ...ofTeam,
    redirect_uris: ofTeam.redirect_uris.default([]),
    post_logout_redirect_uris: ofTeam.post_logout_redirect_uris.default([]),
    scopes: ofTeam.scopes.default([]),
    type: z.enum(['web', 'native', 'browser', 'service']).describe('What it is; it stays so.'),
    auth: z
      .enum(['none', 'client_secret_basic', 'client_secret_post'])
      .optional()
      .describe('How it proves who it is; it stays so.'),
  })
  .meta({ id: 'NewTeamApp' });

export const teamAppChange = z
  .strictObject(z.strictObject(ofTeam).partial().shape)
  .meta({ id: 'TeamAppChange' });

export const client = z
  .strictObject({
    client_id: z.string(),
    name: z.string(),
    type: z.enum([
      'web',
      'native',
      'browser',
      'service',
      'resource_server',
      'trusted_issuer',
      'service_account',
      'removed',
    ]),
    state: z.enum(['pending', 'allowed', 'blocked']),
    source: z.enum(['file', 'database']).describe('What the configuration file declares is changed there.'),
    resource: z.string().nullable().describe('The API that introspects with it.'),
    auth: z.enum(methods),
    secrets: z
      .array(z.strictObject({ expires_at: atOrNull('When it ends') }))
      .describe('One entry for each that is good; never the secret.'),
    jwks: z.looseObject({}).nullable(),
    jwks_uri: z.string().nullable(),
    grants: z.array(z.string()),
    redirect_uris: z.array(z.string()),
    post_logout_redirect_uris: z.array(z.string()),
    origins: z.array(z.string()),
    scopes: z.array(z.string()),
    default_scopes: z.array(z.string()),
    optional_scopes: z.array(z.string()),
    pkce: z.boolean(),
    id_token_claims: z.boolean(),
    backchannel_logout_uri: z.string().nullable(),
    backchannel_logout_session_required: z.boolean(),
    first_party: z.boolean(),
    verified: z.boolean().describe('Did an operator check who runs it?'),
    require_pushed_authorization_requests: z.boolean(),
    dpop_bound_access_tokens: z.boolean(),
    client_uri: z.string().nullable(),
    policy_uri: z.string().nullable(),
    tos_uri: z.string().nullable(),
    created_at: at('When it was registered'),
    blocked_at: atOrNull('Since when it is refused'),
    team_id: z.string().nullable().describe('The team that it belongs to.'),
    registered_by: z.string().nullable().describe('The account of whoever registered it there.'),
    team_name: z.string().nullable().describe('The name of the team as people read it.'),
    asked_at: atOrNull('Since when its team waits for an operator'),
    revision: z.string().nullable().describe('What they look at then, and name when they decide.'),
    proposal: z
      .strictObject({
        ...z.strictObject(ofTeam).shape,
        grants: z.array(z.string()).readonly(),
        redirect_uris: z.array(z.string()).readonly(),
        post_logout_redirect_uris: z.array(z.string()).readonly(),
        scopes: z.array(z.string()).readonly(),
        team_name: z.string().nullable(),
      })
      .nullable()
      .describe('What its team wants in place of what is in force.'),
    note: z.string().nullable().describe('What an operator told the team.'),
  })
  .meta({ id: 'Client' });

export const changedClient = client
  .extend({
    client_secret: z
      .string()
      .optional()
      .describe('Where it needs one from now on: in this answer and in no other.'),
  })
  .meta({ id: 'ChangedClient' });

/** The secret is in this answer and in no other. */
export const madeClient = z
  .strictObject({ client_id: z.string(), client_secret: z.string().optional() })
  .meta({ id: 'MadeClient' });

export const madeSecret = z
  .strictObject({
    client_id: z.string(),
    client_secret: z.string(),
    previous_expires_at: at('When the one before ends'),
  })
  .meta({ id: 'MadeSecret' });

export const clientRequest = z
  .strictObject({
    client_id: z.string().describe('Whatever somebody sent: nobody has vouched for it.'),
    first_at: at('When it came first'),
    last_at: at('When it came last'),
    count: z.int().min(1),
  })
  .meta({ id: 'ClientRequest' });

export const clientParams = z.strictObject({ client_id: clientId.describe('The id of a client.') });

export const clientExample = {
  ...{ client_id: 'client_4Yq1mX0Qw2bT', name: 'Shop', type: 'web', state: 'allowed', source: 'database' },
  ...{
    resource: null,
    auth: 'client_secret_basic',
    secrets: [{ expires_at: null }],
    jwks: null,
    jwks_uri: null,
  },
  grants: ['authorization_code', 'refresh_token'],
  redirect_uris: ['https://shop.example.com/callback'],
  ...{ post_logout_redirect_uris: [], origins: [], scopes: ['openid', 'read:orders'], default_scopes: [] },
  ...{ optional_scopes: [], pkce: true, id_token_claims: false, backchannel_logout_uri: null },
  ...{ backchannel_logout_session_required: false, first_party: false, verified: false },
  ...{ require_pushed_authorization_requests: false, dpop_bound_access_tokens: false },
  ...{ client_uri: null, policy_uri: null, tos_uri: null, created_at: 1_790_000_000, blocked_at: null },
  ...{ team_id: null, registered_by: null, team_name: null, asked_at: null, revision: null, proposal: null },
  note: null,
};
