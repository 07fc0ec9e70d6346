// A registration of ours in the engine's words (OpenID Connect Dynamic Client Registration section 2).
import type { ClientMetadata } from 'oidc-provider';
import { type Client, mayAskFor, type Registration } from '../clients/clients.ts';
import { DEVICE_GRANT } from '../clients/ready-made.ts';
import { needsSecret } from '../clients/secrets.ts';
import { JWT_BEARER_GRANT } from '../clients/trust.ts';

/** The engine keeps what it does not know under this name; our policies read it there. */
export const REGISTRATION = 'latchkey';

// The engine wants a secret to be there; ours are hashes and are compared by us. This text is never accepted.
const NO_SECRET = 'compared by hash';

// A client with a grant that the engine does not have would be invalid to it as a whole.
const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials', DEVICE_GRANT, JWT_BEARER_GRANT];

/** RFC 6749 section 4.4: client_credentials is for clients that prove who they are. */
function mayHaveGrant({ auth }: Registration, grant: string): boolean {
  return GRANTS.includes(grant) && (grant !== 'client_credentials' || auth !== 'none');
}

// A registration that mixes loopback and private-use URIs counts as native (RFC 8252 section 7).
function applicationType(registration: Registration): 'native' | 'web' {
  const hasPrivateUse = registration.redirectUris.some((uri) => !/^https?:/.test(uri));
  return registration.type === 'native' || hasPrivateUse ? 'native' : 'web';
}

/** Keys that are published elsewhere are filled in by who looks the client up: the engine itself fetches nothing. */
function keysOf({ jwks, jwksUri }: Registration): Pick<ClientMetadata, 'jwks'> {
  if (jwksUri !== undefined) return { jwks: { keys: [] } };
  return jwks === undefined ? {} : { jwks: jwks as never };
}

function backchannelLogoutOf({ backchannelLogout }: Registration): Partial<ClientMetadata> {
  if (backchannelLogout === undefined) return {};
  return {
    backchannel_logout_uri: backchannelLogout.uri,
    backchannel_logout_session_required: backchannelLogout.needsSid,
  };
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
    grant_types: registration.grants.filter((grant) => mayHaveGrant(registration, grant)),
    // Without a scope of its own the engine would allow all.
    scope: scope.length > 0 ? scope.join(' ') : 'openid',
    token_endpoint_auth_method: registration.auth,
    require_pushed_authorization_requests: registration.needsPushedRequest ?? false,
    dpop_bound_access_tokens: registration.needsDpop ?? false,
    ...(needsSecret(registration.auth) ? { client_secret: NO_SECRET } : {}),
    ...keysOf(registration),
    ...backchannelLogoutOf(registration),
    [REGISTRATION]: registration,
  };
}

/** The registration behind a client of the engine. */
export function registrationOf(client: object): Registration {
  return (client as Record<string, unknown>)[REGISTRATION] as Registration;
}
