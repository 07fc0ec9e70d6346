// What an operator may do with OAuth clients (RFC 6749 section 2). The later JSON API calls the same functions.
import type { Client, RotatedSecret } from '../clients/clients.ts';
import { DEVICE_GRANT } from '../clients/ready-made.ts';
import type { ClientRequest } from '../clients/requests.ts';
import { type ClientState, revisionOf, stateOf } from '../clients/team-owner.ts';
import { Refusal } from '../errors.ts';
import { type AppSettings, settingsOf } from '../team-apps/app-terms.ts';
import {
  describeRegistration,
  type MadeClient,
  registerClient,
  usualSettings,
} from './client-registration.ts';
import type { AdminParts } from './parts.ts';

type Parts = Pick<AdminParts, 'clients' | 'rules' | 'config'>;

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
  readonly jwksUri?: string | undefined;
  readonly backchannelLogoutUri?: string | undefined;
  readonly needsLogoutSid: boolean;
  readonly needsPkce: boolean;
  readonly hasIdTokenClaims: boolean;
  readonly isFirstParty: boolean;
  readonly isVerified: boolean;
  readonly needsPushedRequest: boolean;
  readonly needsDpop: boolean;
  readonly clientUri?: string | undefined;
  readonly policyUri?: string | undefined;
  readonly tosUri?: string | undefined;
};

export type ShownClient = ReturnType<typeof describeRegistration> & {
  client_id: string;
  state: ClientState;
  source: 'file' | 'database';
  /** The API whose resource server it is. */
  resource: string | null;
  /** Of each secret, until when it is good; null is until it is replaced. */
  secrets: { expires_at: number | null }[];
  created_at: number;
  blocked_at: number | null;
  /** The team that it belongs to, and who registered it there. */
  team_id: string | null;
  registered_by: string | null;
  /** The name of the team as people read it. */
  team_name: string | null;
  /** Since when its team waits for an operator. */
  asked_at: number | null;
  /** What they look at then, and name when they decide. */
  revision: string | null;
  /** What the team wants in place of what is in force. */
  proposal: (AppSettings & { team_name: string | null }) | null;
  /** What an operator told the team. */
  note: string | null;
};

export type MadeSecret = { client_id: string; client_secret: string; previous_expires_at: number };

export type ShownRequest = { client_id: string; first_at: number; last_at: number; count: number };

// RFC 6749 appendix A.1.
const CLIENT_ID = /^[\x21-\x7e]{1,255}$/;
const WRONG_ID = 'The id must be 1 to 255 ASCII characters without spaces.';

function describeOwner(client: Client) {
  const { owner, registration } = client;
  const proposal = owner?.proposal;
  return {
    ...{ team_id: owner?.teamId ?? null, registered_by: owner?.registeredBy ?? null },
    ...{ team_name: registration.teamName ?? null, asked_at: owner?.askedAt ?? null },
    revision: owner?.askedAt === undefined ? null : revisionOf(client),
    proposal: proposal ? { ...settingsOf(proposal), team_name: proposal.teamName ?? null } : null,
    note: owner?.note ?? null,
  };
}

export function describeClient(found: Client): ShownClient {
  const { registration, ...client } = found;
  return {
    client_id: client.id,
    ...describeRegistration(registration),
    state: stateOf(client),
    source: client.source,
    resource: client.resource ?? null,
    secrets: registration.secrets.map(({ expiresAt }) => ({ expires_at: expiresAt ?? null })),
    created_at: client.createdAt,
    blocked_at: client.blockedAt ?? null,
    ...describeOwner(found),
  };
}

/** In the words of the configuration file, so that one set of rules judges both. */
function toSettings(options: ClientOptions): Record<string, unknown> {
  const grants = options.grants.map((grant) => shortGrants[grant] ?? grant);
  const usual = usualSettings(options.type);
  return {
    name: options.name,
    type: options.type,
    grants: grants.length === 0 ? usual.grants : grants,
    redirect_uris: options.redirectUris,
    post_logout_redirect_uris: options.postLogoutUris,
    origins: options.origins,
    scopes: options.scopes,
    default_scopes: options.defaultScopes,
    optional_scopes: options.optionalScopes,
    auth: options.auth ?? usual.auth,
    ...(options.jwks === undefined ? {} : { jwks: options.jwks }),
    ...(options.jwksUri === undefined ? {} : { jwks_uri: options.jwksUri }),
    ...(options.backchannelLogoutUri === undefined
      ? {}
      : { backchannel_logout_uri: options.backchannelLogoutUri }),
    backchannel_logout_session_required: options.needsLogoutSid,
    pkce: options.needsPkce,
    id_token_claims: options.hasIdTokenClaims,
    first_party: options.isFirstParty,
    verified: options.isVerified,
    require_pushed_authorization_requests: options.needsPushedRequest,
    dpop_bound_access_tokens: options.needsDpop,
    ...{ client_uri: options.clientUri, policy_uri: options.policyUri, tos_uri: options.tosUri },
  };
}

/**
 * Registers and answers the secret, this once; without one where the client proves itself in another way.
 * Refuses with invalid_request (every fault at once) or already_exists.
 */
export function createClient(parts: Parts, options: ClientOptions): Promise<MadeClient> {
  return registerClient(parts, toSettings(options), { id: options.id });
}

/** By id, at most `limit`, after the id `after`. */
export async function listClients(
  { clients }: Pick<Parts, 'clients'>,
  page: { after: string; limit: number; teamId?: string | undefined },
): Promise<ShownClient[]> {
  return (await clients.list(page))
    .filter(({ registration }) => registration.type !== 'removed')
    .map(describeClient);
}

export async function showClient({ clients }: Pick<Parts, 'clients'>, id: string): Promise<ShownClient> {
  return describeClient(await clients.get(id));
}

/** Everything issued to it is dead, and stays dead when it is allowed again; so are the devices that wait for a person. */
export async function blockClient(
  { appReview }: Pick<AdminParts, 'appReview' | 'clients'>,
  id: string,
): Promise<ShownClient> {
  return describeClient(await appReview.block(id));
}

/**
 * Lets a blocked client ask again. An id that is not registered is registered as a device client (RFC 8628), public,
 * for every scope of the default API; it is no longer listed among those that came asking.
 */
export async function allowClient({ clients }: Pick<Parts, 'clients'>, id: string): Promise<ShownClient> {
  if ((await clients.find(id)) !== undefined) return describeClient(await clients.allow(id));
  if (!CLIENT_ID.test(id)) throw new Refusal('invalid_request', { words: WRONG_ID, param: 'client_id' });
  await clients.allowDevice(id);
  return describeClient(await clients.get(id));
}

/** People read on the consent page that the operator has checked who runs it. */
export async function verifyClient({ clients }: Pick<Parts, 'clients'>, id: string): Promise<ShownClient> {
  return describeClient(await clients.setVerified(id, { isVerified: true }));
}

export async function unverifyClient({ clients }: Pick<Parts, 'clients'>, id: string): Promise<ShownClient> {
  return describeClient(await clients.setVerified(id, { isVerified: false }));
}

/** Ids that nobody registered and that came asking, the latest first. */
export async function listClientRequests(
  { clients }: Pick<Parts, 'clients'>,
  { limit }: { limit: number },
): Promise<ShownRequest[]> {
  return (await clients.listRequests(limit)).map(describeRequest);
}

export function describeRequest({ id, firstAt, lastAt, count }: ClientRequest): ShownRequest {
  return { client_id: id, first_at: firstAt, last_at: lastAt, count };
}

/** A second secret, shown this once; the one before stays good until `previous_expires_at`. */
export async function rotateClientSecret(
  { clients }: Pick<Parts, 'clients'>,
  id: string,
  alsoInUnit?: (made: MadeSecret) => void,
): Promise<MadeSecret> {
  function describe({ secret, previousExpiresAt }: RotatedSecret): MadeSecret {
    return { client_id: id, client_secret: secret, previous_expires_at: previousExpiresAt };
  }
  return describe(await clients.rotateSecret(id, (made) => alsoInUnit?.(describe(made))));
}
