// From a remembered permission to the grant of one authorization: what was allowed before is not asked again.
import type { KoaContextWithOIDC } from 'oidc-provider';
import { formatGrantId, type Grants, type PermittedScopes } from '../grants/grants.ts';
import { nextId } from '../storage/ids.ts';
import type { Standing } from '../storage/standing.ts';
import type { Rights } from '../teams/rights.ts';
import type { TeamOfPerson } from '../teams/team.ts';
import type { Teams } from '../teams/teams.ts';
import { createMayHold, listEligible, type MayHold, needsTeam } from './acting.ts';
import { type Catalog, openidScopes } from './catalog.ts';
import { registrationOf } from './client-metadata.ts';
import { available } from './unavailable.ts';

const NOTHING: PermittedScopes = { openid: [], resources: {}, refused: [] };

type EngineGrant = InstanceType<KoaContextWithOIDC['oidc']['provider']['Grant']>;

type LoaderParts = {
  grants: Pick<Grants, 'findConsent' | 'findConsentTeam'>;
  rights: Rights;
  teams: Pick<Teams, 'listOf'>;
  catalog: Catalog;
};

type Asked = { openid: string[]; resources: Record<string, string[]> };

/** What a request asks for: scopes of the issuer (and the default API), and of each API that it names. */
function requestedScopes(ctx: KoaContextWithOIDC): Asked {
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

function listAsked(asked: Asked): { name: string; identifier: string | undefined }[] {
  const own = asked.openid.map((name) => ({ name, identifier: undefined }));
  const ofApis = Object.entries(asked.resources).flatMap(([identifier, names]) =>
    names.map((name) => ({ name, identifier })),
  );
  return [...own, ...ofApis];
}

/** What the person has no right to counts as refused: then nobody is asked for it, and nobody gets it (ASVS 10.4.11). */
function cutToRights(permitted: PermittedScopes, asked: Asked, mayHold: MayHold): PermittedScopes {
  const resources = Object.entries(permitted.resources).map(([identifier, scopes]) => [
    identifier,
    scopes.filter((name) => mayHold(name, identifier)),
  ]);
  const beyond = listAsked(asked)
    .filter(({ name, identifier }) => !mayHold(name, identifier))
    .map(({ name, identifier }) => (identifier === undefined ? name : `${identifier} ${name}`));
  return {
    openid: permitted.openid.filter((name) => mayHold(name, undefined)),
    resources: Object.fromEntries(resources),
    refused: [...permitted.refused, ...beyond],
  };
}

/** Without a team what needs one is neither given nor refused: so the person is asked for which. */
function withoutTeam(asked: Asked, catalog: Catalog): Asked {
  const resources = Object.entries(asked.resources).map(([identifier, names]) => [
    identifier,
    names.filter((name) => !needsTeam(catalog, { name, identifier })),
  ]);
  const openid = asked.openid.filter((name) => !needsTeam(catalog, { name, identifier: undefined }));
  return { openid, resources: Object.fromEntries(resources) };
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

/** Our account in the engine's words (configuration.ts). */
function standingIn(account: Record<string, unknown>): Standing {
  const { role, isAdmin, plan } = account;
  return {
    role: String(role),
    isAdmin: isAdmin === true,
    plan: typeof plan === 'string' ? plan : undefined,
  };
}

/** Whose authorization it is, and by which app. */
type Place = { accountId: string; clientId: string; isFirstParty: boolean };

/**
 * The engine's loadExistingGrant: a new grant for this authorization, holding what is asked for and was allowed.
 * It is stored with the code, so that an authorization that was broken off leaves none behind.
 */
export function createGrantLoader({ grants, rights, teams, catalog }: LoaderParts) {
  /** The team that was chosen just now, or last, or the only one where nobody is asked. Undefined: one has to be chosen. */
  async function settleTeam(
    place: Place,
    eligible: readonly TeamOfPerson[],
    chosen: string | undefined,
  ): Promise<TeamOfPerson | undefined> {
    const id = chosen ?? (await grants.findConsentTeam(place.accountId, place.clientId));
    const team = eligible.find((one) => one.id === id);
    return team ?? (place.isFirstParty && eligible.length === 1 ? eligible[0] : undefined);
  }

  async function listTeams(accountId: string, asked: Asked): Promise<TeamOfPerson[] | undefined> {
    const scopes = listAsked(asked);
    if (!scopes.some((scope) => needsTeam(catalog, scope))) return undefined;
    return listEligible(scopes, { rights, catalog, teams: await teams.listOf(accountId) });
  }

  /** What was allowed of this, and on behalf of which team. */
  async function findPermitted(place: Place, everything: Asked, chosen: string | undefined) {
    const eligible = await listTeams(place.accountId, everything);
    const team = eligible && (await settleTeam(place, eligible, chosen));
    const asked =
      eligible !== undefined && team === undefined ? withoutTeam(everything, catalog) : everything;
    const { accountId, clientId } = place;
    const permitted = place.isFirstParty
      ? { ...asked, refused: [] }
      : ((await grants.findConsent(accountId, clientId, team?.id)) ?? NOTHING);
    return { team, asked, permitted };
  }

  return async function loadGrant(ctx: KoaContextWithOIDC): Promise<EngineGrant | undefined> {
    const { client, account, provider, result } = ctx.oidc;
    if (client === undefined || account === undefined) return undefined;
    const { accountId } = account;
    const { clientId } = client;
    const place = { accountId, clientId, isFirstParty: registrationOf(client).isFirstParty };
    const everything = requestedScopes(ctx);
    const { team_id: chosen } = (result?.consent ?? {}) as { team_id?: string };
    const { team, asked, permitted } = await available(() => findPermitted(place, everything, chosen));
    const grant = new provider.Grant({ accountId, clientId });
    grant.jti = formatGrantId(nextId());
    if (team !== undefined) Object.assign(grant, { teamId: team.id });
    const mayHold = createMayHold(rights, catalog, { person: standingIn(account), team });
    addPermitted(grant, asked, cutToRights(permitted, asked, mayHold));
    const unmeant = [...ctx.oidc.requestParamOIDCScopes].filter(
      (scope) => !everything.openid.includes(scope),
    );
    if (unmeant.length > 0) grant.rejectOIDCScope(unmeant.join(' '));
    return grant;
  };
}
