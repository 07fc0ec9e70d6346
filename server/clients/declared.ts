// Clients that the configuration file declares, as registrations.
import type { Config } from '../../config/schema.ts';
import { type Registration, resourceServer } from './clients.ts';

type DeclaredClient = Config['clients'][number];
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

export function toRegistration(
  client: Omit<DeclaredClient, 'secret_sha256'>,
  hashes: readonly string[],
): Registration {
  return {
    name: client.name,
    type: client.type,
    auth: client.auth,
    secrets: toSecrets(hashes),
    ...(client.jwks === undefined ? {} : { jwks: client.jwks }),
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
  };
}

function toServer(resource: DeclaredResource): Declared[] {
  const { introspection } = resource;
  if (introspection === undefined) return [];
  const registration = resourceServer(resource.name, introspection.auth, introspection.jwks);
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
