// Clients that the configuration file declares, as registrations.
import type { Config } from '../../config/schema.ts';
import { inEnglish } from '../web/words.ts';
import type { Registration } from './clients.ts';
import { resourceServer } from './ready-made.ts';

type DeclaredClient = Config['clients'][number];
/** An app as the file declares it, without its secret. */
export type DeclaredApp = Omit<DeclaredClient, 'secret_sha256'>;
type DeclaredResource = Config['resources'][number];

export type Declared = {
  id: string;
  registration: Registration;
  resource: string | undefined;
  isAllowed: boolean;
};

function toSecrets(hashes: readonly string[]) {
  return hashes.map((sha256) => ({ sha256 }));
}

export function toRegistration(client: DeclaredApp, hashes: readonly string[]): Registration {
  return {
    name: client.name,
    type: client.type,
    auth: client.auth,
    secrets: toSecrets(hashes),
    ...(client.jwks === undefined ? {} : { jwks: client.jwks }),
    ...(client.jwks_uri === undefined ? {} : { jwksUri: client.jwks_uri }),
    ...toBackchannelLogout(client),
    grants: client.grants,
    redirectUris: client.redirect_uris,
    postLogoutRedirectUris: client.post_logout_redirect_uris,
    origins: client.origins,
    scopes: client.scopes,
    defaultScopes: client.default_scopes,
    optionalScopes: client.optional_scopes,
    needsPkce: client.pkce,
    hasIdTokenClaims: client.id_token_claims,
    isFirstParty: client.first_party,
    isVerified: client.verified,
    needsPushedRequest: client.require_pushed_authorization_requests,
    needsDpop: client.dpop_bound_access_tokens,
    ...(client.client_uri === undefined ? {} : { clientUri: client.client_uri }),
    ...(client.policy_uri === undefined ? {} : { policyUri: client.policy_uri }),
    ...(client.tos_uri === undefined ? {} : { tosUri: client.tos_uri }),
  };
}

function toBackchannelLogout(
  client: Pick<DeclaredClient, 'backchannel_logout_uri' | 'backchannel_logout_session_required'>,
): Pick<Registration, 'backchannelLogout'> {
  const { backchannel_logout_uri: uri, backchannel_logout_session_required: needsSid } = client;
  return uri === undefined ? {} : { backchannelLogout: { uri, needsSid } };
}

function toServer(resource: DeclaredResource): Declared[] {
  const { introspection } = resource;
  if (introspection === undefined) return [];
  const registration = resourceServer(inEnglish(resource.name), introspection.auth, {
    jwks: introspection.jwks,
    jwksUri: introspection.jwks_uri,
    clientIp: introspection.client_ip,
    inactiveReason: introspection.inactive_reason,
  });
  return [
    {
      id: introspection.client_id,
      registration: { ...registration, secrets: toSecrets(introspection.secret_sha256) },
      resource: resource.identifier,
      isAllowed: true,
    },
  ];
}

/** Every client of the file: those of apps and those with which APIs introspect. */
export function declaredClients(config: Pick<Config, 'clients' | 'resources'>): Declared[] {
  const apps = config.clients.map((client) => ({
    id: client.client_id,
    registration: toRegistration(client, client.secret_sha256),
    resource: undefined,
    isAllowed: client.allowed,
  }));
  return [...apps, ...config.resources.flatMap(toServer)];
}
