// The map: every part of the program is made here once, from the ground up, and the routes are mounted.
import type { Config } from '../config/schema.ts';
import { createAccounts } from './accounts/accounts.ts';
import { throttleEmail } from './accounts/email.ts';
import { createFirstAdministrator } from './accounts/first-administrator.ts';
import { createKnownDevice } from './accounts/known-device.ts';
import { createPasswordHasher } from './accounts/password.ts';
import { createPasswordPolicy } from './accounts/password-policy.ts';
import { createRoles } from './accounts/roles.ts';
import { createAccountRoutes } from './accounts/routes.ts';
import { createAudit } from './audit/audit.ts';
import { createClients, resourceServer } from './clients/clients.ts';
import { declaredClients } from './clients/declared.ts';
import { createGrants } from './grants/grants.ts';
import { createInteractionRoutes } from './interactions/routes.ts';
import { createIntrospection } from './introspection/introspection.ts';
import { createIntrospectionRoutes } from './introspection/routes.ts';
import { createLog } from './observability/log.ts';
import { createAccessList } from './protocol/access-list.ts';
import { createAdapters } from './protocol/adapter.ts';
import { createAuthorizationRequest } from './protocol/authorization-request.ts';
import { createBrowserSessions } from './protocol/browser-sessions.ts';
import { type Catalog, unaddressedScopes } from './protocol/catalog.ts';
import { createConfiguration, methods } from './protocol/configuration.ts';
import { createConflictAnswer } from './protocol/conflicts.ts';
import { createGrantLoader } from './protocol/consent.ts';
import { createDiscovery } from './protocol/discovery.ts';
import { createEngine } from './protocol/engine.ts';
import { listenToEngine } from './protocol/engine-events.ts';
import { createInteractions } from './protocol/interactions.ts';
import { createEnginePages } from './protocol/pages.ts';
import { createProvider } from './protocol/provider.ts';
import { isUnavailable } from './protocol/unavailable.ts';
import { createLimiter } from './rate-limits/limiter.ts';
import { createLimits } from './rate-limits/limits.ts';
import { createSignInThrottle } from './rate-limits/sign-in-throttle.ts';
import { createRateLimitStore } from './rate-limits/store.ts';
import { declaredResources } from './resources/declared.ts';
import { createResources } from './resources/resources.ts';
import { createSigningKeys } from './signing-keys/signing-keys.ts';
import { createArtifacts } from './storage/artifacts.ts';
import { openDatabase } from './storage/database.ts';
import { createDeployment } from './storage/deployment.ts';
import { Conflict, StorageFault } from './storage/faults.ts';
import { migrate } from './storage/migrate.ts';
import { createReplays } from './storage/replays.ts';
import { openSealer } from './storage/secrets-file.ts';
import { loadServerKeys } from './storage/server-keys.ts';
import { createSessions } from './storage/sessions.ts';
import { createSweep } from './storage/sweep.ts';
import { createTokens } from './storage/tokens.ts';
import { createAssets } from './web/assets.ts';
import { readBody } from './web/body.ts';
import { createCommit } from './web/commit.ts';
import type { WebContext } from './web/context.ts';
import { createCookies } from './web/cookies.ts';
import { createCsrf } from './web/csrf.ts';
import { createHealth } from './web/health.ts';
import { createWebApp } from './web/koa.ts';
import { listen } from './web/listen.ts';
import { methodGuard } from './web/method-guard.ts';
import { createPages } from './web/page.ts';
import { createSignedIn } from './web/signed-in.ts';
import { createViews } from './web/views.ts';

/** The parts that know no HTTP: what the server and the command line share. `actor` signs their acts in the audit log. */
export async function createParts(config: Config, { actor }: { actor: string }) {
  const log = createLog({ level: config.log.level });
  await migrate(config.database.url);
  const database = openDatabase({ url: config.database.url, poolMax: config.database.pool_max });
  const sealer = await openSealer(config.secrets_file, database);
  const keys = await loadServerKeys(database, sealer);
  const deployment = createDeployment(database);
  const audit = createAudit({ database });
  const artifacts = createArtifacts({ database, key: keys.artifact[0] });
  const sessions = createSessions({ database, key: keys.artifact[0] });
  const tokens = createTokens(database);
  const replays = createReplays(database);

  const rateLimitStore = createRateLimitStore(database.counters);
  await rateLimitStore.ensureTable();
  const limiter = createLimiter({ store: rateLimitStore, limits: createLimits(config.limits) });

  const clients = createClients({ database, audit, actor });
  const resources = createResources({
    database,
    deployment,
    audit,
    actor,
    registerServer: ({ identifier, name }, { auth, jwks }) =>
      clients.register(resourceServer(name, auth, jwks), { resource: identifier }),
  });
  const signingKeys = createSigningKeys({ database, deployment, audit, sealer });
  const grants = createGrants({ database, audit });
  const accounts = createAccounts({
    database,
    audit,
    sessions,
    hasher: createPasswordHasher(),
    policy: createPasswordPolicy({
      minLength: config.people.password_min_length,
      blockedWords: [config.branding.name, ...config.people.blocked_password_words],
    }),
    throttle: createSignInThrottle({ limiter, emailKey: throttleEmail }),
    revokeGrants: grants.revokeAllOf,
  });
  const roles = createRoles(config.roles);
  const firstAdministrator = createFirstAdministrator({ database, accounts, issuer: config.issuer });

  return {
    ...{
      config,
      log,
      database,
      keys,
      deployment,
      audit,
      artifacts,
      sessions,
      tokens,
      replays,
      rateLimitStore,
      limiter,
    },
    ...{ clients, resources, signingKeys, grants, roles, accounts, firstAdministrator },
    close: () => database.close(),
  };
}

export type Parts = Awaited<ReturnType<typeof createParts>>;

/** The engine and what surrounds it, with the pages that it asks us for. */
function createProtocol(
  parts: Parts,
  shared: { cookies: ReturnType<typeof createCookies>; pages: ReturnType<typeof createPages> },
) {
  const { config, database, deployment, audit, log, keys, grants, sessions, accounts, clients } = parts;
  const { cookies } = shared;
  const cookieKeys = keys.cookie.map((key) => key.toString('base64url'));
  const pages = createEnginePages(shared.pages);
  const loadGrant = createGrantLoader(parts);

  function endSession({ accountId, uid }: { accountId: string | undefined; uid: string }): void {
    sessions.end(accountId, uid);
    if (accountId !== undefined)
      audit.record('sign_out.succeeded', { actor: `account:${accountId}`, accountId });
  }

  function build(catalog: Catalog) {
    const retryWindowSeconds = config.tokens.refresh_retry_window_seconds;
    const adapter = createAdapters(
      { ...parts, retryWindowSeconds, origin: audit.origin },
      unaddressedScopes(catalog),
    );
    const provider = createProvider({
      issuer: config.issuer,
      configuration: createConfiguration({
        ...{ config, catalog, cookies, cookieKeys, adapter, loadGrant, pages },
        findAccount: accounts.findActive,
      }),
      refreshKey: keys.refresh[0],
      endSession,
    });
    listenToEngine(provider, { ...parts, tokens: config.tokens });
    return provider;
  }

  async function loadCatalog(version: string): Promise<Catalog> {
    return { version, resources: await parts.resources.list(), signingKeys: await parts.signingKeys.load() };
  }

  const engine = createEngine({ deployment, loadCatalog, build });
  return {
    engine,
    cookieKeys,
    browserSessions: createBrowserSessions({
      ...{ config, engine, cookies, sessions, audit },
      isActive: async (id) => (await accounts.findActive(id)) !== undefined,
    }),
    interactions: createInteractions({ ...parts, engine }),
    access: createAccessList({ grants, clients, engine }),
    discovery: createDiscovery(engine),
    authorizationRequest: createAuthorizationRequest({
      clients,
      readText: async (ctx, maxBytes) => (await readBody(ctx, maxBytes)).toString('utf8'),
    }),
    isFirstUse: async (issuer: string, jti: string, expiresAt: number) =>
      (await engine.current()).provider.ReplayDetection.unique(issuer, jti, expiresAt),
    answerConflict: createConflictAnswer({ database, audit }),
  };
}

/** The web application on the parts: the order of `use` is the order in which a request passes. */
function createWeb(parts: Parts) {
  const { config, log, database, audit, accounts, keys, limiter } = parts;
  const cookies = createCookies(config.issuer);
  const assets = createAssets(config.branding);
  const csrf = createCsrf({
    key: keys.csrf[0],
    issuer: config.issuer,
    cookieName: cookies.names.csrf,
    secure: cookies.options.secure,
    onBlocked: (ctx, reason) =>
      log.warn('csrf.blocked', { request_id: ctx.state.requestId, path: ctx.path, reason }),
  });
  const views = createViews({ branding: config.branding, assets });
  const pages = createPages({ views, csrf, findAccount: accounts.findActive });
  const protocol = createProtocol(parts, { cookies, pages });
  const { browserSessions, interactions } = protocol;
  const knownDevice = createKnownDevice({ key: keys.device[0], cookies });
  const signedIn = createSignedIn({ readSession: browserSessions.read });
  const health = createHealth({ isReady: database.isHealthy });
  const introspect = createIntrospection({ ...parts, isFirstUse: protocol.isFirstUse });

  const web = createWebApp({
    ...{ config, keys: protocol.cookieKeys, health, log, renderError: pages.renderError },
    isStorageFault: (error) => error instanceof StorageFault || isUnavailable(error),
    onHostRejected: (ctx) => log.warn('host.rejected', { request_id: ctx.state.requestId }),
  });
  const commit = createCommit({
    inUnit: database.inUnit,
    isConflict: (error) => error instanceof Conflict,
    answerConflict: protocol.answerConflict,
  });
  const routers = [
    createInteractionRoutes({
      config,
      interactions,
      accounts,
      browserSessions,
      knownDevice,
      limiter,
      pages,
      csrf,
      audit,
    }),
    createAccountRoutes({
      ...parts,
      browserSessions,
      signedIn,
      csrf,
      pages,
      access: protocol.access,
      knownDevice,
    }),
  ];

  // Asked more often than all else together, and it writes nothing of its own: it comes first and needs no unit of work.
  web.use(createIntrospectionRoutes({ introspect, issuer: config.issuer, log }).routes());
  web.use(assets.middleware);
  web.use(methodGuard(methods));
  web.use(protocol.discovery);
  web.use((ctx, next) => audit.within(originOf(ctx), next));
  web.use(commit);
  for (const router of routers) web.use(router.routes()).use(router.allowedMethods());
  web.use(protocol.authorizationRequest);
  web.use(protocol.engine.handle);
  return { web, health, engine: protocol.engine };
}

function originOf(ctx: WebContext) {
  const { requestId, address } = ctx.state;
  return { requestId, address, program: ctx.get('user-agent') || undefined };
}

/** The whole server, not yet listening: declared clients and APIs are in place, keys exist, the engine is built. */
export async function createApp(config: Config) {
  const parts = await createParts(config, { actor: 'system' });
  const { log, database, tokens, artifacts, sessions, replays, grants } = parts;
  await parts.clients.declare(declaredClients(config));
  await parts.resources.declare(declaredResources(config));
  await parts.signingKeys.ensure();
  await database.transact(() => parts.deployment.setOnce('epoch', '1'));
  const { web, health, engine } = createWeb(parts);
  await engine.current();
  const sweep = createSweep({
    tables: [
      artifacts,
      replays,
      tokens,
      sessions,
      grants,
      { sweep: (_before, limit) => parts.rateLimitStore.sweep(limit) },
    ],
    keepSeconds: config.tokens.tombstone_seconds,
    onFault: (error) => log.error('sweep.failed', { error }),
  });

  return {
    parts,
    handler: web.callback(),

    /** Listens and begins to sweep. Throws one sentence for people where it cannot. */
    async start() {
      const listening = await listen({ handler: web.callback(), config, log, health });
      sweep.start();
      return {
        port: listening.port,
        async stop(): Promise<void> {
          sweep.stop();
          await listening.close();
          await database.close();
        },
      };
    },

    async close(): Promise<void> {
      sweep.stop();
      await database.close();
    },
  };
}
