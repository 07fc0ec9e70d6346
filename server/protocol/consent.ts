// From a remembered permission to the grant of one authorization: what was allowed before is not asked again.
import type { KoaContextWithOIDC } from 'oidc-provider';
import { formatGrantId, type Grants, type PermittedScopes } from '../grants/grants.ts';
import { nextId } from '../storage/ids.ts';
import { openidScopes } from './catalog.ts';
import { registrationOf } from './client-metadata.ts';

const NOTHING: PermittedScopes = { openid: [], resources: {}, refused: [] };

type EngineGrant = InstanceType<KoaContextWithOIDC['oidc']['provider']['Grant']>;

/** What a request asks for: scopes of the issuer (and the default API), and of each API that it names. */
export function requestedScopes(ctx: KoaContextWithOIDC): {
  openid: string[];
  resources: Record<string, string[]>;
} {
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

function addPermitted(
  grant: EngineGrant,
  asked: ReturnType<typeof requestedScopes>,
  permitted: PermittedScopes,
): void {
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
export function createGrantLoader({ grants }: { grants: Pick<Grants, 'findConsent'> }) {
  return async function loadGrant(ctx: KoaContextWithOIDC): Promise<EngineGrant | undefined> {
    const { client, account, provider } = ctx.oidc;
    if (client === undefined || account === undefined) return undefined;
    const asked = requestedScopes(ctx);
    const permitted = registrationOf(client).isFirstParty
      ? { ...asked, refused: [] }
      : ((await grants.findConsent(account.accountId, client.clientId)) ?? NOTHING);
    const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    grant.jti = formatGrantId(nextId());
    addPermitted(grant, asked, permitted);
    const unmeant = [...ctx.oidc.requestParamOIDCScopes].filter((scope) => !asked.openid.includes(scope));
    if (unmeant.length > 0) grant.rejectOIDCScope(unmeant.join(' '));
    return grant;
  };
}
