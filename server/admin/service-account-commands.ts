// What an operator may do with service accounts. The JSON API calls the same functions.
import type { AssertionProfile } from '../clients/trust.ts';
import { LATEST_AT, nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { toAccountRegistration } from '../service-accounts/account-registration.ts';
import { makePair, type NamedKey, readJwk, readPem, type Terms } from '../service-accounts/public-keys.ts';
import type { ServiceAccount } from '../service-accounts/service-account.ts';
import type { AdminParts } from './parts.ts';
import { describeCredentials, type GoogleCredentials } from './service-account-file.ts';
import { type ShownKey, showKey } from './shown-issuer.ts';

type Parts = Pick<AdminParts, 'serviceAccounts'>;
type MakingParts = Pick<AdminParts, 'serviceAccounts' | 'rules' | 'config'>;

/** Where its keys come from: sets of public ones, or a pair that is made here. */
export type KeySource = {
  readonly jwks?: { readonly keys: readonly unknown[] } | undefined;
  readonly pem?: string | undefined;
  readonly isMadeHere?: boolean | undefined;
};

export type AccountOptions = KeySource & {
  /** undefined: it is the operator's. */
  readonly teamId?: string | undefined;
  readonly plan?: string | undefined;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly profile?: string | undefined;
};

export type ShownServiceAccount = {
  id: string;
  name: string;
  state: 'active' | 'disabled' | 'team_gone';
  team_id: string | null;
  plan: string | null;
  profile: AssertionProfile;
  scopes: readonly string[];
  /** Those of them that its team, or its plan, leaves it now. */
  scopes_now: readonly string[];
  keys: ShownKey[];
  created_at: number;
  disabled_at: number | null;
  /** Everything signed before is dead. */
  not_before: number | null;
};

/** `credentials` are shown this once: the private key is kept nowhere here. */
export type MadeAccount = { id: string; credentials?: GoogleCredentials };
export type MadeKey = ShownServiceAccount & { kid: string; credentials?: GoogleCredentials };

function stateOf({ disabledAt, isActive }: ServiceAccount): ShownServiceAccount['state'] {
  if (disabledAt !== undefined) return 'disabled';
  return isActive ? 'active' : 'team_gone';
}

export function showAccount(account: ServiceAccount): ShownServiceAccount {
  return {
    ...{ id: account.id, name: account.name, state: stateOf(account) },
    ...{ team_id: account.teamId ?? null, plan: account.plan ?? null },
    profile: account.registration.trust.profile,
    ...{ scopes: account.scopes, scopes_now: account.scopesNow },
    keys: account.keys.map((key) => showKey(key, account.disabledKeys)),
    ...{ created_at: account.createdAt, disabled_at: account.disabledAt ?? null },
    not_before: account.endedAt === undefined ? null : account.endedAt + 1,
  };
}

type Keys = { readonly keys: readonly NamedKey[]; readonly privatePem?: string };

function countSources({ jwks, pem, isMadeHere }: KeySource): number {
  return [jwks !== undefined, pem !== undefined, isMadeHere === true].filter(Boolean).length;
}

async function readKeys(source: KeySource, terms: Terms = {}): Promise<Keys> {
  if (countSources(source) > 1)
    throw new Refusal('invalid_request', { words: 'Give keys in one way only.', param: 'key' });
  if (source.isMadeHere === true) {
    const { key, privatePem } = await makePair(terms);
    return { keys: [key], privatePem };
  }
  if (source.pem !== undefined) return { keys: [readPem(source.pem, terms)] };
  const keys = (source.jwks?.keys ?? []).map((key) => readJwk(key, terms));
  const twice = keys.find(({ kid }, index) => keys.findIndex((other) => other.kid === kid) !== index);
  if (twice === undefined) return { keys };
  throw new Refusal('invalid_request', { words: `The key ${twice.kid} is given twice.`, param: 'key' });
}

function judge({ rules }: Pick<MakingParts, 'rules'>, settings: Record<string, unknown>) {
  const { value, faults } = rules.judgeServiceAccount(settings);
  if (value !== undefined) return toAccountRegistration(value);
  throw new Refusal('invalid_request', { words: faults.join('\n') });
}

/** Refuses with invalid_request (every fault at once), or not_found for the team. */
export async function createServiceAccount(
  parts: MakingParts,
  { teamId, plan, ...options }: AccountOptions,
  by: { actor: string; alsoInUnit?: (made: MadeAccount) => void },
): Promise<MadeAccount> {
  const id = parts.serviceAccounts.createId();
  const { keys, privatePem } = await readKeys(options);
  const registration = judge(parts, {
    ...{ id, name: options.name, scopes: options.scopes },
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(keys.length === 0 ? {} : { jwks: { keys } }),
  });
  const [key] = keys;
  const made: MadeAccount =
    privatePem === undefined || key === undefined
      ? { id }
      : { id, credentials: describeCredentials({ id, kid: key.kid, privatePem }, parts.config.issuer) };
  const { actor } = by;
  const alsoInUnit = () => by.alsoInUnit?.(made);
  await parts.serviceAccounts.register(id, registration, { teamId, plan, actor, alsoInUnit });
  return made;
}

/** By id, at most `limit`, after the id `after`; of one team, or of all. */
export async function listServiceAccounts(
  { serviceAccounts }: Parts,
  { teamId, after, limit }: { teamId?: string | undefined; after: string; limit: number },
): Promise<ShownServiceAccount[]> {
  return (await serviceAccounts.list({ teamId, after, limit })).map(showAccount);
}

export async function showServiceAccount(
  { serviceAccounts }: Parts,
  id: string,
): Promise<ShownServiceAccount> {
  return showAccount(await serviceAccounts.get(id));
}

/** One more key, public or of a pair that is made here. */
export async function addAccountKey(
  { serviceAccounts, config }: Omit<MakingParts, 'rules'>,
  { id, terms, ...source }: KeySource & { id: string; terms: Terms },
  actor: string,
): Promise<MadeKey> {
  const account = await serviceAccounts.get(id);
  const { expiresAt } = terms;
  if (expiresAt !== undefined && expiresAt <= nowSeconds())
    throw new Refusal('invalid_request', { words: 'That end has passed.', param: 'expires_at' });
  if (expiresAt !== undefined && expiresAt > LATEST_AT)
    throw new Refusal('invalid_request', { words: 'That end is too far away.', param: 'expires_at' });
  const { keys, privatePem } = await readKeys(source, terms);
  const [key, ...others] = keys;
  if (key === undefined || others.length > 0)
    throw new Refusal('invalid_request', { words: 'Give one key.', param: 'key' });
  const shown = showAccount(await serviceAccounts.addKey(account, key, actor));
  const { kid } = key;
  if (privatePem === undefined) return { ...shown, kid };
  return { ...shown, kid, credentials: describeCredentials({ id, kid, privatePem }, config.issuer) };
}

type KeyAct = 'disableKey' | 'enableKey' | 'removeKey';

/** What a key signed is dead with it, at once; of one that is enabled again it is alive again. */
export async function changeAccountKey(
  { serviceAccounts }: Parts,
  { id, kid, act }: { id: string; kid: string; act: KeyAct },
  actor: string,
): Promise<ShownServiceAccount> {
  return showAccount(await serviceAccounts[act](await serviceAccounts.get(id), kid, actor));
}

/** Everything that it signed or got before then is dead for good; before now, unless told. */
export async function endAccountBefore(
  { serviceAccounts }: Parts,
  { id, at }: { id: string; at: number | undefined },
  actor: string,
): Promise<ShownServiceAccount> {
  const account = await serviceAccounts.get(id);
  return showAccount(await serviceAccounts.endBefore(account, at ?? nowSeconds() + 1, actor));
}

/** Nothing of it is good from now on, nor comes back when it is enabled again. */
export async function disableAccount({ serviceAccounts }: Parts, id: string, actor: string) {
  return showAccount(await serviceAccounts.disable(await serviceAccounts.get(id), actor));
}

export async function enableAccount({ serviceAccounts }: Parts, id: string, actor: string) {
  return showAccount(await serviceAccounts.enable(await serviceAccounts.get(id), actor));
}

/** For good; its id is never used again. */
export async function removeServiceAccount({ serviceAccounts }: Parts, id: string, actor: string) {
  await serviceAccounts.remove(await serviceAccounts.get(id), actor);
  return { id, removed: true as const };
}
