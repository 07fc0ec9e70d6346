// The scope of a request that names none (RFC 6749 section 3.3): the same rule at /authorize, /par, /device/code and /token.
import type { Registration } from '../clients/clients.ts';
import { EVERY_SCOPE } from '../clients/ready-made.ts';
import { isManagement } from '../teams/rights.ts';
import { openidScopes } from './catalog.ts';

/** A parameter of our own that marks the scope as our default: what the app did not ask for, the person may leave out. */
export const DEFAULTED_SCOPE = 'latchkey_defaulted_scope';

export type ApiScopes = {
  /** Those of the default API. */
  readonly apiScopes: readonly string[];
  /** Those of the API with this identifier; none where there is no such API. */
  readonly scopesOf: (identifier: string) => readonly string[];
};

/** RFC 8707 section 2: the scopes of the APIs that a request names, or undefined where it names none. */
function namedScopes(resource: unknown, { scopesOf }: ApiScopes): string[] | undefined {
  const named = (Array.isArray(resource) ? resource : [resource]).filter((one) => typeof one === 'string');
  const scopes = named.flatMap((identifier) => scopesOf(identifier));
  return scopes.length === 0 ? undefined : scopes;
}

/**
 * In this order: the default scopes that were registered; for a client that is allowed by its id alone, who the
 * person is and the scopes of the default API (`apiScopes`); otherwise all that it is registered for.
 * Of these a request with a `resource` gets what is about the person and what is of that API; where the defaults name
 * nothing of it, all of that API that the client is registered for.
 * Management scopes are never among them, and offline_access only where it was registered as a default.
 */
export function defaultScopes(registration: Registration, apis: ApiScopes, resource?: unknown): string[] {
  const { defaultScopes: own, scopes } = registration;
  const isById = [...own, ...scopes].includes(EVERY_SCOPE);
  if (isById) return ['openid', ...apis.apiScopes].filter((scope) => !isManagement(scope));
  const registered = scopes.filter((scope) => scope !== 'offline_access');
  const all = (own.length > 0 ? own : registered).filter((scope) => !isManagement(scope));
  const named = namedScopes(resource, apis);
  if (named === undefined) return all;
  const ofApi = all.filter((scope) => named.includes(scope));
  const fallback = registered.filter((scope) => named.includes(scope) && !isManagement(scope));
  return [...all.filter((scope) => scope in openidScopes), ...(ofApi.length > 0 ? ofApi : fallback)];
}

/** The same where no person stands behind the request (RFC 6749 section 4.4): then nothing is about one. */
export function defaultScopesOfNobody(
  registration: Registration,
  apis: ApiScopes,
  resource?: unknown,
): string[] {
  return defaultScopes(registration, apis, resource).filter((scope) => !(scope in openidScopes));
}
