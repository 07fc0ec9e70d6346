// The engine and what surrounds it, made on the parts: the second sheet of the map that app.ts is.
import type { Parts } from './parts.ts';
import { createAccessList } from './protocol/access-list.ts';
import { createMayHold } from './protocol/acting.ts';
import { createAdapters } from './protocol/adapter.ts';
import { createAuthorizationRequest } from './protocol/authorization-request.ts';
import { listenForSessionClients } from './protocol/back-channel.ts';
import { createBrowserSessions } from './protocol/browser-sessions.ts';
import { type Catalog, defaultApiScopes, scopesOf, unaddressedScopes } from './protocol/catalog.ts';
import { createConfiguration } from './protocol/configuration.ts';
import { createConflictAnswer } from './protocol/conflicts.ts';
import { createGrantLoader } from './protocol/consent.ts';
import { createCors } from './protocol/cors.ts';
import { createDevices } from './protocol/devices.ts';
import { createDiscovery } from './protocol/discovery.ts';
import { createEngine } from './protocol/engine.ts';
import { listenToEngine } from './protocol/engine-events.ts';
import { createForms } from './protocol/forms.ts';
import { createInteractions } from './protocol/interactions.ts';
import { addJwtBearerGrant } from './protocol/jwt-bearer-grant.ts';
import { createEnginePages } from './protocol/pages.ts';
import { createProvider } from './protocol/provider.ts';
import { createTeamQuestion } from './protocol/team-question.ts';
import { hmacSha256 } from './secrets.ts';
import { readBody } from './web/body.ts';
import type { WebContext } from './web/context.ts';
import { createCookieKeys } from './web/cookie-keys.ts';
import type { createCookies } from './web/cookies.ts';
import type { Pages } from './web/page.ts';

/** The engine and what surrounds it, with the pages that it asks us for. */
export function createProtocol(
  parts: Parts,
  shared: { cookies: ReturnType<typeof createCookies>; pages: Pages },
) {
  const { config, database, deployment, audit, keys, grants, sessions, accounts, clients, signingKeys } =
    parts;
  const { cookies } = shared;
  const cookieKeys = createCookieKeys(keys.cookie);
  const pages = createEnginePages({
    pages: shared.pages,
    isPending: async (id) => (await clients.find(id))?.owner?.isPending ?? false,
  });
  const forms = createForms(shared.pages);
  const cors = createCors({ clients, issuer: config.issuer });
  const dpopNonceKey = hmacSha256(keys.csrf[0], 'dpop nonce');

  function endSession({ accountId, uid }: { accountId: string | undefined; uid: string }): void {
    sessions.end(accountId, uid);
    if (accountId !== undefined)
      audit.record('sign_out.succeeded', { actor: `account:${accountId}`, accountId });
  }

  function build(catalog: Catalog) {
    const retryWindowSeconds = config.tokens.refresh_retry_window_seconds;
    const adapter = createAdapters(
      {
        ...{ ...parts, retryWindowSeconds, device: config.device, origin: audit.origin },
        mayHoldOf: (holder) => createMayHold(parts.rights, catalog, holder),
      },
      unaddressedScopes(catalog),
    );
    const configuration = createConfiguration({
      ...{ config, catalog, cookies, cookieKeys, adapter, pages },
      loadGrant: createGrantLoader({ ...parts, catalog }),
      findAccount: accounts.findActive,
      ...{ dpopNonceKey, isOwnOrigin: cors.isOwnOrigin },
    });
    const provider = createProvider({
      issuer: config.issuer,
      ...{ configuration, forms },
      apiScopes: defaultApiScopes(catalog),
      scopesOf: (identifier) => scopesOf(catalog, identifier),
      refreshKey: keys.refresh[0],
      memory: database.memory,
      endSession,
    });
    addJwtBearerGrant(provider, { ...parts, configuration, catalog, findAccount: accounts.findActive });
    listenToEngine(provider, { ...parts, tokens: config.tokens, device: config.device });
    listenForSessionClients(provider, { ...parts, absoluteSeconds: config.sessions.absolute_seconds });
    return provider;
  }

  async function loadCatalog(version: string): Promise<Catalog> {
    const { resources } = parts;
    cookieKeys.replace(await parts.loadCookieKeys());
    const all = [...resources.builtIn, ...(await resources.list())];
    return { version, resources: all, signingKeys: await signingKeys.load() };
  }

  const engine = createEngine({ deployment, loadCatalog, build });
  const teamQuestion = createTeamQuestion(parts);
  return {
    engine,
    cookieKeys,
    browserSessions: createBrowserSessions({
      ...{ config, engine, cookies, sessions, audit },
      isActive: async (id) => (await accounts.findActive(id)) !== undefined,
    }),
    interactions: createInteractions({ ...parts, engine, teamQuestion }),
    devices: createDevices({
      ...{ ...parts, engine, teamQuestion, referenceKey: keys.csrf[0] },
      onApproved: parts.mail.deviceApproved,
      prepareReport: parts.operatorMail.prepareDeviceReport,
    }),
    access: createAccessList({ grants, clients, engine }),
    cors,
    discovery: createDiscovery(engine, {
      locales: shared.pages.languages.map(({ locale }) => locale),
      keysSeconds: signingKeys.cacheSeconds,
    }),
    authorizationRequest: createAuthorizationRequest({ readText }),
    isFirstUse: async (issuer: string, jti: string, expiresAt: number) =>
      (await engine.current()).provider.ReplayDetection.unique(issuer, jti, expiresAt),
    answerConflict: createConflictAnswer({ database, audit, issuer: config.issuer }),
  };
}

/** The body as text, at most so many bytes. */
export async function readText(ctx: WebContext, maxBytes: number): Promise<string> {
  return (await readBody(ctx, maxBytes)).toString('utf8');
}
