// Whoever calls the management API in their own name: a person who is signed in at a browser, or an API key where the
// operator allows it (rows G04, G11). What they may touch is what is theirs.
import type { Config } from '../../config/schema.ts';
import type { Account } from '../accounts/accounts.ts';
import type { ApiKey } from '../api-keys/api-key.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { KeyFormats } from '../api-keys/key-format.ts';
import { nowSeconds } from '../clock.ts';
import { judgeOwnKey } from '../introspection/own-key.ts';
import { isKeyScope, managementIdentifier } from '../resources/management.ts';
import type { Database } from '../storage/database.ts';
import { asOperator, asPerson } from '../teams/admission.ts';
import type { Person, WebContext } from '../web/context.ts';
import type { Csrf } from '../web/csrf.ts';
import type { Caller, Operation } from './operations.ts';
import { checkFresh } from './reach.ts';

export type OwnCallerParts = {
  config: Pick<Config, 'issuer' | 'sessions' | 'api_keys'>;
  database: Database;
  accounts: { findActive(id: string): Promise<Account | undefined> };
  apiKeys: ApiKeys;
  keyFormats: KeyFormats;
  csrf: Pick<Csrf, 'check'>;
  /** The engine's session; undefined when nobody is signed in. */
  readSession: (ctx: WebContext) => Promise<Person | undefined>;
};

const BROWSER = 'browser';

export function createOwnCallers(parts: OwnCallerParts) {
  const { config, database, accounts, apiKeys, keyFormats, csrf } = parts;

  function isStale({ authTime }: Person): boolean {
    return nowSeconds() - authTime > config.sessions.step_up_seconds;
  }

  /** A personal key acts as its owner and never beyond their own keys; a team key for its team alone. */
  async function actorOf(key: ApiKey) {
    const name = `api_key:${key.id}`;
    if (key.owner.kind === 'team') return asOperator(name);
    const account = await accounts.findActive(key.owner.accountId);
    return account && { name, account };
  }

  return {
    /** Refuses with csrf_failed what another site sent, and with access_denied a creation long after the sign-in. */
    async fromSession(ctx: WebContext, operation: Operation): Promise<Caller | undefined> {
      const person = operation.own === undefined ? undefined : await parts.readSession(ctx);
      const account = person && (await accounts.findActive(person.accountId));
      if (person === undefined || account === undefined) return undefined;
      if (operation.method !== 'get') csrf.check(ctx);
      const self = { actor: asPerson(account), isStale: isStale(person) };
      const caller = { actor: self.actor.name, clientId: BROWSER, scopes: [operation.own as string], self };
      if (operation.method === 'post' || operation.isFresh === true) checkFresh(caller);
      return caller;
    },

    isKey: (text: string): boolean => keyFormats.recognise(text) !== undefined,

    /** Undefined where the key is not good here, and everywhere where keys may not manage keys. */
    async fromKey(ctx: WebContext, text: string, operation: Operation): Promise<Caller | undefined> {
      // Keys manage keys at most.
      if (!isKeyScope(operation.own) || !config.api_keys.managed_by_keys) return undefined;
      const audience = managementIdentifier(config.issuer);
      const { address } = ctx.state;
      const used = { audience, address, keyRights: apiKeys.rights, now: nowSeconds() };
      const judged = await judgeOwnKey(database, text, used);
      if (typeof judged === 'string') return undefined;
      const key = await apiKeys.get(asOperator(BROWSER), judged.keyId);
      const actor = await actorOf(key);
      if (actor === undefined) return undefined;
      // One that is good in a single team is not for keys that are good everywhere.
      const isBound = key.owner.kind === 'personal' && key.teamId !== undefined;
      const scopes = !isBound && judged.mayUse(operation.own) ? [operation.own] : [];
      // A secret that was rotated away ends before its key, and gets nothing that outlives it either.
      const self = { actor, key: { ...key, expiresAt: judged.endsAt } };
      return { actor: actor.name, clientId: key.id, scopes, self };
    },
  };
}
