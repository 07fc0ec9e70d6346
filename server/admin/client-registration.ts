// Registers a client from its settings, or puts others in place of its own: the whole is judged by the rules of the file.
import type { Client, NewClient, Registration } from '../clients/clients.ts';
import { toRegistration } from '../clients/declared.ts';
import { getJudged } from '../clients/judged.ts';
import { withSecrets } from '../clients/secrets.ts';
import { Refusal } from '../errors.ts';
import { isManagement } from '../teams/rights.ts';
import type { AdminParts, JudgedClient } from './parts.ts';

type Parts = Pick<AdminParts, 'clients' | 'rules' | 'config'>;

/** In the words of the configuration file. */
export type ClientSettings = Readonly<Record<string, unknown>>;

export type MadeClient = { client_id: string; client_secret?: string };

const owned: readonly string[] = ['resource_server', 'trusted_issuer', 'service_account'];

function describeMade({ id, secret }: NewClient): MadeClient {
  return { client_id: id, ...(secret === undefined ? {} : { client_secret: secret }) };
}

/** What follows from the type where nothing is said. */
export function usualSettings(type: string): { grants: string[]; auth: string } {
  const isPublic = type === 'native' || type === 'browser';
  return {
    grants: type === 'service' ? [] : ['authorization_code'],
    auth: isPublic ? 'none' : 'client_secret_basic',
  };
}

function judge({ rules, config }: Parts, settings: ClientSettings): JudgedClient {
  return getJudged(rules.judgeClient(settings, config.outbound.allowed_hosts));
}

async function checkSchemes({ clients }: Parts, redirectUris: readonly string[], id?: string): Promise<void> {
  const owner = await clients.findSchemeOwner(redirectUris, id);
  if (owner === undefined) return;
  const words = `redirect_uris: the scheme ${owner.scheme} belongs to the client ${owner.clientId}`;
  throw new Refusal('invalid_request', { words, param: 'redirect_uris' });
}

/**
 * Registers and answers the secret, this once; without one where the client proves itself in another way.
 * Refuses with invalid_request (every fault at once) or already_exists.
 */
export async function registerClient(
  parts: Parts,
  settings: ClientSettings,
  choice: { id?: string | undefined; alsoInUnit?: (made: MadeClient) => void } = {},
): Promise<MadeClient> {
  // Where the server makes the id, this one stands for it.
  const judged = judge(parts, { ...settings, client_id: choice.id ?? 'client' });
  await checkSchemes(parts, judged.redirect_uris);
  const made = await parts.clients.register(toRegistration(judged, []), {
    id: choice.id,
    alsoInUnit: (one) => choice.alsoInUnit?.(describeMade(one)),
  });
  return describeMade(made);
}

/** In the words of the configuration file; null where it has none. */
export function describeRegistration(registration: Registration) {
  const { backchannelLogout } = registration;
  return {
    name: registration.name,
    type: registration.type,
    auth: registration.auth,
    jwks: registration.jwks ?? null,
    jwks_uri: registration.jwksUri ?? null,
    grants: registration.grants,
    redirect_uris: registration.redirectUris,
    post_logout_redirect_uris: registration.postLogoutRedirectUris,
    origins: registration.origins,
    scopes: registration.scopes,
    default_scopes: registration.defaultScopes,
    optional_scopes: registration.optionalScopes,
    pkce: registration.needsPkce,
    id_token_claims: registration.hasIdTokenClaims,
    backchannel_logout_uri: backchannelLogout?.uri ?? null,
    backchannel_logout_session_required: backchannelLogout?.needsSid ?? false,
    first_party: registration.isFirstParty,
    verified: registration.isVerified ?? false,
    require_pushed_authorization_requests: registration.needsPushedRequest ?? false,
    dpop_bound_access_tokens: registration.needsDpop ?? false,
    client_uri: registration.clientUri ?? null,
    policy_uri: registration.policyUri ?? null,
    tos_uri: registration.tosUri ?? null,
  };
}

/** Whoever manages the team makes secrets of it: it is never more than an app of others. */
function checkTeamApp({ owner }: Client, judged: JudgedClient): void {
  if (owner === undefined || !(judged.first_party || judged.scopes.some(isManagement))) return;
  throw new Refusal('invalid_request', {
    words: 'An app of a team is no part of the product and has no right over this server.',
    param: judged.first_party ? 'first_party' : 'scopes',
  });
}

/**
 * The registration with these settings in place of its own (null takes one out), judged as if it were new (row H02).
 * Its secrets stay; who proves itself by one from now on and had none gets one, and who needs none loses them. Refuses with invalid_request what belongs to an API, to an issuer or to the file.
 */
export async function prepareUpdate(parts: Parts, id: string, change: ClientSettings) {
  const before = await parts.clients.getOwn(id);
  if (owned.includes(before.registration.type)) {
    const words = `The client ${id} belongs to an API or to a trusted issuer; change it there.`;
    throw new Refusal('invalid_request', { words, param: 'client_id' });
  }
  const merged = Object.entries({ ...describeRegistration(before.registration), ...change });
  const settings = Object.fromEntries(merged.filter(([, value]) => value !== null));
  const judged = judge(parts, { ...settings, client_id: id });
  await checkSchemes(parts, judged.redirect_uris, id);
  checkTeamApp(before, judged);
  const { secrets, teamName } = before.registration;
  const registration = { ...toRegistration(judged, []), ...(teamName !== undefined && { teamName }) };
  return { before, ...withSecrets(registration, secrets) };
}

/** Felt by the next request; what was issued before stays as it is. Conflict where somebody else changed it meanwhile. */
export function updateClient(
  { clients }: Pick<Parts, 'clients'>,
  { before, registration }: { before: Client; registration: Registration },
): Promise<Client> {
  return clients.update(before, registration);
}
