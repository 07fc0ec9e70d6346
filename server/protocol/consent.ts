// From a remembered permission to the grant of one authorization: what was allowed before is not asked again.
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Roles } from '../accounts/roles.ts';
import { formatGrantId, type Grants, type PermittedScopes } from '../grants/grants.ts';
import { nextId } from '../storage/ids.ts';
import { openidScopes } from './catalog.ts';
import { registrationOf } from './client-metadata.ts';
import { available } from './unavailable.ts';

const NOTHING: PermittedScopes = { openid: [], resources: {}, refused: [] };

type EngineGrant = InstanceType<KoaContextWithOIDC['oidc']['provider']['Grant']>;

type Asked = { openid: string[]; resources: Record<string, string[]> };

/** What a request asks for: scopes of the issuer (and the default API), and of each API that it names. */
export function requestedScopes(ctx: KoaContextWithOIDC): Asked {
  const { oidc } = ctx;
  const asked = oidc.requestParamScopes;
  const resources = Object.entries(oidc.resourceServers ?? {}).map(([identifier, server]) => [
    identifier,
    [...asked].filter((scope) => server.scopes.has(scope)),
  ]);
  // Where an API is named, a scope of the same name at the default API is not meant.
  const isNamed = resources.length > 0;
  const openid = [...oidc.requestParamOIDCScopes].filter((scope) => !isNamed || scope in openidScopes);
  return { openid, resources: Object.fromEntries(resources) };
}

/** What the person has no right to counts as refused: then nobody is asked for it, and nobody gets it (ASVS 10.4.11). */
function cutToRights(
  permitted: PermittedScopes,
  asked: Asked,
  mayHold: (scope: string) => boolean,
): PermittedScopes {
  const isTheirs = (scope: string) => scope in openidScopes || mayHold(scope);
  const resources = Object.entries(permitted.resources).map(([identifier, scopes]) => [
    identifier,
    scopes.filter(isTheirs),
  ]);
  const beyond = Object.entries(asked.resources).flatMap(([identifier, scopes]) =>
    scopes.filter((scope) => !isTheirs(scope)).map((scope) => `${identifier} ${scope}`),
  );
  return {
    openid: permitted.openid.filter(isTheirs),
    resources: Object.fromEntries(resources),
    refused: [...permitted.refused, ...asked.openid.filter((scope) => !isTheirs(scope)), ...beyond],
  };
}

function addPermitted(grant: EngineGrant, asked: Asked, permitted: PermittedScopes): void {
  const refused = new Set(permitted.refused);
  const openid = asked.openid.filter((scope) => permitted.openid.includes(scope));
  const refusedOpenid = asked.openid.filter((scope) => refused.has(scope));
  if (openid.length > 0) grant.addOIDCScope(openid.join(' '));
  if (refusedOpenid.length > 0) grant.rejectOIDCScope(refusedOpenid.join(' '));
  for (const [identifier, scopes] of Object.entries(asked.resources)) {
    const given = scopes.filter((scope) => permitted.resources[identifier]?.includes(scope));
    const declined = scopes.filter((scope) => refused.has(`${identifier} ${scope}`));
    if (given.length > 0) grant.addResourceScope(identifier, given.join(' '));
    if (declined.length > 0) grant.rejectResourceScope(identifier, declined.join(' '));
  }
}

/**
 * The engine's loadExistingGrant: a new grant for this authorization, holding what is asked for and was allowed.
 * It is stored with the code, so that an authorization that was broken off leaves none behind.
 */
export function createGrantLoader({ grants, roles }: { grants: Pick<Grants, 'findConsent'>; roles: Roles }) {
  return async function loadGrant(ctx: KoaContextWithOIDC): Promise<EngineGrant | undefined> {
    const { client, account, provider } = ctx.oidc;
    if (client === undefined || account === undefined) return undefined;
    const asked = requestedScopes(ctx);
    const permitted = registrationOf(client).isFirstParty
      ? { ...asked, refused: [] }
      : ((await available(() => grants.findConsent(account.accountId, client.clientId))) ?? NOTHING);
    const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    grant.jti = formatGrantId(nextId());
    const mayHold = (scope: string) => roles.mayHold(String(account.role), scope);
    addPermitted(grant, asked, cutToRights(permitted, asked, mayHold));
    const unmeant = [...ctx.oidc.requestParamOIDCScopes].filter((scope) => !asked.openid.includes(scope));
    if (unmeant.length > 0) grant.rejectOIDCScope(unmeant.join(' '));
    return grant;
  };
}
