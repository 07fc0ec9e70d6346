// What every request for tokens goes through once its client is known: parameters of our own are dropped, a missing scope is
// filled in (RFC 6749 section 3.3), offline_access is let through; and what nobody could allow is refused before anybody is asked.
import { type Client, errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import { mayAskFor, type Registration } from '../clients/clients.ts';
import { isManagement } from '../teams/rights.ts';
import { openidScopes } from './catalog.ts';
import { registrationOf } from './client-metadata.ts';
import { type ApiScopes, DEFAULTED_SCOPE, defaultScopes, defaultScopesOfNobody } from './default-scope.ts';
import { IMPLIED_CONSENT } from './interaction-policy.ts';

const OFFLINE_ACCESS = 'offline_access';
/** Longer than anything that fits into an address, and short enough to be read, kept and said again. */
const LONGEST_SCOPE = 8192;

type Parameters = Record<string, unknown>;

function namesOf(text: unknown): string[] {
  return typeof text === 'string' ? text.split(' ').filter((name) => name !== '') : [];
}

/** Answers whether there was none: RFC 6749 section 3.1, an empty parameter is one that was left out. */
function fillScope(parameters: Parameters, scopes: readonly string[]): boolean {
  if (parameters.scope || scopes.length === 0) return false;
  parameters.scope = scopes.join(' ');
  return true;
}

/**
 * OpenID Connect Core section 11: offline_access is ignored where it means nothing. Some stock clients add it because
 * discovery lists it; a client registered without it gets its refresh token by the grant alone (refresh-policy.ts).
 */
function dropUnregisteredOfflineAccess(parameters: Parameters, registration: Registration): void {
  const names = namesOf(parameters.scope);
  const others = names.filter((name) => name !== OFFLINE_ACCESS);
  if (others.length === names.length || others.length === 0) return;
  if (!mayAskFor(registration, OFFLINE_ACCESS)) parameters.scope = others.join(' ');
}

/**
 * OpenID Connect Core section 11: offline_access needs prompt=consent or other conditions. Ours is the remembered
 * permission, so the prompt is added for the engine and marked, and the person is asked only where nothing is remembered.
 */
function allowOfflineAccess(parameters: Parameters): void {
  const { prompt } = parameters;
  const prompts = namesOf(prompt);
  const isReadable = prompt === undefined || typeof prompt === 'string';
  const isOffline = namesOf(parameters.scope).includes(OFFLINE_ACCESS);
  if (!isReadable || !isOffline || prompts.includes('consent') || prompts.includes('none')) return;
  parameters.prompt = [...prompts, 'consent'].join(' ');
  parameters[IMPLIED_CONSENT] = '1';
}

function prepare(parameters: Parameters, registration: Registration, scopes: readonly string[]): void {
  parameters[IMPLIED_CONSENT] = undefined;
  parameters[DEFAULTED_SCOPE] = undefined;
  // Whoever comes with a pushed request said all of it there.
  if (parameters.request_uri) return;
  dropUnregisteredOfflineAccess(parameters, registration);
  if (fillScope(parameters, scopes)) parameters[DEFAULTED_SCOPE] = '1';
  allowOfflineAccess(parameters);
}

/** Row A32: endless scopes are refused before anybody looks at each of them, and are not said again. */
function checkLength(scope: unknown): void {
  if (typeof scope === 'string' && scope.length > LONGEST_SCOPE)
    throw new errors.CustomOIDCProviderError('invalid_scope', 'scope is too long');
}

/** The engine takes up the parameters of these routes after it knows the client. */
export function prepareRequests(provider: Provider, apis: ApiScopes): void {
  const { prototype } = provider.OIDCContext;
  const original = prototype.entity;
  prototype.entity = function entity(name: string, value: unknown) {
    original.call(this, name, value);
    if (name !== 'Client' || value === undefined) return;
    const registration = registrationOf(value as Client);
    const body = this.body as Parameters | undefined;
    checkLength(body?.scope ?? this.params?.scope);
    const prepareAsked = (parameters: Parameters) =>
      prepare(parameters, registration, defaultScopes(registration, apis, parameters.resource));
    if (this.route === 'authorization') prepareAsked(this.params ?? {});
    if (this.route === 'pushed_authorization_request' || this.route === 'device_authorization')
      prepareAsked(body ?? {});
    if (this.route === 'token') dropUnregisteredOfflineAccess(this.params ?? {}, registration);
    if (this.route === 'token' && this.params?.grant_type === 'client_credentials')
      fillScope(this.params, defaultScopesOfNobody(registration, apis, this.params.resource));
  };
}

/** Refuses with invalid_scope where no scope is left that this client could be allowed: nobody signs in for nothing. */
export function createScopeCheck(unaddressed: readonly string[]) {
  return async function checkAskedScope(
    { oidc }: KoaContextWithOIDC,
    _value: unknown,
    client: Client,
  ): Promise<void> {
    const registration = registrationOf(client);
    const isDevice = oidc.route === 'device_authorization';
    const named = Object.values(oidc.resourceServers ?? {});
    const addressed = new Set(named.flatMap(({ scopes }) => [...scopes]));
    const known = named.length === 0 ? new Set(unaddressed) : addressed;
    const possible = [...oidc.requestParamScopes].filter(
      (scope) =>
        (scope in openidScopes || known.has(scope)) &&
        mayAskFor(registration, scope) &&
        !(isDevice && isManagement(scope)),
    );
    if (possible.length > 0) return;
    throw new errors.InvalidScope('no scope was asked for that could be allowed', String(oidc.params?.scope));
  };
}
