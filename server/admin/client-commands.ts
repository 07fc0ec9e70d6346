// What an operator may do with OAuth clients (RFC 6749 section 2). The later JSON API calls the same functions.
import {
  type AuthMethod,
  type Client,
  type ClientType,
  DEVICE_GRANT,
  type Jwks,
} from '../clients/clients.ts';
import { toRegistration } from '../clients/declared.ts';
import { Refusal } from '../errors.ts';
import type { AdminParts } from './parts.ts';

type Parts = Pick<AdminParts, 'clients' | 'rules'>;

const shortGrants: Readonly<Record<string, string>> = {
  device_code: DEVICE_GRANT,
  jwt_bearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
};

/** What an operator says of a new client; what is left out follows from the type. */
export type ClientOptions = {
  readonly id?: string | undefined;
  readonly name: string;
  readonly type: string;
  readonly grants: readonly string[];
  readonly redirectUris: readonly string[];
  readonly postLogoutUris: readonly string[];
  readonly origins: readonly string[];
  readonly scopes: readonly string[];
  readonly defaultScopes: readonly string[];
  readonly optionalScopes: readonly string[];
  readonly auth?: string | undefined;
  readonly jwks?: unknown;
  readonly needsPkce: boolean;
  readonly hasIdTokenClaims: boolean;
  readonly isFirstParty: boolean;
};

export type ShownClient = {
  client_id: string;
  name: string;
  type: ClientType;
  state: 'allowed' | 'blocked';
  source: 'file' | 'database';
  /** The API whose resource server it is. */
  resource: string | null;
  auth: AuthMethod;
  /** Of each secret, until when it is good; null is until it is replaced. */
  secrets: { expires_at: number | null }[];
  jwks: Jwks | null;
  grants: readonly string[];
  redirect_uris: readonly string[];
  post_logout_redirect_uris: readonly string[];
  origins: readonly string[];
  scopes: readonly string[];
  default_scopes: readonly string[];
  optional_scopes: readonly string[];
  pkce: boolean;
  id_token_claims: boolean;
  first_party: boolean;
  created_at: number;
  blocked_at: number | null;
};

export type ShownRequest = { client_id: string; first_at: number; last_at: number; count: number };

// RFC 6749 appendix A.1.
const CLIENT_ID = /^[\x21-\x7e]{1,255}$/;
const WRONG_ID = 'The id must be 1 to 255 ASCII characters without spaces.';

function show({ registration, ...client }: Client): ShownClient {
  return {
    client_id: client.id,
    name: registration.name,
    type: registration.type,
    state: client.blockedAt === undefined ? 'allowed' : 'blocked',
    source: client.source,
    resource: client.resource ?? null,
    auth: registration.auth,
    secrets: registration.secrets.map(({ expiresAt }) => ({ expires_at: expiresAt ?? null })),
    jwks: registration.jwks ?? null,
    grants: registration.grants,
    redirect_uris: registration.redirectUris,
    post_logout_redirect_uris: registration.postLogoutRedirectUris,
    origins: registration.origins,
    scopes: registration.scopes,
    default_scopes: registration.defaultScopes,
    optional_scopes: registration.optionalScopes,
    pkce: registration.needsPkce,
    id_token_claims: registration.hasIdTokenClaims,
    first_party: registration.isFirstParty,
    created_at: client.createdAt,
    blocked_at: client.blockedAt ?? null,
  };
}

function isPublicByNature(type: string): boolean {
  return type === 'native' || type === 'browser';
}

/** In the words of the configuration file, so that one set of rules judges both. */
function toSettings(options: ClientOptions): Record<string, unknown> {
  const grants = options.grants.map((grant) => shortGrants[grant] ?? grant);
  const usual = options.type === 'service' ? [] : ['authorization_code'];
  return {
    // Where the server makes the id, this one stands for it.
    client_id: options.id ?? 'client',
    name: options.name,
    type: options.type,
    grants: grants.length === 0 ? usual : grants,
    redirect_uris: options.redirectUris,
    post_logout_redirect_uris: options.postLogoutUris,
    origins: options.origins,
    scopes: options.scopes,
    default_scopes: options.defaultScopes,
    optional_scopes: options.optionalScopes,
    auth: options.auth ?? (isPublicByNature(options.type) ? 'none' : 'client_secret_basic'),
    ...(options.jwks === undefined ? {} : { jwks: options.jwks }),
    pkce: options.needsPkce,
    id_token_claims: options.hasIdTokenClaims,
    first_party: options.isFirstParty,
  };
}

/**
 * Registers and answers the secret, this once; without one where the client proves itself in another way.
 * Refuses with invalid_request (every fault at once) or already_exists.
 */
export async function createClient(
  { clients, rules }: Parts,
  options: ClientOptions,
): Promise<{ client_id: string; client_secret?: string }> {
  const judged = rules.judgeClient(toSettings(options));
  if (judged.value === undefined) throw new Refusal('invalid_request', { words: judged.faults.join('\n') });
  const { id, secret } = await clients.register(toRegistration(judged.value, []), { id: options.id });
  return { client_id: id, ...(secret === undefined ? {} : { client_secret: secret }) };
}

/** By id, at most `limit`, after the id `after`. */
export async function listClients(
  { clients }: Pick<Parts, 'clients'>,
  page: { after: string; limit: number },
): Promise<ShownClient[]> {
  return (await clients.list(page)).map(show);
}

export async function showClient({ clients }: Pick<Parts, 'clients'>, id: string): Promise<ShownClient> {
  return show(await clients.get(id));
}

/** Everything issued to it is dead, and stays dead when it is allowed again; so are the devices that wait for a person. */
export async function blockClient({ clients }: Pick<Parts, 'clients'>, id: string): Promise<ShownClient> {
  return show(await clients.block(id));
}

/**
 * Lets a blocked client ask again. An id that is not registered is registered as a device client (RFC 8628), public,
 * for every scope of the default API; it is no longer listed among those that came asking.
 */
export async function allowClient({ clients }: Pick<Parts, 'clients'>, id: string): Promise<ShownClient> {
  if ((await clients.find(id)) !== undefined) return show(await clients.allow(id));
  if (!CLIENT_ID.test(id)) throw new Refusal('invalid_request', { words: WRONG_ID, param: 'client_id' });
  await clients.allowDevice(id);
  return show(await clients.get(id));
}

/** Ids that nobody registered and that came asking, the latest first. */
export async function listClientRequests(
  { clients }: Pick<Parts, 'clients'>,
  { limit }: { limit: number },
): Promise<ShownRequest[]> {
  const requests = await clients.listRequests(limit);
  return requests.map(({ id, firstAt, lastAt, count }) => ({
    client_id: id,
    first_at: firstAt,
    last_at: lastAt,
    count,
  }));
}

/** A second secret, shown this once; the one before stays good until `previous_expires_at`. */
export async function rotateClientSecret(
  { clients }: Pick<Parts, 'clients'>,
  id: string,
): Promise<{ client_id: string; client_secret: string; previous_expires_at: number }> {
  const { secret, previousExpiresAt } = await clients.rotateSecret(id);
  return { client_id: id, client_secret: secret, previous_expires_at: previousExpiresAt };
}
