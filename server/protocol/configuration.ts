// Our settings of the engine: what it may do, for how long, and where it asks us.
import {
  type AccountClaims,
  type Client,
  type Configuration,
  errors,
  type FindAccount,
  type KoaContextWithOIDC,
} from 'oidc-provider';
import type { Config } from '../../config/schema.ts';
import type { Account } from '../accounts/accounts.ts';
import { EVERY_SCOPE, mayAskFor, type Registration } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import type { Resource } from '../resources/resources.ts';
import type { Cookies } from '../web/cookies.ts';
import { sessionSeconds } from './browser-sessions.ts';
import { type Catalog, findResource, unaddressedScopes } from './catalog.ts';
import { REGISTRATION, registrationOf } from './client-metadata.ts';
import { createInteractionPolicy, IMPLIED_CONSENT } from './interaction-policy.ts';
import { checkAssertion } from './provider.ts';
import { mayRefresh, refreshSeconds } from './refresh-policy.ts';
import { available } from './unavailable.ts';

export const routes = {
  authorization: '/authorize',
  token: '/token',
  introspection: '/introspect',
  revocation: '/revoke',
  userinfo: '/userinfo',
  jwks: '/jwks',
  end_session: '/logout',
  device_authorization: '/device/code',
  code_verification: '/device',
} as const;

/** What each address of the engine answers: anything else is 405 with Allow. */
export const methods: Readonly<Record<string, readonly string[]>> = {
  [routes.authorization]: ['GET', 'POST'],
  [`${routes.authorization}/:uid`]: ['GET'],
  [routes.token]: ['POST', 'OPTIONS'],
  [routes.introspection]: ['POST'],
  [routes.revocation]: ['POST', 'OPTIONS'],
  [routes.userinfo]: ['GET', 'POST', 'OPTIONS'],
  [routes.jwks]: ['GET', 'OPTIONS'],
  [routes.end_session]: ['GET', 'POST'],
  [routes.device_authorization]: ['POST', 'OPTIONS'],
  [routes.code_verification]: ['GET', 'POST'],
  [`${routes.end_session}/confirm`]: ['POST'],
  [`${routes.end_session}/success`]: ['GET'],
  '/.well-known/openid-configuration': ['GET', 'OPTIONS'],
  '/.well-known/oauth-authorization-server': ['GET', 'OPTIONS'],
};

export type EnginePages = {
  error(ctx: KoaContextWithOIDC, out: { error: string; error_description?: string | undefined }): void;
  logout(ctx: KoaContextWithOIDC): Promise<void>;
  loggedOut(ctx: KoaContextWithOIDC): Promise<void>;
};

export type ConfigurationParts = {
  config: Config;
  catalog: Catalog;
  cookies: Cookies;
  cookieKeys: readonly string[];
  adapter: NonNullable<Configuration['adapter']>;
  findAccount: (id: string) => Promise<Account | undefined>;
  loadGrant: NonNullable<Configuration['loadExistingGrant']>;
  pages: EnginePages;
};

const SIGNING = ['RS256', 'ES256', 'PS256', 'EdDSA', 'Ed25519'] as const;
// A grant without refresh tokens outlives its last access token by this much.
const GRANT_MARGIN_SECONDS = 600;

/** Row V02: a client that proved who it is learns that the token is not its own, a public one learns nothing. */
function mayRevoke(client: Client, token: { clientId?: string | undefined }): boolean {
  if (token.clientId === client.clientId) return true;
  if (client.clientAuthMethod === 'none') return false;
  throw new errors.InvalidRequest('the token was not issued to this client');
}

function claimsOf(account: Account): AccountClaims {
  return {
    sub: account.id,
    name: account.name,
    email: account.email,
    email_verified: account.emailVerifiedAt !== undefined,
    updated_at: account.updatedAt,
  };
}

/** A disabled or deleted person is nobody; the profile is in the ID token only for clients that look only there. */
function createAccountFinder(findActive: ConfigurationParts['findAccount']): FindAccount {
  return async (ctx, id) => {
    const account = await available(() => findActive(id));
    if (account === undefined) return undefined;
    return {
      accountId: account.id,
      role: account.role,
      async claims(use) {
        const client = ctx.oidc.client;
        const isBare = use === 'id_token' && !(client && registrationOf(client).hasIdTokenClaims);
        return isBare ? { sub: account.id } : claimsOf(account);
      },
    };
  };
}

/**
 * RFC 8707 section 2: an unknown API, or one of which the client may have nothing, is invalid_target.
 * A client that is allowed by its id alone may have the default API and no other.
 */
function resourceServerInfo(resource: Resource | undefined, client: Registration, defaultSeconds: number) {
  const scopes = Object.keys(resource?.registration.scopes ?? {}).filter((scope) => mayAskFor(client, scope));
  const isOutside = resource?.isDefault !== true && client.scopes.includes(EVERY_SCOPE);
  if (resource === undefined || scopes.length === 0 || isOutside) throw new errors.InvalidTarget();
  return {
    scope: scopes.join(' '),
    audience: resource.identifier,
    accessTokenTTL: resource.registration.accessTokenSeconds ?? defaultSeconds,
    accessTokenFormat: resource.registration.tokenFormat,
    jwt: { sign: { alg: 'ES256' as const } },
  };
}

function lifetimes(config: Config, catalog: Catalog): NonNullable<Configuration['ttl']> {
  const { tokens, sessions } = config;
  const longestSeconds = Math.max(
    tokens.access_token_seconds,
    ...catalog.resources.map((resource) => resource.registration.accessTokenSeconds ?? 0),
  );
  return {
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? tokens.access_token_seconds,
    AuthorizationCode: tokens.authorization_code_seconds,
    DeviceCode: config.device.code_seconds,
    IdToken: tokens.id_token_seconds,
    Interaction: tokens.interaction_seconds,
    RefreshToken: (_ctx, token) => refreshSeconds(tokens, token.iiat ?? nowSeconds()),
    Grant: (ctx, grant) =>
      ctx.oidc.client !== undefined && mayRefresh(ctx.oidc.client, new Set(grant.getOIDCScope().split(' ')))
        ? Math.min(tokens.refresh_idle_seconds, tokens.refresh_absolute_seconds)
        : longestSeconds + GRANT_MARGIN_SECONDS,
    Session: (_ctx, session) => sessionSeconds(sessions, session.loginTs ?? nowSeconds()),
  };
}

function features({ config, catalog, pages }: ConfigurationParts): NonNullable<Configuration['features']> {
  const { access_token_seconds: accessTokenSeconds } = config.tokens;
  return {
    devInteractions: { enabled: false },
    // The pages are ours and stand in front of the engine's; user codes are BCDF-GHJK, without look-alikes.
    deviceFlow: {
      enabled: config.device.enabled,
      charset: 'base-20',
      mask: '****-****',
      deviceInfo: () => ({}),
    },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    // Ours answers at this path; the engine's is on so that discovery names it.
    introspection: { enabled: true, allowedPolicy: async () => false },
    revocation: {
      enabled: true,
      allowedPolicy: async (_ctx, client, token) => mayRevoke(client, token),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: pages.logout,
      postLogoutSuccessSource: pages.loggedOut,
    },
    resourceIndicators: {
      enabled: true,
      // The authorization's own API, where the token request names none (RFC 8707 section 2.2).
      defaultResource: async (_ctx, _client, oneOf) => (oneOf?.length === 1 ? oneOf[0] : (oneOf ?? [])) ?? [],
      useGrantedResource: async () => true,
      getResourceServerInfo: async (_ctx, identifier, client) =>
        resourceServerInfo(findResource(catalog, identifier), registrationOf(client), accessTokenSeconds),
    },
  };
}

export function createConfiguration(parts: ConfigurationParts): Configuration {
  const { config, catalog, cookies, pages } = parts;
  return {
    adapter: parts.adapter,
    jwks: { keys: catalog.signingKeys.map((key) => key.privateJwk as never) },
    findAccount: createAccountFinder(parts.findAccount),
    loadExistingGrant: parts.loadGrant,
    routes,
    scopes: unaddressedScopes(catalog),
    claims: { openid: ['sub'], profile: ['name', 'updated_at'], email: ['email', 'email_verified'] },
    // Our account answers an ID token with the subject alone, unless the client is registered otherwise.
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: {
      clientAuthSigningAlgValues: [...SIGNING],
      idTokenSigningAlgValues: ['RS256'],
    },
    pkce: {
      required: (_ctx, client) => registrationOf(client).needsPkce || client.clientAuthMethod === 'none',
    },
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    clockTolerance: config.tokens.clock_skew_seconds,
    assertJwtClientAuthClaimsAndHeader: checkAssertion,
    fetchResponseBodyLimits: { jwks_uri: 65_536, sector_identifier_uri: 65_536 },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client, source) => mayRefresh(client, source.scopes),
    // Grants that end with the session are ended by our own rows; the engine has nothing to check.
    expiresWithSession: async () => false,
    revokeGrantPolicy: () => false,
    clientBasedCORS: (_ctx, origin, client) => registrationOf(client).origins.includes(origin),
    extraClientMetadata: { properties: [REGISTRATION] },
    extraParams: [IMPLIED_CONSENT],
    interactions: {
      policy: createInteractionPolicy(),
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    cookies: {
      keys: [...parts.cookieKeys],
      names: {
        session: cookies.names.session,
        interaction: cookies.names.interaction,
        resume: cookies.names.resume,
      },
      long: { ...cookies.options, signed: true },
      short: { ...cookies.engineOptions, signed: true },
    },
    ttl: lifetimes(config, catalog),
    renderError: (ctx, out) => pages.error(ctx, out),
    features: features(parts),
  };
}
