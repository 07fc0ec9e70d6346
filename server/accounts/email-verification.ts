// That an address belongs to whoever uses it: shown by a link that was sent there, at sign-up and before a change.
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { randomSecret } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { AccountMail } from './account-mail.ts';
import type { Account } from './accounts.ts';
import { normalizeEmail } from './email.ts';
import { createLinkStore } from './link-store.ts';
import { createAccountStore } from './store.ts';

const PURPOSE = 'email';
const LIFE_SECONDS = 86_400;
const SPENT = 'This link was used already, is too old, or belongs to another account.';

export function createEmailVerification(parts: { database: Database; audit: Audit; mail: AccountMail }) {
  const { database, audit, mail } = parts;
  const links = createLinkStore(database);
  const store = createAccountStore(database);

  /** A link to this address, in the open unit. Earlier ones end: one address waits at a time. */
  function sendLink(person: Pick<Account, 'id' | 'locale'>, email: string): void {
    const { id: accountId } = person;
    const link = { secret: randomSecret(), expiresAt: nowSeconds() + LIFE_SECONDS };
    links.endAllOf(accountId, PURPOSE);
    links.register(link.secret, { purpose: PURPOSE, accountId, email, expiresAt: link.expiresAt });
    mail.verifyEmail(person, normalizeEmail(email), link);
  }

  /** The address that the link confirms. It counts only for whom it was made: refuses everybody else (not_found). */
  async function check(secret: string, account: Account): Promise<string> {
    const owner = await links.findOwner(secret, PURPOSE);
    if (owner?.accountId !== account.id) throw new Refusal('not_found', { words: SPENT });
    return owner.email;
  }

  function writeConfirmed(account: Account, email: string): void {
    const actor = `account:${account.id}`;
    const isChange = normalizeEmail(email) !== normalizeEmail(account.email);
    store.confirmEmail(account.id, { email, normalized: normalizeEmail(email) });
    if (!isChange) {
      audit.record('account.email_verified', { actor, accountId: account.id });
      return;
    }
    // A link that was sent to the old address opens nothing any more (row S14).
    links.endAllOf(account.id);
    mail.emailChanged(account, normalizeEmail(email));
    audit.record('account.email_changed', { actor, accountId: account.id });
  }

  return {
    sendLink,
    check,

    /** Sends the link for the address of today once more. */
    async sendAgain(account: Account): Promise<void> {
      await database.transact(() => sendLink(account, account.email));
    },

    /** Sends a link to the new address and a word to the old one; nothing changes before the link is used. */
    async askChange(account: Account, typed: string): Promise<void> {
      const email = typed.trim();
      const normalized = normalizeEmail(email);
      if (normalized === normalizeEmail(account.email)) {
        throw new Refusal('invalid_request', { words: 'This is your address already.', param: 'email' });
      }
      await database.transact(() => {
        sendLink(account, email);
        mail.emailChangeAsked(account, normalized);
        const actor = `account:${account.id}`;
        audit.record('account.email_change_asked', { actor, accountId: account.id });
      });
    },

    /** The address is theirs from now on. Of several uses at once one wins; the others are told that the link is spent. */
    async confirm(secret: string, account: Account): Promise<void> {
      const email = await check(secret, account);
      try {
        await database.transact(() => {
          links.consume(secret, PURPOSE);
          writeConfirmed(account, email);
        });
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        if (error.label === 'link') throw new Refusal('not_found', { words: SPENT, cause: error });
        throw new Refusal('already_exists', {
          words: 'There is another account with this e-mail.',
          cause: error,
        });
      }
    },
  };
}

export type EmailVerification = ReturnType<typeof createEmailVerification>;
