// What an operator may do with trusted issuers (RFC 7523 section 2.1). The later JSON API calls the same functions.

import { getJudged } from '../clients/judged.ts';
import { Refusal } from '../errors.ts';
import { algorithmsOf, type PublicKey } from '../service-accounts/keys.ts';
import { type TrustedIssuer, toIssuerRegistration } from '../service-accounts/registration.ts';
import type { AdminParts } from './parts.ts';
import { type ShownIssuer, showTrust } from './shown-issuer.ts';

type Issuers = Pick<AdminParts, 'trustedIssuers'>;

/** What an operator says of an issuer to be trusted. */
export type IssuerOptions = {
  readonly issuer: string;
  readonly name?: string | undefined;
  readonly profile: string;
  readonly jwks?: unknown;
  readonly jwksUri?: string | undefined;
  readonly subjects: readonly string[];
  /** By e-mail or id; its id is what is kept, since an address may pass to somebody else. */
  readonly account?: string | undefined;
  readonly clients: readonly string[];
  readonly scopes: readonly string[];
  /** With the profile workload: as whom they act. */
  readonly mappings?: readonly MappingOptions[] | undefined;
};

/** Rules by claim, each with the values that it may have. */
export type MappingOptions = {
  readonly serviceAccount: string;
  readonly rules: Readonly<Record<string, readonly string[]>>;
  /** Claims that tell its workloads apart, beside those that are known to. */
  readonly identifiedBy?: readonly string[] | undefined;
};

type MappingParts = Pick<AdminParts, 'trustedIssuers' | 'serviceAccounts' | 'rules' | 'config'>;

/** The keys in the words of the configuration file. */
function keySettings({ jwks, jwksUri }: { jwks?: unknown; jwksUri?: string | undefined }) {
  return {
    ...(jwks === undefined ? {} : { jwks }),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
  };
}

function toSettings({ serviceAccount: id, rules, identifiedBy = [] }: MappingOptions) {
  return { id, rules, identified_by: identifiedBy };
}

function judge({ rules, config }: Pick<AdminParts, 'rules' | 'config'>, settings: Record<string, unknown>) {
  const registration = toIssuerRegistration(
    getJudged(rules.judgeIssuer(settings, config.outbound.allowed_hosts)),
  );
  const { trust } = registration;
  if (trust === undefined) throw new Error('an issuer that was judged is trusted');
  return { ...registration, trust };
}

/** Refuses keys of which none could ever sign: a mistake that would show only when the first machine is refused. */
function checkUsable(keys: readonly PublicKey[] | undefined): void {
  if (keys === undefined || keys.some((key) => algorithmsOf(key).length > 0)) return;
  throw new Refusal('invalid_request', {
    words: 'None of the keys is for signatures with RSA, P-256, P-384, P-521 or Ed25519.',
    param: 'jwks',
  });
}

/** Refuses with invalid_request (every fault at once), not_found for the account, or already_exists. */
export async function trustIssuer(
  parts: Pick<AdminParts, 'trustedIssuers' | 'serviceAccounts' | 'accounts' | 'rules' | 'config'>,
  options: IssuerOptions,
  alsoInUnit?: (clientId: string) => void,
): Promise<ShownIssuer> {
  if (options.issuer === parts.config.issuer)
    throw new Refusal('invalid_request', {
      words: 'This server itself cannot be trusted as another issuer.',
    });
  const mappings = options.mappings ?? [];
  for (const { serviceAccount } of mappings) await parts.serviceAccounts.get(serviceAccount);
  const account = options.account === undefined ? undefined : await parts.accounts.get(options.account);
  const registration = judge(parts, {
    ...{ issuer: options.issuer, profile: options.profile, ...keySettings(options) },
    ...{ subjects: options.subjects, clients: options.clients, scopes: options.scopes },
    service_accounts: mappings.map(toSettings),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(account === undefined ? {} : { account: account.id }),
  });
  checkUsable(registration.trust.jwks?.keys);
  return showTrust(await parts.trustedIssuers.trust(registration, alsoInUnit));
}

/** By id, at most `limit`, after the id `after`. */
export async function listIssuers(
  { trustedIssuers }: Issuers,
  page: { after: string; limit: number },
): Promise<ShownIssuer[]> {
  return Promise.all((await trustedIssuers.list(page)).map(showTrust));
}

/** By its name or its id. */
export async function showIssuer({ trustedIssuers }: Issuers, issuer: string): Promise<ShownIssuer> {
  return showTrust(await trustedIssuers.get(issuer));
}

/** Everything issued on its word is dead for good, and nobody trusts it any more. */
export async function removeIssuer(
  { trustedIssuers }: Issuers,
  issuer: string,
): Promise<{ issuer: string; client_id: string; removed: true }> {
  const { id, registration } = await trustedIssuers.remove(await trustedIssuers.get(issuer));
  return { issuer: registration.trust.issuer, client_id: id, removed: true };
}

/** Everything issued on its word is dead, and stays dead when it is enabled again. */
export async function disableIssuer({ trustedIssuers }: Issuers, issuer: string): Promise<ShownIssuer> {
  return showTrust(await trustedIssuers.disable(await trustedIssuers.get(issuer)));
}

export async function enableIssuer({ trustedIssuers }: Issuers, issuer: string): Promise<ShownIssuer> {
  return showTrust(await trustedIssuers.enable(await trustedIssuers.get(issuer)));
}

export type KeyChange = {
  readonly jwks?: unknown;
  readonly jwksUri?: string | undefined;
  /** By kid or thumbprint. */
  readonly disable: readonly string[];
  readonly enable: readonly string[];
};

/** Other keys in place of the ones it has, or some of them off and on again: felt by the next assertion. */
export async function changeIssuerKeys(
  parts: Pick<AdminParts, 'trustedIssuers' | 'rules' | 'config'>,
  issuer: string,
  { disable, enable, ...keys }: KeyChange,
): Promise<ShownIssuer> {
  const found = await parts.trustedIssuers.get(issuer);
  const { trust } = found.registration;
  const isReplaced = keys.jwks !== undefined || keys.jwksUri !== undefined;
  if (!isReplaced && disable.length + enable.length === 0) {
    throw new Refusal('invalid_request', {
      words: 'Give --jwks-file or --jwks-uri for other keys, or --disable or --enable for one of them.',
    });
  }
  const kept = [...new Set([...trust.disabledKeys, ...disable])].filter((key) => !enable.includes(key));
  // Its keys alone: rules that were registered under another law must not stand in the way of a key that was stolen.
  const judged = judge(parts, {
    ...{ issuer: trust.issuer, scopes: ['any'], disabled_keys: kept },
    ...keySettings(isReplaced ? keys : trust),
  });
  const { jwks, jwksUri, disabledKeys } = judged.trust;
  checkUsable(jwks?.keys);
  const change = { ...(jwks && { jwks }), ...(jwksUri !== undefined && { jwksUri }), disabledKeys };
  return showTrust(await parts.trustedIssuers.changeKeys(found, change));
}

/** As they would be registered. Refuses with invalid_request, and with not_found where there is no such service account. */
async function judgeMappings(
  parts: MappingParts,
  { registration: { trust, scopes } }: TrustedIssuer,
  mappings: readonly MappingOptions[],
) {
  // Taking away is never refused: then no workload acts as anybody.
  if (mappings.length === 0 && trust.profile === 'workload') return [];
  for (const { serviceAccount } of mappings) await parts.serviceAccounts.get(serviceAccount);
  const judged = judge(parts, {
    ...{ issuer: trust.issuer, profile: trust.profile, scopes },
    service_accounts: mappings.map(toSettings),
    ...keySettings(trust),
  });
  return judged.trust.mappings ?? [];
}

/** Workloads that meet these rules act as that service account too. */
export async function mapIssuer(
  parts: MappingParts,
  issuer: string,
  mapping: MappingOptions,
): Promise<ShownIssuer> {
  const found = await parts.trustedIssuers.get(issuer);
  const { mappings = [] } = found.registration.trust;
  const added = await judgeMappings(parts, found, [mapping]);
  return showTrust(await parts.trustedIssuers.changeMappings(found, [...mappings, ...added]));
}

/** Workloads act as these service accounts by these rules, and as no other any more; what was issued before stays. */
export async function changeIssuerMappings(
  parts: MappingParts,
  issuer: string,
  mappings: readonly MappingOptions[],
): Promise<ShownIssuer> {
  const found = await parts.trustedIssuers.get(issuer);
  const judged = await judgeMappings(parts, found, mappings);
  return showTrust(await parts.trustedIssuers.changeMappings(found, judged));
}

/** No workload of this issuer acts as that service account any more; what was issued before stays. */
export async function unmapIssuer(
  { trustedIssuers }: Issuers,
  issuer: string,
  serviceAccount: string,
): Promise<ShownIssuer> {
  const found = await trustedIssuers.get(issuer);
  const { mappings = [] } = found.registration.trust;
  const kept = mappings.filter(({ serviceAccountId }) => serviceAccountId !== serviceAccount);
  if (kept.length === mappings.length)
    throw new Refusal('not_found', {
      words: `Nothing leads to ${serviceAccount}.`,
      param: 'service_account',
    });
  return showTrust(await trustedIssuers.changeMappings(found, kept));
}
