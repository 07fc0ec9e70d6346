// What an authorization asks of a person, in words: who, for what, for how long (RFC 6749 section 10.2, RFC 9700 section 4.11).
import { mayAskFor, type Registration } from '../clients/clients.ts';
import type { PermittedScopes } from '../grants/grants.ts';
import type { Localized } from '../web/words.ts';
import type { MayHold } from './acting.ts';
import { type Catalog, findDefaultResource, findResource, openidScopes, wordsOf } from './catalog.ts';
import { registrationOf } from './client-metadata.ts';
import { DEFAULTED_SCOPE } from './default-scope.ts';
import { mayRefresh } from './refresh-policy.ts';

/** One scope that is asked for. `identifier` is its API; undefined for the issuer's own. */
export type AskedScope = {
  readonly name: string;
  readonly identifier: string | undefined;
  readonly words: Localized;
  readonly isOptional: boolean;
  readonly isNew: boolean;
};

export type AskedGroup = {
  /** Undefined for what is about the person. */
  readonly title: Localized | undefined;
  readonly identifier: string | undefined;
  readonly scopes: readonly AskedScope[];
};

/** A team on behalf of which the app may act. */
export type TeamChoice = {
  readonly id: string;
  readonly name: string;
  readonly isPreferred: boolean;
  /** What is asked for and cannot be given on behalf of this one. */
  readonly lacks: readonly AskedScope[];
};

export type Question = {
  readonly client: {
    readonly id: string;
    readonly name: string;
    readonly redirectHost: string;
    readonly isFirstParty: boolean;
    readonly isVerified: boolean;
    /** Of an app of a team: the team's name, as an operator last saw it. */
    readonly teamName: string | undefined;
    /** Its home page, privacy policy and terms, where it has them. */
    readonly pages: readonly { readonly kind: 'home' | 'policy' | 'terms'; readonly url: string }[];
  };
  readonly groups: readonly AskedGroup[];
  /** Among which the person chooses, where a team-scoped API is asked for. */
  readonly teams: readonly TeamChoice[] | undefined;
  /** Why there is none to choose from: a sentence of the catalogue of words. */
  readonly noTeam: string | undefined;
  readonly canRefresh: boolean;
  readonly accessTokenSeconds: number;
};

type Asked = {
  client: { clientId: string };
  params: Record<string, unknown>;
  permitted: PermittedScopes | undefined;
  /** May the person hand it on? */
  mayHold: MayHold;
};

// A private-use redirect has no host: the scheme is what the operating system hands it to.
function hostOf(uri: string): string {
  const url = URL.parse(uri);
  return url === null ? '' : url.host || url.protocol;
}

function pagesOf({ clientUri, policyUri, tosUri }: Registration): Question['client']['pages'] {
  return [
    ...(clientUri === undefined ? [] : [{ kind: 'home', url: clientUri } as const]),
    ...(policyUri === undefined ? [] : [{ kind: 'policy', url: policyUri } as const]),
    ...(tosUri === undefined ? [] : [{ kind: 'terms', url: tosUri } as const]),
  ];
}

function resourcesOf(params: Record<string, unknown>): string[] {
  const { resource } = params;
  if (Array.isArray(resource)) return resource.filter((one) => typeof one === 'string');
  return typeof resource === 'string' ? [resource] : [];
}

export function describeQuestion(catalog: Catalog, asked: Asked, accessTokenSeconds: number): Question {
  const registration = registrationOf(asked.client);
  const wanted = String(asked.params.scope ?? '').split(' ');
  const allowed = wanted.filter((name) => mayAskFor(registration, name));
  const named = resourcesOf(asked.params).flatMap((identifier) => findResource(catalog, identifier) ?? []);
  const fallback = findDefaultResource(catalog);
  const apis = named.length > 0 ? named : fallback === undefined ? [] : [fallback];
  const isNamed = named.length > 0;
  // The app asked for nothing: whatever our default says, the person may say less.
  const isDefaulted = asked.params[DEFAULTED_SCOPE] !== undefined;
  const seconds = apis.map((api) => api.registration.accessTokenSeconds ?? accessTokenSeconds);

  function describeScope(name: string, identifier: string | undefined): AskedScope {
    const before =
      identifier === undefined ? asked.permitted?.openid : asked.permitted?.resources[identifier];
    return {
      name,
      identifier,
      words: wordsOf(catalog, name, identifier),
      isOptional: registration.optionalScopes.includes(name) || (isDefaulted && name !== 'openid'),
      isNew: asked.permitted !== undefined && !before?.includes(name),
    };
  }

  const own = wanted.filter((name) => name in openidScopes).map((name) => describeScope(name, undefined));
  const groups = apis.map((api) => ({
    title: api.registration.name,
    identifier: api.identifier,
    scopes: allowed
      .filter((name) => name in api.registration.scopes && asked.mayHold(name, api.identifier))
      // Without a named API the scopes of the default one are the issuer's own to the engine.
      .map((name) => describeScope(name, isNamed ? api.identifier : undefined)),
  }));
  const groupsWithScopes = [{ title: undefined, identifier: undefined, scopes: own }, ...groups];
  return {
    client: {
      id: asked.client.clientId,
      name: registration.name,
      redirectHost: hostOf(String(asked.params.redirect_uri ?? '')),
      isFirstParty: registration.isFirstParty,
      isVerified: registration.isVerified ?? false,
      teamName: registration.teamName,
      pages: pagesOf(registration),
    },
    groups: groupsWithScopes.filter((group) => group.scopes.length > 0),
    ...{ teams: undefined, noTeam: undefined },
    canRefresh: mayRefresh(asked.client, new Set(wanted)),
    accessTokenSeconds: Math.max(accessTokenSeconds, ...seconds),
  };
}

function nameOf(scope: AskedScope): string {
  return scope.identifier === undefined ? scope.name : `${scope.identifier} ${scope.name}`;
}

/** What was chosen by its place in the whole question, for a question from which something was left out since. */
export function markChosen(
  question: Question,
  isChosen: (scope: AskedScope, index: number) => boolean,
): (scope: AskedScope) => boolean {
  const chosen = new Set(question.groups.flatMap((group) => group.scopes).filter(isChosen));
  return (scope) => chosen.has(scope);
}

/** What is permitted from now on: what was before, and what was chosen now. What was not chosen is not asked again. */
export function permit(
  before: PermittedScopes | undefined,
  question: Question,
  isChosen: (scope: AskedScope, index: number) => boolean,
): PermittedScopes | undefined {
  const asked = question.groups.flatMap((group) => group.scopes);
  const chosen = asked.filter((scope, index) => !scope.isOptional || isChosen(scope, index));
  if (chosen.length === 0) return undefined;
  const isGiven = new Set(chosen.map(nameOf));
  const openid = new Set(before?.openid ?? []);
  const resources = new Map(
    Object.entries(before?.resources ?? {}).map(([key, names]) => [key, new Set(names)]),
  );
  for (const { name, identifier } of chosen) {
    if (identifier === undefined) openid.add(name);
    else resources.set(identifier, (resources.get(identifier) ?? new Set()).add(name));
  }
  const refused = new Set(
    [...(before?.refused ?? []), ...asked.map(nameOf)].filter((name) => !isGiven.has(name)),
  );
  return {
    openid: [...openid].filter((name) => !refused.has(name)),
    resources: Object.fromEntries(
      [...resources].map(([key, names]) => [
        key,
        [...names].filter((name) => !refused.has(`${key} ${name}`)),
      ]),
    ),
    refused: [...refused],
  };
}
