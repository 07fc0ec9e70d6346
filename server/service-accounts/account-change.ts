// Another name of a service account, or other scopes: what takes away counts at once, what gives more is judged as at its making.
import type { EventType } from '../audit/events.ts';
import type { Actor } from '../teams/admission.ts';
import type { Rights } from '../teams/rights.ts';
import { type AccountRules, judgeSettings } from './account-making.ts';
import { type ServiceAccount, says } from './service-account.ts';
import type { ServiceAccounts } from './service-accounts.ts';

export type AccountChange = {
  readonly name?: string | undefined;
  /** All that it may have from now on. */
  readonly scopes?: readonly string[] | undefined;
};

export type ChangeParts = {
  readonly serviceAccounts: Pick<ServiceAccounts, 'put'>;
  readonly rules: AccountRules;
  readonly rights: Rights;
};

type By = {
  readonly actor: Actor;
  /** Refuses whoever may not give this account more; told of what it had not. */
  readonly checkWidening: (added: readonly string[]) => void;
};

/** What the account has not yet: of `*` neither another name than it stands for, nor `*` itself. */
function listAdded({ scopes: had }: ServiceAccount, scopes: readonly string[], rights: Rights): string[] {
  return scopes.filter((scope) => !had.includes(scope) && !says(had, scope, rights));
}

/** Refuses with invalid_request what it cannot have, as `serviceAccounts.put` does, and what `checkWidening` refuses. */
export async function changeServiceAccount(
  { serviceAccounts, rules, rights }: ChangeParts,
  { account, change }: { account: ServiceAccount; change: AccountChange },
  { actor, checkWidening }: By,
): Promise<ServiceAccount> {
  const { id, registration } = account;
  const { name = account.name, scopes: wanted = account.scopes } = change;
  const scopes = [...new Set(wanted)];
  const added = listAdded(account, scopes, rights);
  if (added.length > 0) checkWidening(added);
  const isOther =
    scopes.length !== account.scopes.length || !scopes.every((one) => account.scopes.includes(one));
  const types: EventType[] = [
    ...(name === account.name ? [] : ['service_account.renamed' as const]),
    ...(added.length > 0 ? ['service_account.widened' as const] : []),
    ...(added.length === 0 && isOther ? ['service_account.shrunk' as const] : []),
  ];
  if (types.length === 0) return account;
  const judged = judgeSettings({ rules }, { id, name, scopes });
  const next = { ...registration, name: judged.name, scopes: judged.scopes, defaultScopes: judged.scopes };
  // Names in the place of `*` are new names too.
  const named = scopes.filter((scope) => !account.scopes.includes(scope));
  return serviceAccounts.put(account, next, { types, actor, named });
}
