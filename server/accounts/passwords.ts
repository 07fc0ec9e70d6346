// Passwords: signing in by one, proving it again, and changing it.
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import type { SignInAttempt, SignInThrottle } from '../rate-limits/sign-in-throttle.ts';
import type { Database } from '../storage/database.ts';
import type { AccountMail } from './account-mail.ts';
import type { Account } from './accounts.ts';
import { normalizeEmail } from './email.ts';
import type { LinkStore } from './link-store.ts';
import type { PasswordHasher } from './password.ts';
import type { PasswordPolicy } from './password-policy.ts';
import type { AccountStore } from './store.ts';

const LONGEST_PROGRAM = 300;

export type PasswordParts = {
  database: Database;
  audit: Audit;
  hasher: PasswordHasher;
  policy: PasswordPolicy;
  throttle: SignInThrottle;
  mail: AccountMail;
};

type Ground = PasswordParts & {
  store: AccountStore;
  links: LinkStore;
  get: (id: string) => Promise<Account>;
  /** Ends sessions (but the one named) and grants, in the open unit. */
  endAccess: (accountId: string, reason: string, exceptSessionUid?: string) => void;
};

/** `locale` is the language of the page on which they sign in. */
export type PasswordAttempt = SignInAttempt & { password: string; locale?: string | undefined };

/** The password of today, given again by whoever is signed in. */
export type PasswordProof = { password: string; sessionUid: string; address: string };

export function createPasswords(parts: Ground) {
  const { database, audit, hasher, policy, throttle, mail, store, links, get, endAccess } = parts;

  async function setPassword(
    account: Account,
    password: string,
    by: { actor: string; sessionUid?: string; alsoInUnit?: () => void },
  ): Promise<void> {
    policy.check(password, { email: account.email, name: account.name });
    const secret = await hasher.hash(password);
    await database.transact(() => {
      by.alsoInUnit?.();
      links.endAllOf(account.id);
      store.setPassword(account.id, secret);
      endAccess(account.id, 'password_changed', by.sessionUid);
      mail.passwordChanged(account);
      audit.record('account.password_changed', { actor: by.actor, accountId: account.id });
    });
  }

  /** Throttled like a sign-in; refuses wrong_credentials, at the field `password`. */
  async function checkPassword(account: Account, proof: PasswordProof): Promise<void> {
    const seen = { email: account.email, address: proof.address, deviceId: proof.sessionUid };
    await throttle.before(seen);
    const stored = await store.findPassword(normalizeEmail(account.email));
    const { isRight } = await hasher.verify(proof.password, stored?.secret);
    if (!isRight)
      throw new Refusal('wrong_credentials', {
        words: 'The password of today is not right.',
        param: 'password',
      });
    await throttle.success(seen);
  }

  /** Tells of a browser in which they were not seen before, in the open unit; not of the first of all. */
  async function noteNewPlace(account: Account): Promise<void> {
    if (!(await audit.hasHappened('sign_in.succeeded', account.id))) return;
    const { address, program } = audit.origin() ?? {};
    mail.signedInFromNewPlace(account, { address, program: program?.slice(0, LONGEST_PROGRAM) });
  }

  /** Mail speaks the language of the last sign-in, unless they have chosen another. */
  async function noteLocale(account: Account, locale: string | undefined): Promise<Account> {
    const isKnown = locale === undefined || account.chosenLocale !== undefined || account.locale === locale;
    if (isKnown) return account;
    await database.transact(() => store.noteLocale(account.id, locale));
    return { ...account, locale };
  }

  async function recordFailure(accountId: string | undefined, reason: string): Promise<void> {
    await database.transact(() => {
      audit.record('sign_in.failed', { actor: 'anonymous', accountId, outcome: 'failure', reason });
    });
  }

  return {
    setPassword,
    checkPassword,

    /**
     * In the caller's open unit. Throttled before the hash is computed; unknown, wrong and disabled are the same refusal
     * after the same work. Hashes anew where the parameters have changed since.
     */
    async signIn({ password, locale, ...seen }: PasswordAttempt): Promise<Account> {
      await throttle.before(seen);
      const stored = await store.findPassword(normalizeEmail(seen.email));
      const { isRight, needsRehash } = await hasher.verify(password, stored?.secret);
      if (!isRight || stored === undefined || stored.isDisabled) {
        const reason =
          stored === undefined ? 'unknown_account' : stored.isDisabled ? 'disabled' : 'wrong_password';
        await recordFailure(stored?.accountId, reason);
        throw new Refusal('wrong_credentials', { reason });
      }
      await throttle.success(seen);
      if (needsRehash) {
        const secret = await hasher.hash(password);
        await database.transact(() => {
          store.setPassword(stored.accountId, secret);
          audit.record('account.password_rehashed', { actor: 'system', accountId: stored.accountId });
        });
      }
      const account = await noteLocale(await get(stored.accountId), locale);
      if (seen.deviceId === undefined) await noteNewPlace(account);
      return account;
    },

    /** By its owner: the password of today is asked for; other sessions and all refresh tokens end. */
    async changePassword(
      account: Account,
      change: { current: string; next: string; sessionUid: string; address: string },
    ): Promise<void> {
      const { current: password, sessionUid, address } = change;
      await checkPassword(account, { password, sessionUid, address });
      await setPassword(account, change.next, {
        actor: `account:${account.id}`,
        sessionUid,
      });
    },
  };
}
