// The map: what answers requests is made here once, on the parts, and the routes are mounted in the order of their passing.
import compose from 'koa-compose';
import { environment } from '../config/load.ts';
import * as rules from '../config/registrations.ts';
import { isLoopbackHost } from '../config/schema/uris.ts';
import type { Config } from '../config/schema.ts';
import { createKnownDevice } from './accounts/known-device.ts';
import { createOwnData } from './accounts/own-data.ts';
import { createAccountRoutes } from './accounts/routes.ts';
import { createWayBack } from './accounts/way-back.ts';
import { createFoundKeyRoutes } from './api-keys/routes.ts';
import { fingerprintOf, noteConfiguration } from './audit/configuration-change.ts';
import { declaredClients } from './clients/declared.ts';
import { createConsole } from './console/routes.ts';
import { createDeviceRoutes } from './interactions/device-routes.ts';
import { createInteractionRoutes } from './interactions/routes.ts';
import { createFastPath } from './introspection/fast-path.ts';
import { createIntrospection } from './introspection/introspection.ts';
import { createIntrospectionRoutes } from './introspection/routes.ts';
import { createServiceJwtRevocation } from './introspection/service-jwt-revocation.ts';
import { createLogoutDelivery } from './logout/delivery.ts';
import { createPostOffice, type PostOffice } from './mail/post-office.ts';
import { createMailRoutes } from './mail/routes.ts';
import { createManagement, isManagementPath } from './management/routes.ts';
import { createParts, type Parts } from './parts.ts';
import { isForPrograms, methods } from './protocol/endpoints.ts';
import { createSignOutRequest } from './protocol/sign-out-request.ts';
import { isUnavailable } from './protocol/unavailable.ts';
import { createProtocol, readText } from './protocol-parts.ts';
import { declaredResources } from './resources/declared.ts';
import { declaredServiceAccounts } from './service-accounts/account-registration.ts';
import { declaredIssuers } from './service-accounts/registration.ts';
import { createRotationClock } from './signing-keys/rotation-clock.ts';
import { Conflict, isPassing } from './storage/faults.ts';
import { createNodes } from './storage/nodes.ts';
import { createSweep } from './storage/sweep.ts';
import { createAssets } from './web/assets.ts';
import { createCommit } from './web/commit.ts';
import type { Middleware, WebContext } from './web/context.ts';
import { createCookies } from './web/cookies.ts';
import { createCsrf } from './web/csrf.ts';
import { createHealth } from './web/health.ts';
import { createWebApp } from './web/koa.ts';
import { listen } from './web/listen.ts';
import { methodGuard } from './web/method-guard.ts';
import { createPages } from './web/page.ts';
import { createSignedIn } from './web/signed-in.ts';
import { createViews } from './web/views.ts';
import { createWorkspaceRoutes } from './workspace/routes.ts';

type Printed = {
  views: ReturnType<typeof createViews>;
  assets: ReturnType<typeof createAssets>;
  postOffice: PostOffice;
};

/** What our pages and the engine both stand on: who is at the browser, what is shown to them, and what their forms carry. */
function createSurface(parts: Parts, views: Printed['views']) {
  const { config, log, accounts, keys } = parts;
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
  const { browserSessions } = protocol;
  const signedIn = createSignedIn({
    readSession: browserSessions.read,
    stepUpSeconds: config.sessions.step_up_seconds,
  });
  const knownDevice = createKnownDevice({ key: keys.device[0], cookies });
  return { cookies, csrf, pages, protocol, browserSessions, signedIn, knownDevice };
}

type Surface = ReturnType<typeof createSurface>;

/** Our own pages, each group with its routes. */
function createPageRouters(parts: Parts, surface: Surface, postOffice: PostOffice) {
  const { cookies, protocol, pages } = surface;
  const shared = { ...parts, ...surface, rules };
  const ownData = createOwnData({
    ...parts,
    listAccess: async (id) => ({
      ...(await parts.grants.exportOf(id)),
      teams: await parts.teams.exportOf(id),
      api_keys: await parts.ownKeys.exportOf(id),
    }),
  });
  return [
    createInteractionRoutes({ ...shared, interactions: protocol.interactions }),
    createAccountRoutes({
      ...{ ...shared, access: protocol.access, wayBack: createWayBack(cookies), ownData },
      canSendMail: postOffice.canSend,
    }),
    createWorkspaceRoutes(shared),
    createMailRoutes({ mailbox: postOffice.mailbox, pages }),
    ...(parts.config.device.enabled ? [createDeviceRoutes({ ...shared, devices: protocol.devices })] : []),
  ];
}

/** The web application on the parts: the order of `use` is the order in which a request passes. */
function createWeb(parts: Parts, { views, assets, postOffice }: Printed) {
  const { config, log, database, audit } = parts;
  const surface = createSurface(parts, views);
  const { csrf, pages, protocol, browserSessions } = surface;
  const health = createHealth({ isReady: database.isHealthy });
  const introspect = createIntrospection({ ...parts, isFirstUse: protocol.isFirstUse });
  const management = createManagement({ ...parts, rules, pages, csrf, readSession: browserSessions.read });
  const foundKeys = createFoundKeyRoutes({
    holdables: [parts.foundKeys, createServiceJwtRevocation(parts)],
    scanning: parts.secretScanning,
  });
  const commit = createCommit({
    inUnit: database.inUnit,
    isConflict: (error) => error instanceof Conflict && !isPassing(error),
    answerConflict: protocol.answerConflict,
    crashPoint: (name) => name === environment.crashAt && process.kill(process.pid, 'SIGKILL'),
  });
  const web = createWebApp({
    ...{ config, keys: protocol.cookieKeys, health, log, renderError: pages.renderError },
    isForPrograms: (path) => isForPrograms(path) || isManagementPath(path),
    isStorageFault: (error) => isPassing(error) || isUnavailable(error),
    onHostRejected: (ctx) => log.warn('host.rejected', { request_id: ctx.state.requestId }),
  });

  // Asked more often than all else together, and it writes nothing of its own: it comes first and needs no unit of work.
  web.use(createIntrospectionRoutes({ introspect, issuer: config.issuer, log }).routes());
  web.use(assets.middleware);
  web.use(protocol.cors.middleware);
  web.use(methodGuard(methods));
  web.use(protocol.discovery);
  web.use((ctx, next) => audit.within(originOf(ctx), next));
  web.use(commit);
  web.use(createConsole({ ...parts, ...surface, rules, isLoopbackHost }).middleware);
  for (const router of [management.router, foundKeys]) web.use(router.routes()).use(router.allowedMethods());
  // No page is at an endpoint of OAuth: what programs ask there need not be compared with the address of each.
  const forPeople = compose(
    createPageRouters(parts, surface, postOffice).flatMap((router) => [
      router.routes(),
      router.allowedMethods(),
    ]),
  ) as unknown as Middleware;
  web.use((ctx, next) => (isForPrograms(ctx.path) ? next() : forPeople(ctx, next)));
  web.use(protocol.authorizationRequest);
  web.use(createSignOutRequest({ readText, checkSource: csrf.checkSource }));
  web.use(protocol.engine.handle);
  const handler = createFastPath({ introspect, issuer: config.issuer, longWay: web.callback() });
  return { handler, health, engine: protocol.engine, management };
}

function originOf(ctx: WebContext) {
  const { requestId, address } = ctx.state;
  return { requestId, address, program: ctx.get('user-agent') || undefined };
}

/** What the configuration file names is as it says, and there are keys to sign with. */
async function prepare(parts: Parts): Promise<void> {
  const { config, clients, serviceAccounts, resources, signingKeys, endedKeys } = parts;
  const declared = [
    ...declaredClients(config),
    ...declaredIssuers(config),
    ...declaredServiceAccounts(config),
  ];
  await endedKeys.changeDeclared(declared);
  await clients.declare(declared, config.device.enabled ? config.device.client_ids : []);
  await serviceAccounts.declare(config.service_accounts);
  await resources.declare(declaredResources(config));
  await signingKeys.ensure();
  await signingKeys.rotateDue();
  await noteConfiguration(parts);
}

function sweptTables(parts: Parts) {
  const { artifacts, deviceCodes, replays, tokens, sessions, sessionClients, outbox } = parts;
  const { grants, accounts, apiKeys, serviceAccounts, endedKeys, invitations, serviceKeyWarnings } = parts;
  return [
    ...[artifacts, deviceCodes, replays, tokens, sessions, sessionClients, outbox],
    ...[grants, accounts, apiKeys, serviceAccounts, endedKeys, invitations, serviceKeyWarnings],
    { sweep: (_before: number, limit: number) => parts.sweepLimits(limit) },
  ];
}

/** The whole server, not yet listening: what is declared is in place, keys exist, the engine is built. */
export async function createApp(config: Config) {
  const parts = await createParts(config, { actor: 'system' });
  await prepare(parts);
  const assets = createAssets(config.branding);
  const views = createViews({
    branding: config.branding,
    assets,
    offers: { keys: config.api_keys.personal.enabled },
  });
  const postOffice = createPostOffice({ ...parts, views, isLoopbackHost });
  const { handler, health, engine, management } = createWeb(parts, { views, assets, postOffice });
  await engine.current();

  const logouts = createLogoutDelivery(parts);
  const { keyWarnings, serviceKeyWarnings } = parts;
  const sweep = createSweep({
    tables: [...sweptTables(parts), management],
    keepSeconds: config.tokens.tombstone_seconds,
    onFault: (error) => parts.log.error('sweep.failed', { error }),
  });

  const nodes = createNodes({
    ...{ database: parts.database, issuer: config.issuer, fingerprint: fingerprintOf(config) },
    onFault: (error) => parts.log.error('node.not_noted', { error }),
  });

  const background = [
    ...[sweep, postOffice, logouts, keyWarnings, serviceKeyWarnings, createRotationClock(parts)],
  ];

  async function close(): Promise<void> {
    for (const work of background) await work.stop();
    await nodes.leave();
    await parts.close();
  }

  return {
    parts,
    handler,
    postOffice,
    logouts,
    keyWarnings,
    close,

    /** Listens, and begins what goes on beside the requests. Throws one sentence for people where it cannot. */
    async start() {
      const others = await nodes.join();
      // As it is while nodes are exchanged one by one, and as it should not stay.
      if (others.some(({ fingerprint }) => fingerprint !== fingerprintOf(config)))
        parts.log.warn('configuration.differs', { count: others.length });
      const listening = await listen({ handler, config, log: parts.log, health });
      for (const work of background) work.start();
      return {
        port: listening.port,
        async stop(): Promise<void> {
          await listening.close();
          await close();
        },
      };
    },
  };
}
