// People: sign-up, disabling, and the end of everything that they had open. Their passwords: passwords.ts.
import { Refusal } from '../errors.ts';
import { randomSecret } from '../secrets.ts';
import { Conflict } from '../storage/faults.ts';
import type { Sessions } from '../storage/sessions.ts';
import { normalizeEmail } from './email.ts';
import { createLinkStore } from './link-store.ts';
import { createPasswords, type PasswordParts } from './passwords.ts';
import { cleanName } from './person-name.ts';
import { createAccountStore } from './store.ts';

export type Account = {
  /** Random and never used again (OpenID Connect Core section 2: sub). */
  readonly id: string;
  /** As the person wrote it. */
  readonly email: string;
  /** Until then the address may be anybody's: nothing that is meant for its owner may follow from it alone. */
  readonly emailVerifiedAt: number | undefined;
  readonly name: string;
  /** Names an entry of `roles` in the configuration. */
  readonly role: string;
  readonly isAdmin: boolean;
  /** Names an entry of `plans` in the configuration; undefined is the default one. */
  readonly plan: string | undefined;
  /** The language in which they are written to: the one that they chose, else that of their last sign-in. */
  readonly locale: string | undefined;
  readonly chosenLocale: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly disabledAt: number | undefined;
};

export type NewAccount = {
  email: string;
  name: string;
  password: string;
  isAdmin?: boolean;
  /** The language of the page on which they sign up. */
  locale?: string | undefined;
};

export type AccountParts = PasswordParts & {
  sessions: Sessions;
  /** Ends all grants of a person, in the open unit. */
  revokeGrants: (accountId: string, reason: string) => void;
  /** Asks a new person to confirm their address, in the open unit. */
  sendVerification: (person: Pick<Account, 'id' | 'locale'>, email: string) => void;
};

export function createAccounts(parts: AccountParts) {
  const { database, audit, sessions, hasher, policy } = parts;
  const store = createAccountStore(database);
  const links = createLinkStore(database);

  async function get(idOrEmail: string): Promise<Account> {
    const account = idOrEmail.includes('@')
      ? await store.findByEmail(normalizeEmail(idOrEmail))
      : await store.find(idOrEmail);
    if (account === undefined)
      throw new Refusal('not_found', {
        words: 'There is no account {account}.',
        values: { account: idOrEmail },
        param: 'account',
      });
    return account;
  }

  /** Ends sessions (but the one named) and grants, in the open unit. */
  function endAccess(accountId: string, reason: string, exceptSessionUid?: string): void {
    sessions.endAllOf(accountId, exceptSessionUid);
    parts.revokeGrants(accountId, reason);
  }

  async function prepare(wanted: NewAccount) {
    const email = wanted.email.trim();
    const normalized = normalizeEmail(email);
    const name = cleanName(wanted.name);
    policy.check(wanted.password, { email, name });
    const secret = await hasher.hash(wanted.password);
    const account = {
      id: `acct_${randomSecret(16)}`,
      email,
      normalized,
      name,
      role: 'member',
      isAdmin: wanted.isAdmin ?? false,
      locale: wanted.locale,
    };
    return { account, secret };
  }

  const passwords = createPasswords({ ...parts, store, links, get, endAccess });

  return {
    ...passwords,
    find: store.find,
    get,
    list: store.list,
    hasAdministrator: store.hasAdministrator,
    /** Removes one-time links that are over. */
    sweep: links.sweep,

    /** The account, if it may be used: the engine and every page ask this. */
    async findActive(id: string): Promise<Account | undefined> {
      const account = await store.find(id);
      return account?.disabledAt === undefined ? account : undefined;
    },

    /** Refuses with already_exists, or with invalid_request where e-mail, name or password will not do. */
    async register(wanted: NewAccount, actor: string, alsoInUnit?: (id: string) => void): Promise<Account> {
      const { account, secret } = await prepare(wanted);
      try {
        await database.transact(() => {
          store.register(account);
          store.setPassword(account.id, secret);
          parts.sendVerification(account, account.email);
          alsoInUnit?.(account.id);
          audit.record('account.created', {
            actor,
            accountId: account.id,
            details: { administrator: account.isAdmin },
          });
        });
      } catch (error) {
        if (!(error instanceof Conflict) || error.label !== 'email') throw error;
        throw new Refusal('already_exists', {
          words: 'There is an account with this e-mail already.',
          param: 'email',
          cause: error,
        });
      }
      return get(account.id);
    },

    /** In the open unit: Conflict('administrator') unless this person may administer, and goes on to. */
    holdAdministrator: store.holdAdministrator,

    /** Sessions, grants and tokens end in the same unit; introspection feels it at the next call. */
    async disable(account: Account, actor: string, alsoInUnit?: () => void): Promise<Account> {
      await database.transact(() => {
        alsoInUnit?.();
        store.disable(account.id);
        endAccess(account.id, 'account_disabled');
        audit.record('account.disabled', { actor, accountId: account.id });
      });
      return get(account.id);
    },

    /** Signs them out of every browser. */
    async endSessions(account: Account, actor: string): Promise<void> {
      await database.transact(() => {
        sessions.endAllOf(account.id, undefined);
        audit.record('session.ended', { actor, accountId: account.id });
      });
    },

    /** By themselves; undefined is the language of their browser again. */
    async chooseLocale(account: Account, locale: string | undefined): Promise<void> {
      await database.transact(() => {
        store.chooseLocale(account.id, locale);
        audit.record('account.locale_chosen', {
          actor: `account:${account.id}`,
          accountId: account.id,
          details: { locale: locale ?? '' },
        });
      });
    },

    async enable(account: Account, actor: string): Promise<Account> {
      await database.transact(() => {
        store.enable(account.id);
        audit.record('account.enabled', { actor, accountId: account.id });
      });
      return get(account.id);
    },
  };
}

export type Accounts = ReturnType<typeof createAccounts>;
