// A new service account, and one more key of it: with public keys that are given, or with a pair whose private half is shown once.
import type { Config } from '../../config/schema.ts';
import { getJudged, type Judged } from '../clients/judged.ts';
import { LATEST_AT, nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Actor } from '../teams/admission.ts';
import { toAccountRegistration } from './account-registration.ts';
import type { Owner } from './account-terms.ts';
import { describeCredentials, type GoogleCredentials } from './credentials.ts';
import { thumbprintOf } from './keys.ts';
import { makePair, type NamedKey, readJwk, readPem, type Terms } from './public-keys.ts';
import type { ServiceAccount } from './service-account.ts';
import type { ServiceAccounts } from './service-accounts.ts';

type Declared = Config['service_accounts'][number];

/** The rules of the configuration file, which is above this folder: they are handed down. */
export type AccountRules = {
  judgeServiceAccount(settings: Readonly<Record<string, unknown>>): Judged<Declared>;
};

export type MakingParts = {
  readonly serviceAccounts: Pick<ServiceAccounts, 'createId' | 'register' | 'addKey'>;
  readonly rules: AccountRules;
  readonly config: Pick<Config, 'issuer'>;
};

/** Where its keys come from: sets of public ones, or a pair that is made here. */
export type KeySource = {
  readonly jwks?: { readonly keys: readonly unknown[] } | undefined;
  readonly pem?: string | undefined;
  readonly isMadeHere?: boolean | undefined;
};

export type AccountOptions = KeySource &
  Owner & {
    readonly name: string;
    readonly scopes: readonly string[];
    readonly resource?: string | undefined;
    readonly profile?: string | undefined;
  };

/** `credentials` are shown this once: the private key is kept nowhere here. */
export type MadeAccount = { id: string; credentials?: GoogleCredentials };
export type AddedKey = { kid: string; credentials?: GoogleCredentials };

type Keys = { readonly keys: readonly NamedKey[]; readonly privatePem?: string };

function countSources({ jwks, pem, isMadeHere }: KeySource): number {
  return [jwks !== undefined, pem !== undefined, isMadeHere === true].filter(Boolean).length;
}

/** Since when it has been a key of ours (`iat`: OpenID Federation section 8.7), whatever its owner wrote there. */
function dated(key: NamedKey): NamedKey {
  return { ...key, iat: nowSeconds() };
}

async function readKeys(source: KeySource, terms: Terms = {}): Promise<Keys> {
  if (countSources(source) > 1)
    throw new Refusal('invalid_request', { words: 'Give keys in one way only.', param: 'key' });
  if (source.isMadeHere === true) {
    const { key, privatePem } = await makePair(terms);
    return { keys: [dated(key)], privatePem };
  }
  if (source.pem !== undefined) return { keys: [dated(readPem(source.pem, terms))] };
  const keys = (source.jwks?.keys ?? []).map((key) => dated(readJwk(key, terms)));
  const isSame = (one: NamedKey) => (other: NamedKey) =>
    other.kid === one.kid || thumbprintOf(other) === thumbprintOf(one);
  const twice = keys.find((one, index) => keys.findIndex(isSame(one)) !== index);
  if (twice === undefined) return { keys };
  throw new Refusal('invalid_request', {
    ...{ words: 'The key {kid} is given twice.', values: { kid: twice.kid }, param: 'key' },
  });
}

/** By the rules of the configuration file. Refuses with invalid_request, every fault at once. */
export function judgeSettings({ rules }: Pick<MakingParts, 'rules'>, settings: Record<string, unknown>) {
  return toAccountRegistration(getJudged(rules.judgeServiceAccount(settings)));
}

function offer(
  { id, kid, privatePem }: { id: string; kid: string | undefined; privatePem: string | undefined },
  { issuer }: Pick<Config, 'issuer'>,
): { credentials?: GoogleCredentials } {
  if (kid === undefined || privatePem === undefined) return {};
  return { credentials: describeCredentials({ id, kid, privatePem }, issuer) };
}

/** Refuses as `serviceAccounts.register` does, and with invalid_request (every fault at once). */
export async function createServiceAccount(
  parts: MakingParts,
  { teamId, plan, ...options }: AccountOptions,
  by: { actor: Actor; alsoInUnit?: (made: MadeAccount) => void },
): Promise<MadeAccount> {
  const id = parts.serviceAccounts.createId();
  const { keys, privatePem } = await readKeys(options);
  const { name, scopes, resource, profile } = options;
  const registration = judgeSettings(parts, {
    ...{ id, name, scopes },
    ...(resource === undefined ? {} : { resource }),
    ...(profile === undefined ? {} : { profile }),
    ...(keys.length === 0 ? {} : { jwks: { keys } }),
  });
  const made: MadeAccount = { id, ...offer({ id, kid: keys[0]?.kid, privatePem }, parts.config) };
  const alsoInUnit = () => by.alsoInUnit?.(made);
  await parts.serviceAccounts.register(id, registration, { teamId, plan, actor: by.actor, alsoInUnit });
  return made;
}

function checkEnd({ expiresAt }: Terms): void {
  if (expiresAt === undefined) return;
  if (expiresAt <= nowSeconds())
    throw new Refusal('invalid_request', { words: 'That end has passed.', param: 'expires_at' });
  if (expiresAt > LATEST_AT)
    throw new Refusal('invalid_request', { words: 'That end is too far away.', param: 'expires_at' });
}

/** One more key, public or of a pair that is made here. */
export async function addAccountKey(
  { serviceAccounts, config }: Omit<MakingParts, 'rules'>,
  { account, terms, ...source }: KeySource & { account: ServiceAccount; terms: Terms },
  by: { actor: Actor; alsoInUnit?: (added: AddedKey) => void },
): Promise<AddedKey & { account: ServiceAccount }> {
  checkEnd(terms);
  const { keys, privatePem } = await readKeys(source, terms);
  const [key, ...others] = keys;
  if (key === undefined || others.length > 0)
    throw new Refusal('invalid_request', { words: 'Give one key.', param: 'key' });
  const { kid } = key;
  const added: AddedKey = { kid, ...offer({ id: account.id, kid, privatePem }, config) };
  const alsoInUnit = () => by.alsoInUnit?.(added);
  return { ...added, account: await serviceAccounts.addKey(account, key, { actor: by.actor, alsoInUnit }) };
}
