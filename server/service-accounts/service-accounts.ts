// Service accounts: machines of a team or of the operator that sign for themselves (RFC 7523 section 2.1), each with its
// keys (account-keys.ts). Whoever manages a team manages those of the team; to everybody else they are not there (row G07).
import type { Config } from '../../config/schema.ts';
import type { Audit } from '../audit/audit.ts';
import type { EventType } from '../audit/events.ts';
import type { Clients } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Resources } from '../resources/resources.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { Actor, Admission } from '../teams/admission.ts';
import type { Rights } from '../teams/rights.ts';
import { createAccountKeys } from './account-keys.ts';
import {
  type AccountRegistration,
  createServiceAccountId,
  isServiceAccountId,
  removedRegistration,
} from './account-registration.ts';
import { checkPlan, checkTerms, type Owner } from './account-terms.ts';
import type { EndedKeys } from './ended-keys.ts';
import { fromRow, notThere, type ServiceAccount } from './service-account.ts';
import { createServiceAccountStore, NO_ROOM } from './store.ts';
import type { IssuerAuthority } from './trusted-issuers.ts';

type Parts = {
  database: Database;
  audit: Audit;
  clients: Clients;
  endedKeys: Pick<EndedKeys, 'change'>;
  rights: Rights;
  admission: Pick<Admission, 'admitManager' | 'change'>;
  resources: Pick<Resources, 'list'>;
};

export function createServiceAccounts(parts: Parts) {
  const { database, audit, clients, endedKeys, rights, admission, resources } = parts;
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

  /** Strangers hear the same of one that is there and of one that is not; the operator's is there for no person. */
  async function admitTo({ id, teamId }: ServiceAccount, actor: Actor) {
    if (teamId === undefined) throw notThere(id);
    try {
      return await admission.admitManager(actor, teamId);
    } catch (error) {
      throw error instanceof Refusal && error.code === 'not_found' ? notThere(id, error) : error;
    }
  }

  /** Runs `act` in a unit of its own, in which the actor still may manage it. */
  async function changeAs(actor: Actor, account: ServiceAccount, act: () => void): Promise<void> {
    if (actor.account === undefined) return database.transact(act);
    return admission.change(actor, await admitTo(account, actor), act);
  }

  async function change(
    account: ServiceAccount,
    act: () => void,
    { types, actor, key }: { types: readonly EventType[]; actor: Actor; key?: string },
  ): Promise<ServiceAccount> {
    const { id, teamId } = account;
    await changeAs(actor, account, () => {
      act();
      for (const type of types)
        audit.record(type, { actor: actor.name, clientId: id, details: { team_id: teamId, key } });
    });
    return get(id);
  }

  /** Runs `act` with room for one more in the team. */
  async function makeRoom(actor: Actor, admitted: Awaited<ReturnType<typeof admitTo>>, act: () => void) {
    const { team } = admitted;
    const { maxServiceAccounts: most } = rights.planOfTeam(team.plan);
    if (most === 0)
      throw new Refusal('access_denied', {
        words: 'The plan of the team has no service accounts.',
        reason: 'plan without service accounts',
      });
    try {
      await admission.change(actor, admitted, () => {
        act();
        store.checkRoom(team.id, most);
      });
    } catch (cause) {
      if (!(cause instanceof Conflict && cause.label === NO_ROOM)) throw cause;
      throw new Refusal('access_denied', {
        words: 'There are {most} service accounts already, and the plan has no more. Delete one first.',
        ...{ values: { most }, reason: 'no room for a service account', cause },
      });
    }
  }

  return {
    ...createAccountKeys({ clients, endedKeys, change }),
    find,
    get,

    /** The same for whoever asks: refuses strangers with not_found, and with access_denied members who do not manage. */
    async getAs(actor: Actor, id: string): Promise<ServiceAccount> {
      const account = await get(id);
      if (actor.account !== undefined) await admitTo(account, actor);
      return account;
    },

    /** By id, at most `limit`, after the cursor; of one team, or of all, which only an operator may ask. */
    async list(
      actor: Actor,
      page: { teamId: string | undefined; after: string; limit: number },
    ): Promise<ServiceAccount[]> {
      const { teamId } = page;
      if (actor.account !== undefined && teamId === undefined)
        throw new Refusal('invalid_request', { words: 'Say of which team.', param: 'team' });
      if (actor.account !== undefined) await admission.admitManager(actor, teamId ?? '');
      return (await store.list(page)).map((row) => fromRow(row, rights));
    },

    createId: createServiceAccountId,

    /**
     * Refuses with not_found where there is no such team, with invalid_request where there is no such plan or API and
     * what a person may not give, with access_denied where the plan of the team has no room.
     */
    async register(
      id: string,
      registration: AccountRegistration,
      by: Owner & { actor: Actor; alsoInUnit?: ((id: string) => void) | undefined },
    ): Promise<ServiceAccount> {
      const { teamId, plan, actor } = by;
      checkPlan(by, rights);
      if (teamId === undefined && actor.account !== undefined)
        throw new Refusal('invalid_request', { words: 'Say of which team.', param: 'team' });
      const admitted = teamId === undefined ? undefined : await admission.admitManager(actor, teamId);
      checkTerms(registration, {
        ...{ resources: await resources.list(), rights },
        team: actor.account === undefined ? undefined : admitted?.team,
      });
      const act = () => {
        clients.inUnit.register(id, registration);
        const responsibleId = actor.account?.id;
        store.register(id, { teamId, plan, responsibleId });
        const details = { name: registration.name, team_id: teamId };
        audit.record('service_account.created', { actor: actor.name, clientId: id, details });
        by.alsoInUnit?.(id);
      };
      if (admitted === undefined) await database.transact(act);
      else await makeRoom(actor, admitted, act);
      return get(id);
    },

    /** Another registration in its place. Refuses as `register` does; `named` are the scopes that it did not name before. */
    async put(
      before: ServiceAccount,
      next: AccountRegistration,
      { named, ...by }: { types: readonly EventType[]; actor: Actor; named: readonly string[] },
    ): Promise<ServiceAccount> {
      await clients.getOwn(before.id);
      const team = by.actor.account === undefined ? undefined : (await admitTo(before, by.actor)).team;
      if (named.length > 0)
        checkTerms({ ...next, scopes: named }, { resources: await resources.list(), rights, team });
      return change(before, () => clients.inUnit.replace(before, next), by);
    },

    /** What it signed and what was issued to it before `at` is dead for good. Refuses with invalid_request a time to come. */
    endBefore(account: ServiceAccount, at: number, actor: Actor): Promise<ServiceAccount> {
      if (at > nowSeconds() + 1)
        throw new Refusal('invalid_request', { words: 'That time has not come yet.', param: 'at' });
      const act = () => store.endUpTo(account.id, at - 1);
      return change(account, act, { types: ['service_account.ended_before'], actor });
    },

    /** Nothing of it is good any more, nor will be once it is enabled again: it signs and asks anew. */
    disable: (account: ServiceAccount, actor: Actor): Promise<ServiceAccount> =>
      change(account, () => clients.inUnit.block(account.id), { types: ['client.blocked'], actor }),

    enable: (account: ServiceAccount, actor: Actor): Promise<ServiceAccount> =>
      change(account, () => clients.inUnit.allow(account.id), { types: ['client.allowed'], actor }),

    /** For good: a row without keys stays, so that nobody gets its id. */
    async remove(account: ServiceAccount, actor: Actor): Promise<void> {
      const { id, name, teamId } = account;
      await clients.getOwn(id);
      await changeAs(actor, account, () => {
        clients.inUnit.replace(account, removedRegistration(name));
        clients.inUnit.block(id);
        store.remove(id);
        const details = { name, team_id: teamId };
        audit.record('service_account.removed', { actor: actor.name, clientId: id, details });
      });
    },

    /** One JWT alone, until it would have expired. Twice is once. `actor` as the audit log names it. */
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

    /** For people to see, at most once a minute, in the open unit. */
    noteUse: store.noteUse,

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
