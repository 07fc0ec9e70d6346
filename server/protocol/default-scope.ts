// The scope of a request that names none (RFC 6749 section 3.3): the same rule at /authorize, /par, /device/code and /token.
import type { Registration } from '../clients/clients.ts';
import { EVERY_SCOPE } from '../clients/ready-made.ts';
import { isManagement } from '../teams/rights.ts';
import { openidScopes } from './catalog.ts';

/** A parameter of our own that marks the scope as our default: what the app did not ask for, the person may leave out. */
export const DEFAULTED_SCOPE = 'latchkey_defaulted_scope';

/**
 * In this order: the default scopes that were registered; for a client that is allowed by its id alone, who the
 * person is and the scopes of the default API (`apiScopes`); otherwise all that it is registered for.
 * Management scopes are never among them, and offline_access only where it was registered as a default.
 */
export function defaultScopes(registration: Registration, apiScopes: readonly string[]): string[] {
  const { defaultScopes: own, scopes } = registration;
  const isById = [...own, ...scopes].includes(EVERY_SCOPE);
  if (isById) return ['openid', ...apiScopes].filter((scope) => !isManagement(scope));
  const all = own.length > 0 ? own : scopes.filter((scope) => scope !== 'offline_access');
  return all.filter((scope) => !isManagement(scope));
}

/** The same where no person stands behind the request (RFC 6749 section 4.4): then nothing is about one. */
export function defaultScopesOfNobody(registration: Registration, apiScopes: readonly string[]): string[] {
  return defaultScopes(registration, apiScopes).filter((scope) => !(scope in openidScopes));
}
