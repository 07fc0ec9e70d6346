// A registration of ours in the engine's words (OpenID Connect Dynamic Client Registration section 2).
import type { ClientMetadata } from 'oidc-provider';
import { type Client, DEVICE_GRANT, mayAskFor, needsSecret, type Registration } from '../clients/clients.ts';

/** The engine keeps what it does not know under this name; our policies read it there. */
export const REGISTRATION = 'latchkey';

// The engine wants a secret to be there; ours are hashes and are compared by us. This text is never accepted.
const NO_SECRET = 'compared by hash';

// A client with a grant that the engine does not have would be invalid to it as a whole.
const GRANTS = ['authorization_code', 'refresh_token', DEVICE_GRANT];

// A registration that mixes loopback and private-use URIs counts as native (RFC 8252 section 7).
function applicationType(registration: Registration): 'native' | 'web' {
  const hasPrivateUse = registration.redirectUris.some((uri) => !/^https?:/.test(uri));
  return registration.type === 'native' || hasPrivateUse ? 'native' : 'web';
}

export function toEngineMetadata(client: Client, knownScopes: readonly string[]): ClientMetadata {
  const { registration } = client;
  const scope = knownScopes.filter((one) => mayAskFor(registration, one));
  const hasCode = registration.grants.includes('authorization_code');
  return {
    client_id: client.id,
    client_name: registration.name,
    application_type: applicationType(registration),
    redirect_uris: [...registration.redirectUris],
    post_logout_redirect_uris: [...registration.postLogoutRedirectUris],
    response_types: hasCode ? ['code'] : [],
    grant_types: registration.grants.filter((grant) => GRANTS.includes(grant)),
    // Without a scope of its own the engine would allow all.
    scope: scope.length > 0 ? scope.join(' ') : 'openid',
    token_endpoint_auth_method: registration.auth,
    ...(needsSecret(registration.auth) ? { client_secret: NO_SECRET } : {}),
    ...(registration.jwks === undefined ? {} : { jwks: registration.jwks as never }),
    [REGISTRATION]: registration,
  };
}

/** The registration behind a client of the engine. */
export function registrationOf(client: object): Registration {
  return (client as Record<string, unknown>)[REGISTRATION] as Registration;
}
