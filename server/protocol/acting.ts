// On whose behalf an app acts: the person alone, or one team of theirs at APIs that are team-scoped.
import { type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Standing, TeamStanding } from '../storage/standing.ts';
import type { Rights } from '../teams/rights.ts';
import type { TeamOfPerson } from '../teams/team.ts';
import { type Catalog, findDefaultResource, findResource, openidScopes } from './catalog.ts';

/** May that scope be held of this API? Without an identifier it is one of the issuer's own, or of the default API. */
export type MayHold = (scope: string, identifier: string | undefined) => boolean;

/** Who holds: a person, and where the app acts for a team, their place in it. */
export type Holder = { readonly person: Standing; readonly team: TeamStanding | undefined };

type GrantPayload = { openid?: { scope?: string }; resources?: Record<string, string> };
type ScopeOfApi = { readonly name: string; readonly identifier: string | undefined };

/** Does an app act on behalf of a team there? */
function isTeamScoped(catalog: Catalog, identifier: string | undefined): boolean {
  const resource =
    identifier === undefined ? findDefaultResource(catalog) : findResource(catalog, identifier);
  return resource?.registration.isTeamScoped === true;
}

/** Is it a scope for which a team has to be chosen? */
export function needsTeam(catalog: Catalog, { name, identifier }: ScopeOfApi): boolean {
  const isOwn = identifier === undefined && name in openidScopes;
  return !isOwn && isTeamScoped(catalog, identifier);
}

/** What the holder may have now: nothing of a team-scoped API without a team. */
export function createMayHold(rights: Rights, catalog: Catalog, { person, team }: Holder): MayHold {
  return (name, identifier) => {
    if (identifier === undefined && name in openidScopes) return true;
    if (!isTeamScoped(catalog, identifier)) return rights.mayHoldAlone(person, name);
    return team !== undefined && rights.mayHoldInTeam(team, name);
  };
}

/** A stored grant as it is good now: what was lost since it was made is left out of it, and comes back with the right. */
export function cutGrant<Payload extends object>(payload: Payload, mayHold: MayHold): Payload {
  const { openid, resources = {} } = payload as GrantPayload;
  const cut = (text: string | undefined, identifier?: string) =>
    (text ?? '')
      .split(' ')
      .filter((name) => mayHold(name, identifier))
      .join(' ');
  return {
    ...payload,
    ...(openid === undefined ? {} : { openid: { ...openid, scope: cut(openid.scope) } }),
    resources: Object.fromEntries(
      Object.entries(resources).map(([identifier, text]) => [identifier, cut(text, identifier)]),
    ),
  };
}

/** Teams on behalf of which at least one of these may be allowed; undefined where none of them needs a team. */
export function listEligible(
  asked: readonly ScopeOfApi[],
  { rights, catalog, teams }: { rights: Rights; catalog: Catalog; teams: readonly TeamOfPerson[] },
): TeamOfPerson[] | undefined {
  const names = asked.filter((scope) => needsTeam(catalog, scope)).map((scope) => scope.name);
  if (names.length === 0) return undefined;
  return teams.filter((team) => names.some((name) => rights.mayHoldInTeam(team, name)));
}

/** The engine keeps of a grant what stands in its own list: the team is one more member of it. */
export function keepTeamOfGrant(provider: Provider): void {
  const { Grant } = provider as unknown as { Grant: { IN_PAYLOAD: string[] } };
  const names = [...Grant.IN_PAYLOAD, 'teamId'];
  Object.defineProperty(Grant, 'IN_PAYLOAD', { get: () => names });
}

/** The team of the grant of this request, if its app acts for one. */
export function teamOfRequest(): string | undefined {
  const grant = Provider.ctx?.oidc.entities.Grant as { teamId?: string } | undefined;
  return grant?.teamId;
}

/** What is said of the team in an access token: it is in tokens for team-scoped APIs, and in no others. */
export function createTeamClaims(catalog: Catalog) {
  return async (ctx: KoaContextWithOIDC, token: { kind: string; aud?: unknown }) => {
    const { teamId } = (ctx.oidc.entities.Grant ?? {}) as { teamId?: string };
    if (token.kind !== 'AccessToken' || teamId === undefined) return undefined;
    const identifier = typeof token.aud === 'string' ? token.aud : undefined;
    return isTeamScoped(catalog, identifier) ? { team_id: teamId } : undefined;
  };
}
