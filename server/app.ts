// The map: what answers requests is made here once, on the parts, and the routes are mounted in the order of their passing.
import { environment } from '../config/load.ts';
import { type Config, isLoopbackHost } from '../config/schema.ts';
import { createKnownDevice } from './accounts/known-device.ts';
import { createOwnData } from './accounts/own-data.ts';
import { createAccountRoutes } from './accounts/routes.ts';
import { declaredClients } from './clients/declared.ts';
import { createDeviceRoutes } from './interactions/device-routes.ts';
import { createInteractionRoutes } from './interactions/routes.ts';
import { createFastPath } from './introspection/fast-path.ts';
import { createIntrospection } from './introspection/introspection.ts';
import { createIntrospectionRoutes } from './introspection/routes.ts';
import { createPostOffice, type PostOffice } from './mail/post-office.ts';
import { createMailRoutes } from './mail/routes.ts';
import { createParts, type Parts } from './parts.ts';
import { createAccessList } from './protocol/access-list.ts';
import { createAdapters } from './protocol/adapter.ts';
import { createAuthorizationRequest } from './protocol/authorization-request.ts';
import { createBrowserSessions } from './protocol/browser-sessions.ts';
import { type Catalog, unaddressedScopes } from './protocol/catalog.ts';
import { createConfiguration, methods } from './protocol/configuration.ts';
import { createConflictAnswer } from './protocol/conflicts.ts';
import { createGrantLoader } from './protocol/consent.ts';
import { createDevices } from './protocol/devices.ts';
import { createDiscovery } from './protocol/discovery.ts';
import { createEngine } from './protocol/engine.ts';
import { listenToEngine } from './protocol/engine-events.ts';
import { createInteractions } from './protocol/interactions.ts';
import { createEnginePages } from './protocol/pages.ts';
import { createProvider } from './protocol/provider.ts';
import { createSignOutRequest } from './protocol/sign-out-request.ts';
import { isUnavailable } from './protocol/unavailable.ts';
import { declaredResources } from './resources/declared.ts';
import { sha256Hex } from './secrets.ts';
import { Conflict, isPassing } from './storage/faults.ts';
import { createSweep } from './storage/sweep.ts';
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

/** The engine and what surrounds it, with the pages that it asks us for. */
function createProtocol(
  parts: Parts,
  shared: { cookies: ReturnType<typeof createCookies>; pages: ReturnType<typeof createPages> },
) {
  const { config, database, deployment, audit, keys, grants, sessions, accounts, clients } = parts;
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
    const device = { intervalSeconds: config.device.interval_seconds, maxPending: config.device.max_pending };
    const adapter = createAdapters(
      { ...parts, retryWindowSeconds, device, origin: audit.origin },
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
    listenToEngine(provider, { ...parts, tokens: config.tokens, device });
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
    devices: createDevices({
      ...{ ...parts, engine, referenceKey: keys.csrf[0] },
      onApproved: parts.mail.deviceApproved,
    }),
    access: createAccessList({ grants, clients, engine }),
    discovery: createDiscovery(engine),
    authorizationRequest: createAuthorizationRequest({ clients, readText }),
    isFirstUse: async (issuer: string, jti: string, expiresAt: number) =>
      (await engine.current()).provider.ReplayDetection.unique(issuer, jti, expiresAt),
    answerConflict: createConflictAnswer({ database, audit }),
  };
}

type Printed = {
  views: ReturnType<typeof createViews>;
  assets: ReturnType<typeof createAssets>;
  postOffice: PostOffice;
};

/** The web application on the parts: the order of `use` is the order in which a request passes. */
function createWeb(parts: Parts, { views, assets, postOffice }: Printed) {
  const { config, log, database, audit, accounts, keys } = parts;
  const cookies = createCookies(config.issuer);
  const csrf = createCsrf({
    key: keys.csrf[0],
    issuer: config.issuer,
    cookieName: cookies.names.csrf,
    secure: cookies.options.secure,
    onBlocked: (ctx, reason) =>
      log.warn('csrf.blocked', { request_id: ctx.state.requestId, path: ctx.path, reason }),
  });
  const pages = createPages({ views, csrf, findAccount: accounts.findActive });
  const protocol = createProtocol(parts, { cookies, pages });
  const { browserSessions, interactions } = protocol;
  const knownDevice = createKnownDevice({ key: keys.device[0], cookies });
  const signedIn = createSignedIn({ readSession: browserSessions.read });
  const health = createHealth({ isReady: database.isHealthy });
  const introspect = createIntrospection({ ...parts, isFirstUse: protocol.isFirstUse });

  const web = createWebApp({
    ...{ config, keys: protocol.cookieKeys, health, log, renderError: pages.renderError },
    isStorageFault: (error) => isPassing(error) || isUnavailable(error),
    onHostRejected: (ctx) => log.warn('host.rejected', { request_id: ctx.state.requestId }),
  });
  const commit = createCommit({
    inUnit: database.inUnit,
    isConflict: (error) => error instanceof Conflict && !isPassing(error),
    answerConflict: protocol.answerConflict,
    crashPoint: (name) => name === environment.crashAt && process.kill(process.pid, 'SIGKILL'),
  });
  const routers = [
    createInteractionRoutes({ ...parts, interactions, browserSessions, knownDevice, pages, csrf }),
    createAccountRoutes({
      ...parts,
      browserSessions,
      signedIn,
      csrf,
      pages,
      access: protocol.access,
      knownDevice,
      ownData: createOwnData({ ...parts, listAccess: parts.grants.exportOf }),
      canSendMail: postOffice.canSend,
    }),
    createMailRoutes({ mailbox: postOffice.mailbox, pages }),
  ];

  if (config.device.enabled) {
    const { devices } = protocol;
    routers.push(createDeviceRoutes({ config, devices, accounts, browserSessions, pages, csrf }));
  }

  // Asked more often than all else together, and it writes nothing of its own: it comes first and needs no unit of work.
  web.use(createIntrospectionRoutes({ introspect, issuer: config.issuer, log }).routes());
  web.use(assets.middleware);
  web.use(methodGuard(methods));
  web.use(protocol.discovery);
  web.use((ctx, next) => audit.within(originOf(ctx), next));
  web.use(commit);
  for (const router of routers) web.use(router.routes()).use(router.allowedMethods());
  web.use(protocol.authorizationRequest);
  web.use(createSignOutRequest({ readText, checkSource: csrf.checkSource }));
  web.use(protocol.engine.handle);
  const handler = createFastPath({ introspect, issuer: config.issuer, longWay: web.callback() });
  return { handler, health, engine: protocol.engine };
}

async function readText(ctx: WebContext, maxBytes: number): Promise<string> {
  return (await readBody(ctx, maxBytes)).toString('utf8');
}

function originOf(ctx: WebContext) {
  const { requestId, address } = ctx.state;
  return { requestId, address, program: ctx.get('user-agent') || undefined };
}

/** The database knows with which configuration it is served: a change is an event of the audit log. */
async function noteConfiguration({ config, database, deployment, audit }: Parts): Promise<void> {
  // Where this node listens, how it logs and who carries its mail is its own affair.
  const {
    listen: _listen,
    log: _log,
    database: _database,
    secrets_file: _file,
    mail: _mail,
    ...shared
  } = config;
  const fingerprint = sha256Hex(JSON.stringify(shared));
  const before = await deployment.find('configuration_fingerprint');
  if (before === fingerprint) return;
  await database.transact(() => {
    deployment.setOnce('epoch', '1');
    deployment.set('configuration_fingerprint', fingerprint);
    audit.record('configuration.changed', { actor: 'system', details: { before, after: fingerprint } });
  });
}

/** The whole server, not yet listening: declared clients and APIs are in place, keys exist, the engine is built. */
export async function createApp(config: Config) {
  const parts = await createParts(config, { actor: 'system' });
  const { log, database, tokens, artifacts, sessions, replays, grants } = parts;
  await parts.clients.declare(declaredClients(config), config.device.enabled ? config.device.client_ids : []);
  await parts.resources.declare(declaredResources(config));
  await parts.signingKeys.ensure();
  await noteConfiguration(parts);
  const assets = createAssets(config.branding);
  const views = createViews({ branding: config.branding, assets });
  const postOffice = createPostOffice({ ...parts, views, isLoopbackHost });
  const { handler, health, engine } = createWeb(parts, { views, assets, postOffice });
  await engine.current();
  const sweep = createSweep({
    tables: [
      artifacts,
      parts.deviceCodes,
      replays,
      tokens,
      sessions,
      grants,
      parts.accounts,
      parts.outbox,
      { sweep: (_before: number, limit: number) => parts.sweepLimits(limit) },
    ],
    keepSeconds: config.tokens.tombstone_seconds,
    onFault: (error) => log.error('sweep.failed', { error }),
  });

  return {
    parts,
    handler,
    postOffice,

    /** Listens, and begins to sweep and to send mail. Throws one sentence for people where it cannot. */
    async start() {
      const listening = await listen({ handler, config, log, health });
      sweep.start();
      postOffice.start();
      return {
        port: listening.port,
        async stop(): Promise<void> {
          sweep.stop();
          await listening.close();
          await postOffice.stop();
          await database.close();
        },
      };
    },

    async close(): Promise<void> {
      sweep.stop();
      await postOffice.stop();
      await database.close();
    },
  };
}
