// Service accounts: machines of a team or of the operator that sign for themselves (RFC 7523 section 2.1), each with its keys.
import type { Config } from '../../config/schema.ts';
import type { Audit } from '../audit/audit.ts';
import type { EventType } from '../audit/events.ts';
import type { Clients } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { Rights } from '../teams/rights.ts';
import {
  type AccountRegistration,
  createServiceAccountId,
  isServiceAccountId,
  removedRegistration,
} from './account-registration.ts';
import type { NamedKey } from './public-keys.ts';
import { fromRow, type ServiceAccount } from './service-account.ts';
import { createServiceAccountStore, NO_TEAM } from './store.ts';
import type { IssuerAuthority } from './trusted-issuers.ts';

const MOST_KEYS = 20;

/** Whose it is: of a team, or of the operator, who may put it on a plan. */
export type Owner = { readonly teamId?: string | undefined; readonly plan?: string | undefined };

type Parts = { database: Database; audit: Audit; clients: Clients; rights: Rights };

function notThere(id: string): Refusal {
  return new Refusal('not_found', { words: `There is no service account ${id}.`, param: 'service_account' });
}

export function createServiceAccounts({ database, audit, clients, rights }: Parts) {
  const store = createServiceAccountStore(database);

  async function find(id: string): Promise<ServiceAccount | undefined> {
    const row = isServiceAccountId(id) ? await store.find(id) : undefined;
    return row === undefined ? undefined : fromRow(row, rights);
  }

  async function get(id: string): Promise<ServiceAccount> {
    const found = await find(id);
    if (found === undefined) throw notThere(id);
    return found;
  }

  async function change(
    id: string,
    act: () => void,
    event: { type: EventType; actor: string; key?: string },
  ) {
    const { teamId } = await get(id);
    await database.transact(() => {
      act();
      const details = { team_id: teamId, key: event.key };
      audit.record(event.type, { actor: event.actor, clientId: id, details });
    });
    return get(id);
  }

  /** Other keys, or another state of them, in place of those that were read; Conflict where somebody else was faster. */
  async function changeTrust(
    before: ServiceAccount,
    next: Partial<AccountRegistration['trust']>,
    event: { actor: string; key: string; alsoInUnit?: () => void },
  ): Promise<ServiceAccount> {
    const { id, registration } = before;
    await clients.getOwn(id);
    const replaced = { ...registration, trust: { ...registration.trust, ...next } };
    const type = 'service_account.keys_changed';
    const act = () => {
      clients.inUnit.replace(before, replaced);
      event.alsoInUnit?.();
    };
    return change(id, act, { type, actor: event.actor, key: event.key });
  }

  function checkKey({ keys }: ServiceAccount, kid: string): void {
    if (keys.some((key) => key.kid === kid)) return;
    throw new Refusal('not_found', { words: `It has no key ${kid}.`, param: 'key' });
  }

  return {
    find,
    get,

    /** By id, at most `limit`, after the cursor; of one team, or of all. */
    async list(page: {
      teamId: string | undefined;
      after: string;
      limit: number;
    }): Promise<ServiceAccount[]> {
      return (await store.list(page)).map((row) => fromRow(row, rights));
    },

    createId: createServiceAccountId,

    /** Refuses with not_found where there is no such team, with invalid_request where there is no such plan. */
    async register(
      id: string,
      registration: AccountRegistration,
      by: Owner & { actor: string; alsoInUnit?: ((id: string) => void) | undefined },
    ): Promise<ServiceAccount> {
      const { teamId, plan, actor } = by;
      if (plan !== undefined && (teamId !== undefined || !rights.isPlan(plan)))
        throw new Refusal('invalid_request', {
          words:
            teamId === undefined
              ? `There is no plan ${plan}.`
              : 'A service account of a team is on its plan.',
          param: 'plan',
        });
      try {
        await database.transact(() => {
          clients.inUnit.register(id, registration);
          store.register(id, { teamId, plan });
          const details = { name: registration.name, team_id: teamId };
          audit.record('service_account.created', { actor, clientId: id, details });
          by.alsoInUnit?.(id);
        });
      } catch (cause) {
        if (!(cause instanceof Conflict && cause.label === NO_TEAM)) throw cause;
        throw new Refusal('not_found', { words: 'There is no such team.', param: 'team', cause });
      }
      return get(id);
    },

    addKey(account: ServiceAccount, key: NamedKey, actor: string): Promise<ServiceAccount> {
      const { keys } = account;
      if (keys.some((one) => one.kid === key.kid))
        throw new Refusal('already_exists', { words: `It has a key ${key.kid} already.`, param: 'key' });
      if (keys.length >= MOST_KEYS)
        throw new Refusal('invalid_request', {
          words: `It has ${MOST_KEYS} keys: remove one first.`,
          param: 'key',
        });
      return changeTrust(account, { jwks: { keys: [...keys, key] } }, { actor, key: key.kid });
    },

    /** What it signed, and what was issued on its word, is dead with it, at once. */
    disableKey(account: ServiceAccount, kid: string, actor: string): Promise<ServiceAccount> {
      checkKey(account, kid);
      const disabledKeys = [...new Set([...account.disabledKeys, kid])];
      const alsoInUnit = () => store.endIssuedBy(account.id, kid);
      return changeTrust(account, { disabledKeys }, { actor, key: kid, alsoInUnit });
    },

    enableKey(account: ServiceAccount, kid: string, actor: string): Promise<ServiceAccount> {
      checkKey(account, kid);
      const disabledKeys = account.disabledKeys.filter((one) => one !== kid);
      return changeTrust(account, { disabledKeys }, { actor, key: kid });
    },

    removeKey(account: ServiceAccount, kid: string, actor: string): Promise<ServiceAccount> {
      checkKey(account, kid);
      const keys = account.keys.filter((key) => key.kid !== kid);
      const disabledKeys = account.disabledKeys.filter((one) => one !== kid);
      const alsoInUnit = () => store.endIssuedBy(account.id, kid);
      return changeTrust(account, { jwks: { keys }, disabledKeys }, { actor, key: kid, alsoInUnit });
    },

    /** What it signed and what was issued to it before `at` is dead for good. Refuses with invalid_request a time to come. */
    endBefore({ id }: ServiceAccount, at: number, actor: string): Promise<ServiceAccount> {
      if (at > nowSeconds() + 1)
        throw new Refusal('invalid_request', { words: 'That time has not come yet.', param: 'at' });
      return change(id, () => store.endUpTo(id, at - 1), { type: 'service_account.ended_before', actor });
    },

    /** Nothing of it is good any more, nor will be once it is enabled again: it signs and asks anew. */
    disable: ({ id }: ServiceAccount, actor: string): Promise<ServiceAccount> =>
      change(id, () => clients.inUnit.block(id), { type: 'client.blocked', actor }),

    enable: ({ id }: ServiceAccount, actor: string): Promise<ServiceAccount> =>
      change(id, () => clients.inUnit.allow(id), { type: 'client.allowed', actor }),

    /** For good: a row without keys stays, so that nobody gets its id. */
    async remove(account: ServiceAccount, actor: string): Promise<void> {
      const { id, name, teamId } = account;
      await clients.getOwn(id);
      await database.transact(() => {
        clients.inUnit.replace(account, removedRegistration(name));
        clients.inUnit.block(id);
        store.remove(id);
        const details = { name, team_id: teamId };
        audit.record('service_account.removed', { actor, clientId: id, details });
      });
    },

    /** One JWT alone, until it would have expired. Twice is once. */
    revokeJwt(
      jwt: { id: string; hash: Buffer; expiresAt: number },
      { actor, reason }: { actor: string; reason: string },
    ): Promise<void> {
      const { id: clientId, hash, expiresAt } = jwt;
      return database.transact(() => {
        store.revokeJwt({ hash, clientId, expiresAt });
        const details = { sha256: hash.toString('hex') };
        audit.record('service_jwt.revoked', { actor, clientId, reason, details });
      });
    },

    /** All of a team that ends, in the open unit. */
    endOfTeam: (teamId: string): void => store.blockAllOf(teamId),
    /** They are the team's, whoever made them. */
    endOfMember: (): void => undefined,

    /** The rows of those that the file declares, beside their clients. */
    declare: (declared: Config['service_accounts']): Promise<void> =>
      database.transact(() => {
        for (const { id, plan } of declared) store.declare(id, plan);
      }),

    /** As the judge of assertions knows it. */
    async findAuthority(id: string): Promise<IssuerAuthority | undefined> {
      const account = await find(id);
      if (account === undefined) return undefined;
      const { registration, keys, isActive, scopesNow, endedAt } = account;
      return {
        ...registration.trust,
        ...{ id, isActive, scopes: scopesNow, endedAt },
        listKeys: () => Promise.resolve(keys),
      };
    },

    sweep: store.sweep,
  };
}

export type ServiceAccounts = ReturnType<typeof createServiceAccounts>;
