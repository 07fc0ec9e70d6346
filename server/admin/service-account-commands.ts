// What may be done with service accounts, by an operator or whoever manages their team: whoever acts is the second argument,
// and those of others are not there for them. The JSON API calls the same functions.
import type { AssertionProfile } from '../clients/trust.ts';
import { nowSeconds } from '../clock.ts';
import {
  type AccountChange,
  type ChangeParts,
  changeServiceAccount,
} from '../service-accounts/account-change.ts';
import { addAccountKey, type KeySource } from '../service-accounts/account-making.ts';
import type { GoogleCredentials } from '../service-accounts/credentials.ts';
import type { Terms } from '../service-accounts/public-keys.ts';
import type { ServiceAccount } from '../service-accounts/service-account.ts';
import { type ShownKey, showKey } from '../service-accounts/shown-key.ts';
import type { Actor } from '../teams/admission.ts';
import type { AdminParts } from './parts.ts';

type Parts = Pick<AdminParts, 'serviceAccounts'>;

export type ShownServiceAccount = {
  id: string;
  name: string;
  state: 'active' | 'disabled' | 'team_gone' | 'not_in_plan';
  team_id: string | null;
  /** Who made it; null: an operator did. */
  responsible_id: string | null;
  plan: string | null;
  profile: AssertionProfile;
  scopes: readonly string[];
  /** Those of them that its team, or its plan, leaves it now. */
  scopes_now: readonly string[];
  /** The only API where it is good. */
  resource: string | null;
  keys: ShownKey[];
  created_at: number;
  /** To the minute. */
  last_used_at: number | null;
  last_used_address: string | null;
  last_used_program: string | null;
  disabled_at: number | null;
  /** Everything signed before is dead. */
  not_before: number | null;
};

export type MadeKey = ShownServiceAccount & { kid: string; credentials?: GoogleCredentials };

function stateOf({ disabledAt, isActive, isOnPlan }: ServiceAccount): ShownServiceAccount['state'] {
  if (disabledAt !== undefined) return 'disabled';
  if (isActive) return 'active';
  return isOnPlan ? 'team_gone' : 'not_in_plan';
}

function showAccount(account: ServiceAccount): ShownServiceAccount {
  const { trust } = account.registration;
  return {
    ...{ id: account.id, name: account.name, state: stateOf(account) },
    ...{ team_id: account.teamId ?? null, responsible_id: account.responsibleId ?? null },
    ...{ plan: account.plan ?? null, profile: trust.profile },
    ...{ scopes: account.scopes, scopes_now: account.scopesNow, resource: trust.resource ?? null },
    keys: account.keys.map((key) => showKey(key, account.disabledKeys)),
    ...{ created_at: account.createdAt, last_used_at: account.lastUsedAt ?? null },
    last_used_address: account.lastUsedAddress ?? null,
    last_used_program: account.lastUsedProgram ?? null,
    disabled_at: account.disabledAt ?? null,
    not_before: account.endedAt === undefined ? null : account.endedAt + 1,
  };
}

/** By id, at most `limit`, after the id `after`; of one team, or of all. */
export async function listServiceAccounts(
  { serviceAccounts }: Parts,
  actor: Actor,
  { teamId, after, limit }: { teamId?: string | undefined; after: string; limit: number },
): Promise<ShownServiceAccount[]> {
  return (await serviceAccounts.list(actor, { teamId, after, limit })).map(showAccount);
}

export async function showServiceAccount(
  { serviceAccounts }: Parts,
  actor: Actor,
  id: string,
): Promise<ShownServiceAccount> {
  return showAccount(await serviceAccounts.getAs(actor, id));
}

/** Another name, or other scopes. `checkWidening` refuses whoever may not give it more. */
export async function changeAccount(
  parts: ChangeParts & Parts,
  actor: Actor,
  {
    id,
    checkWidening = () => undefined,
    ...change
  }: AccountChange & { id: string; checkWidening?: (added: readonly string[]) => void },
): Promise<ShownServiceAccount> {
  const account = await parts.serviceAccounts.getAs(actor, id);
  return showAccount(await changeServiceAccount(parts, { account, change }, { actor, checkWidening }));
}

/** One more key, public or of a pair that is made here. */
export async function addKeyToAccount(
  parts: Pick<AdminParts, 'serviceAccounts' | 'config'>,
  actor: Actor,
  { id, ...source }: KeySource & { id: string; terms: Terms },
): Promise<MadeKey> {
  const before = await parts.serviceAccounts.getAs(actor, id);
  const { account, ...added } = await addAccountKey(parts, { account: before, ...source }, { actor });
  return { ...showAccount(account), ...added };
}

type KeyAct = 'disableKey' | 'enableKey' | 'removeKey';

/** What a key signed is dead with it, at once; of one that is enabled again it is alive again. */
export async function changeAccountKey(
  { serviceAccounts }: Parts,
  actor: Actor,
  { id, kid, act }: { id: string; kid: string; act: KeyAct },
): Promise<ShownServiceAccount> {
  return showAccount(await serviceAccounts[act](await serviceAccounts.getAs(actor, id), kid, actor));
}

/** Everything that it signed or got before then is dead for good; before now, unless told. */
export async function endAccountBefore(
  { serviceAccounts }: Parts,
  actor: Actor,
  { id, at }: { id: string; at: number | undefined },
): Promise<ShownServiceAccount> {
  const account = await serviceAccounts.getAs(actor, id);
  return showAccount(await serviceAccounts.endBefore(account, at ?? nowSeconds() + 1, actor));
}

/** Nothing of it is good from now on, nor comes back when it is enabled again. */
export async function disableAccount({ serviceAccounts }: Parts, actor: Actor, id: string) {
  return showAccount(await serviceAccounts.disable(await serviceAccounts.getAs(actor, id), actor));
}

export async function enableAccount({ serviceAccounts }: Parts, actor: Actor, id: string) {
  return showAccount(await serviceAccounts.enable(await serviceAccounts.getAs(actor, id), actor));
}

/** For good; its id is never used again. */
export async function removeServiceAccount({ serviceAccounts }: Parts, actor: Actor, id: string) {
  await serviceAccounts.remove(await serviceAccounts.getAs(actor, id), actor);
  return { id, removed: true as const };
}
