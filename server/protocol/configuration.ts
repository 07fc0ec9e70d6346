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
import { mayAskFor, type Registration } from '../clients/clients.ts';
import { EVERY_SCOPE } from '../clients/ready-made.ts';
import { nowSeconds } from '../clock.ts';
import type { Resource } from '../resources/resources.ts';
import type { CookieKeys } from '../web/cookie-keys.ts';
import type { Cookies } from '../web/cookies.ts';
import { createTeamClaims } from './acting.ts';
import { sessionSeconds } from './browser-sessions.ts';
import { type Catalog, findResource, unaddressedScopes } from './catalog.ts';
import { createResourceChoice } from './client-credentials-grant.ts';
import { REGISTRATION, registrationOf } from './client-metadata.ts';
import { DEFAULTED_SCOPE } from './default-scope.ts';
import { routes } from './endpoints.ts';
import { createInteractionPolicy, IMPLIED_CONSENT } from './interaction-policy.ts';
import { nameMachine } from './jwt-bearer-grant.ts';
import { checkAssertion } from './provider.ts';
import { mayRefresh, refreshSeconds } from './refresh-policy.ts';
import { createScopeCheck } from './request-parameters.ts';
import { available } from './unavailable.ts';

export type EnginePages = {
  error(
    ctx: KoaContextWithOIDC,
    out: { error: string; error_description?: string | undefined },
  ): Promise<void>;
  logout(ctx: KoaContextWithOIDC): Promise<void>;
  loggedOut(ctx: KoaContextWithOIDC): Promise<void>;
};

export type ConfigurationParts = {
  config: Config;
  catalog: Catalog;
  cookies: Cookies;
  cookieKeys: CookieKeys;
  adapter: NonNullable<Configuration['adapter']>;
  findAccount: (id: string) => Promise<Account | undefined>;
  loadGrant: NonNullable<Configuration['loadExistingGrant']>;
  pages: EnginePages;
  /** Thirty-two bytes, the same at every node. */
  dpopNonceKey: Buffer;
  /** May scripts of this origin use this client? */
  isOwnOrigin: (ctx: KoaContextWithOIDC, origin: string, client: Client) => boolean;
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
      isAdmin: account.isAdmin,
      plan: account.plan,
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
 * A device client that is allowed by its id alone may have the default API and no other.
 */
function resourceServerInfo(resource: Resource | undefined, client: Registration, defaultSeconds: number) {
  const scopes = Object.keys(resource?.registration.scopes ?? {}).filter((scope) => mayAskFor(client, scope));
  const isById = client.scopes.includes(EVERY_SCOPE) && client.type !== 'service_account';
  const isOutside = resource?.isDefault !== true && isById;
  if (resource === undefined || scopes.length === 0 || isOutside) throw new errors.InvalidTarget();
  return {
    scope: scopes.join(' '),
    audience: resource.identifier,
    accessTokenTTL: resource.registration.accessTokenSeconds ?? defaultSeconds,
    accessTokenFormat: resource.registration.tokenFormat,
    jwt: { sign: { alg: resource.registration.tokenAlg ?? 'ES256' } },
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
    ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? tokens.access_token_seconds,
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

function features({
  config,
  catalog,
  pages,
  dpopNonceKey,
}: ConfigurationParts): NonNullable<Configuration['features']> {
  const { access_token_seconds: accessTokenSeconds } = config.tokens;
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    // The pages are ours and stand in front of the engine's; user codes are BCDF-GHJK, without look-alikes.
    deviceFlow: {
      enabled: config.device.enabled,
      charset: 'base-20',
      mask: '****-****',
      deviceInfo: () => ({}),
    },
    // Nonces are offered, so that a client whose clock is wrong can go on, and asked of nobody: a proof is good once and for
    // five minutes anyway, and a nonce costs each client another round trip (RFC 9449 sections 8 and 11.1).
    dPoP: { enabled: true, nonceSecret: dpopNonceKey, requireNonce: () => false },
    pushedAuthorizationRequests: { enabled: true },
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
    // For discovery, and for the sid in ID tokens. Who is told, and when, is ours: logout/delivery.ts.
    backchannelLogout: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: createResourceChoice(catalog),
      useGrantedResource: async () => true,
      getResourceServerInfo: async (_ctx, identifier, client) =>
        resourceServerInfo(findResource(catalog, identifier), registrationOf(client), accessTokenSeconds),
    },
  };
}

export function createConfiguration(parts: ConfigurationParts): Configuration {
  const { config, catalog, cookies, pages } = parts;
  const unaddressed = unaddressedScopes(catalog);
  return {
    adapter: parts.adapter,
    jwks: { keys: catalog.signingKeys.map((key) => key.privateJwk as never) },
    findAccount: createAccountFinder(parts.findAccount),
    loadExistingGrant: parts.loadGrant,
    routes,
    scopes: unaddressed,
    // How and when the person proved who they are: at a device it was somewhere else than where the token is (row D33).
    claims: {
      openid: ['sub', 'amr', 'auth_time'],
      profile: ['name', 'updated_at'],
      email: ['email', 'email_verified'],
    },
    // Our account answers an ID token with the subject alone, unless the client is registered otherwise.
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: {
      clientAuthSigningAlgValues: [...SIGNING],
      idTokenSigningAlgValues: ['RS256'],
      dPoPSigningAlgValues: [...SIGNING],
    },
    pkce: {
      required: (_ctx, client) => registrationOf(client).needsPkce || client.clientAuthMethod === 'none',
    },
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    clockTolerance: config.tokens.clock_skew_seconds,
    assertJwtClientAuthClaimsAndHeader: checkAssertion,
    // What others name is fetched by outbound/fetcher.ts alone.
    fetch: () => Promise.reject(new Error('the engine fetches nothing itself')),
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client, source) => mayRefresh(client, source.scopes),
    // Grants that end with the session are ended by our own rows; the engine has nothing to check.
    expiresWithSession: async () => false,
    revokeGrantPolicy: () => false,
    clientBasedCORS: parts.isOwnOrigin,
    extraClientMetadata: { properties: [REGISTRATION] },
    // The check runs for every request, after its scope and resources are known.
    extraParams: { [IMPLIED_CONSENT]: null, [DEFAULTED_SCOPE]: createScopeCheck(unaddressed) },
    interactions: {
      policy: createInteractionPolicy(),
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
    },
    cookies: {
      keys: parts.cookieKeys,
      names: {
        session: cookies.names.session,
        interaction: cookies.names.interaction,
        resume: cookies.names.resume,
      },
      long: { ...cookies.options, signed: true },
      short: { ...cookies.engineOptions, signed: true },
    },
    extraTokenClaims: createTeamClaims(catalog),
    formats: { customizers: { jwt: nameMachine } },
    ttl: lifetimes(config, catalog),
    renderError: (ctx, out) => pages.error(ctx, out),
    features: features(parts),
  };
}
