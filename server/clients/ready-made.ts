// Registrations that nobody has to write: of the server of an API, and of a device client that is known by its id alone.
import type { AuthMethod, Jwks, Registration } from './clients.ts';

/** RFC 8628 section 3.4. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Stands for every scope of the issuer and of the default API: for device clients that are allowed by their id alone. */
export const EVERY_SCOPE = '*';

type ServerOptions = {
  jwks?: Jwks | undefined;
  jwksUri?: string | undefined;
  /** It may say where a credential was used from (`client_ip`). */
  clientIp?: boolean | undefined;
  /** It is told why a credential of its own is not active (`inactive_reason`). */
  inactiveReason?: boolean | undefined;
};

/** The registration of a client that introspects and can do nothing else. */
export function resourceServer(
  name: string,
  auth: AuthMethod,
  { jwks, jwksUri, clientIp, inactiveReason }: ServerOptions = {},
): Omit<Registration, 'secrets'> {
  return {
    name,
    type: 'resource_server',
    auth,
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(clientIp === true ? { seesClients: true } : {}),
    ...(inactiveReason === true ? { learnsWhy: true } : {}),
    grants: [],
    redirectUris: [],
    postLogoutRedirectUris: [],
    origins: [],
    scopes: [],
    defaultScopes: [],
    optionalScopes: [],
    needsPkce: true,
    hasIdTokenClaims: false,
    isFirstParty: true,
  };
}

/** The registration of a device client that is allowed by its id alone: public, and asks for what the default API has. */
export function deviceClient(id: string): Registration {
  return {
    name: id,
    type: 'native',
    auth: 'none',
    secrets: [],
    grants: [DEVICE_GRANT, 'refresh_token'],
    redirectUris: [],
    postLogoutRedirectUris: [],
    origins: [],
    scopes: [EVERY_SCOPE],
    defaultScopes: [EVERY_SCOPE],
    optionalScopes: [],
    needsPkce: true,
    hasIdTokenClaims: false,
    isFirstParty: false,
  };
}
