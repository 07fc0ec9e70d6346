// OAuth clients and what fits together in one: `clients[]`.
import { z } from 'zod';
import { confidentialMethods, credentials, withFittingCredentials } from './credentials.ts';
import { flag, list, reads, textWithout } from './elements.ts';
import { clientId, grantTypes, scopeName, words } from './names.ts';
import { type ClientType, clientTypes, findRedirectUriFault } from './redirect-uris.ts';
import { isLoopbackHost } from './uris.ts';

function findOriginFault(origin: string): string | undefined {
  if (!URL.canParse(origin)) return 'must be an origin such as https://app.example.com';
  const url = new URL(origin);
  if (url.origin !== origin)
    return 'must be an origin: scheme, lower-case host and port, and nothing after them';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    return undefined;
  return 'must be https unless its host is loopback';
}

function isSubset(part: string[], all: string[]): boolean {
  return part.every((name) => all.includes(name));
}

type Uris = { type: ClientType; redirect_uris: string[]; post_logout_redirect_uris: string[] };

function refineUris(field: 'redirect_uris' | 'post_logout_redirect_uris') {
  return (client: Uris, context: z.RefinementCtx): void => {
    client[field].forEach((uri, index) => {
      const fault = findRedirectUriFault(uri, client.type);
      if (fault !== undefined) context.addIssue({ code: 'custom', path: [field, index], message: fault });
    });
  };
}

const pageAddress = z
  .string()
  .max(500)
  // A host in letters of other scripts may look like another one (RFC 5891): it is written as browsers send it, with xn--.
  .regex(/^https:\/\/[\w.:[\]-]+([/?#][\x21-\x7e]*)?$/, 'must be the address of a page, with https')
  .refine((page) => URL.canParse(page), 'must be the address of a page, with https');

const client = z.strictObject({
  client_id: clientId.describe('The public name of the client in the protocol; never reused.'),
  name: words.describe('What people read when they are asked to consent.'),
  type: z
    .enum(clientTypes)
    .describe('web: a server with pages. native: an app. browser: script in a page. service: no people.'),
  grants: z.array(z.enum(grantTypes)).min(1).describe('The grants that it may use, and no other.'),
  redirect_uris: list(
    z.string(),
    'Where people are sent back to, compared exactly (RFC 9700 section 4.1.3).',
  ),
  post_logout_redirect_uris: list(z.string(), 'The same after signing out.'),
  origins: list(
    textWithout(findOriginFault),
    'Web origins whose scripts may call the token endpoint (CORS).',
  ),
  scopes: list(scopeName, 'Every scope that it may ever ask for.'),
  default_scopes: list(scopeName, 'What a request without scope asks for.'),
  optional_scopes: list(scopeName, 'Scopes that a person may leave out when consenting.'),
  auth: z
    .enum(['none', ...confidentialMethods])
    .describe('How it proves who it is. Always none for browser, never none for service.'),
  ...credentials,
  pkce: flag(
    true,
    'Is PKCE required? Only a client that proves who it is may do without (RFC 9700 section 2.1.1).',
  ),
  id_token_claims: flag(
    false,
    'Put name and e-mail into the ID token too, for clients that never call userinfo.',
  ),
  backchannel_logout_uri: z
    .string()
    .optional()
    .describe(
      'Where it is told that a session ended, by us and without a browser (OpenID Connect Back-Channel Logout 1.0).',
    ),
  backchannel_logout_session_required: flag(
    false,
    'Tell it which session (sid, in the ID token too); otherwise only whose it was.',
  ),
  client_uri: pageAddress
    .optional()
    .describe('Its home page: people find it where they consent (RFC 7591 section 2).'),
  policy_uri: pageAddress.optional().describe('Its privacy policy, for people.'),
  tos_uri: pageAddress.optional().describe('Its terms of service, for people.'),
  allowed: flag(true, 'false blocks the client, and with it every token that it has.'),
  first_party: flag(false, 'Is it part of the product itself?'),
  verified: flag(
    false,
    'Have you checked who runs it? People read so when they consent; for a device only where the client proves who it is.',
  ),
  require_pushed_authorization_requests: flag(
    false,
    'Must it push every authorization request first? Then nobody can change one in the browser (RFC 9126).',
  ),
  dpop_bound_access_tokens: flag(
    false,
    'Must every token be bound to a key of the client? Then a stolen one is of no use (RFC 9449).',
  ),
});

/** One OAuth client, as the file declares it (RFC 7591 section 2 gives the meanings). */
export const clientSchema = withFittingCredentials(client)
  .superRefine(refineUris('redirect_uris'), { when: reads('type', 'redirect_uris') })
  .superRefine(refineUris('post_logout_redirect_uris'), { when: reads('type', 'post_logout_redirect_uris') })
  .refine((client) => client.type !== 'browser' || client.auth === 'none', {
    path: ['auth'],
    error: 'must be none for a browser client, which cannot keep a secret',
    when: reads('auth', 'type'),
  })
  .refine((client) => client.type !== 'service' || client.auth !== 'none', {
    path: ['auth'],
    error: 'must not be none for a service client, which acts in its own name',
    when: reads('auth', 'type'),
  })
  .refine((client) => client.pkce || client.auth !== 'none', {
    path: ['pkce'],
    error: 'may be false only for a client with an auth other than none',
    when: reads('auth', 'pkce'),
  })
  .refine((client) => !client.grants.includes('authorization_code') || client.redirect_uris.length > 0, {
    path: ['redirect_uris'],
    error: 'needs at least one entry for the authorization_code grant',
    when: reads('grants', 'redirect_uris'),
  })
  .refine((client) => !client.grants.includes('client_credentials') || client.auth !== 'none', {
    path: ['grants'],
    error: 'must not have client_credentials while auth is none (RFC 6749 section 4.4)',
    when: reads('grants', 'auth'),
  })
  .refine((client) => isSubset(client.default_scopes, client.scopes), {
    path: ['default_scopes'],
    error: 'must stand in scopes too',
    when: reads('default_scopes', 'scopes'),
  })
  .refine((client) => isSubset(client.optional_scopes, client.scopes), {
    path: ['optional_scopes'],
    error: 'must stand in scopes too',
    when: reads('optional_scopes', 'scopes'),
  })
  .refine((client) => !client.backchannel_logout_session_required || hasLogoutUri(client), {
    path: ['backchannel_logout_session_required'],
    error: 'needs backchannel_logout_uri',
    when: reads('backchannel_logout_uri', 'backchannel_logout_session_required'),
  });

function hasLogoutUri(client: { backchannel_logout_uri?: string | undefined }): boolean {
  return client.backchannel_logout_uri !== undefined;
}
