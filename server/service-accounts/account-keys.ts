// The public keys of a service account: one more, disabled, enabled and removed. What they got ends with them (ended-keys.ts).
import type { EventType } from '../audit/events.ts';
import type { Clients } from '../clients/clients.ts';
import type { Actor } from '../teams/admission.ts';
import type { AccountRegistration } from './account-registration.ts';
import type { EndedKeys } from './ended-keys.ts';
import type { NamedKey } from './public-keys.ts';
import { checkKey, checkNewKey, type ServiceAccount } from './service-account.ts';

type Changed = { actor: Actor; key?: string; alsoInUnit?: (() => void) | undefined };

export type AccountKeyParts = {
  clients: Clients;
  endedKeys: Pick<EndedKeys, 'change'>;
  /** Runs `act` in a unit in which the actor still may manage the account, and records it. */
  change: (
    account: ServiceAccount,
    act: () => void,
    by: { types: readonly EventType[]; actor: Actor; key?: string },
  ) => Promise<ServiceAccount>;
};

export function createAccountKeys({ clients, endedKeys, change }: AccountKeyParts) {
  /** Other keys, or another state of them, in place of those that were read; Conflict where somebody else was faster. */
  async function changeTrust(
    before: ServiceAccount,
    next: Partial<AccountRegistration['trust']>,
    { actor, key, alsoInUnit }: Changed & { key: string },
  ): Promise<ServiceAccount> {
    const { id, registration } = before;
    await clients.getOwn(id);
    const replaced = { ...registration, trust: { ...registration.trust, ...next } };
    const act = () => {
      clients.inUnit.replace(before, replaced);
      endedKeys.change(id, registration.trust, replaced.trust);
      alsoInUnit?.();
    };
    return change(before, act, { types: ['service_account.keys_changed'], actor, key });
  }

  return {
    addKey(account: ServiceAccount, key: NamedKey, changed: Changed): Promise<ServiceAccount> {
      const { keys } = account;
      checkNewKey(account, key);
      return changeTrust(account, { jwks: { keys: [...keys, key] } }, { ...changed, key: key.kid });
    },

    /** What it signed, and what was issued on its word, is dead with it, at once. */
    disableKey(account: ServiceAccount, kid: string, actor: Actor): Promise<ServiceAccount> {
      checkKey(account, kid);
      const disabledKeys = [...new Set([...account.disabledKeys, kid])];
      return changeTrust(account, { disabledKeys }, { actor, key: kid });
    },

    enableKey(account: ServiceAccount, kid: string, actor: Actor): Promise<ServiceAccount> {
      checkKey(account, kid);
      const disabledKeys = account.disabledKeys.filter((one) => one !== kid);
      return changeTrust(account, { disabledKeys }, { actor, key: kid });
    },

    removeKey(account: ServiceAccount, kid: string, actor: Actor): Promise<ServiceAccount> {
      checkKey(account, kid);
      const keys = account.keys.filter((key) => key.kid !== kid);
      const disabledKeys = account.disabledKeys.filter((one) => one !== kid);
      return changeTrust(account, { jwks: { keys }, disabledKeys }, { actor, key: kid });
    },
  };
}
