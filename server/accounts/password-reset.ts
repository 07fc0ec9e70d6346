// The way back in for whoever forgot their password: a link to their address, 30 minutes, one use (ASVS 6.4.3; row S14).
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { randomSecret } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { AccountMail } from './account-mail.ts';
import type { Account, Accounts } from './accounts.ts';
import { normalizeEmail } from './email.ts';
import { createLinkStore } from './link-store.ts';
import { createAccountStore } from './store.ts';

const PURPOSE = 'password_reset';
const LIFE_SECONDS = 1800;
const SPENT = 'This link was used already, or it is too old. Ask for a new one.';

export type PasswordResetParts = { database: Database; audit: Audit; mail: AccountMail; accounts: Accounts };

export function createPasswordReset({ database, audit, mail, accounts }: PasswordResetParts) {
  const links = createLinkStore(database);
  const store = createAccountStore(database);

  function sendLink(account: Account): void {
    const link = { secret: randomSecret(), expiresAt: nowSeconds() + LIFE_SECONDS };
    const { id: accountId, email } = account;
    links.endAllOf(accountId, PURPOSE);
    links.register(link.secret, { purpose: PURPOSE, accountId, email, expiresAt: link.expiresAt });
    mail.resetPassword(account, link);
  }

  /** Whose link it is; refuses not_found where it is spent, or its person may not sign in (row S09). */
  async function getOwner(secret: string): Promise<Account> {
    const owner = await links.findOwner(secret, PURPOSE);
    const account = owner && (await accounts.findActive(owner.accountId));
    if (account === undefined || owner?.email !== account.email)
      throw new Refusal('not_found', { words: SPENT });
    return account;
  }

  function writeUse(secret: string, account: Account): void {
    links.consume(secret, PURPOSE);
    store.confirmEmail(account.id, { email: account.email, normalized: normalizeEmail(account.email) });
    audit.record('account.password_reset', { actor: `account:${account.id}`, accountId: account.id });
  }

  return {
    /** Sends a link where there is somebody to send it to. Either way something is stored, so that the time it takes tells nothing. */
    async ask(email: string, { maySend }: { maySend: boolean }): Promise<void> {
      const found = await store.findByEmail(normalizeEmail(email));
      const account = maySend && found?.disabledAt === undefined ? found : undefined;
      await database.transact(() => {
        if (account !== undefined) sendLink(account);
        audit.record('account.password_reset_asked', { actor: 'anonymous', accountId: found?.id });
      });
    },

    check: getOwner,

    /**
     * Sets the password and ends everything that was open. Whoever had the link has the mailbox, so the address is
     * verified too. Of several uses at once one wins.
     */
    async use(secret: string, password: string): Promise<Account> {
      const account = await getOwner(secret);
      try {
        await accounts.setPassword(account, password, {
          actor: `account:${account.id}`,
          alsoInUnit: () => writeUse(secret, account),
        });
      } catch (error) {
        if (!(error instanceof Conflict) || error.label !== 'link') throw error;
        throw new Refusal('not_found', { words: SPENT, cause: error });
      }
      return account;
    },
  };
}

export type PasswordReset = ReturnType<typeof createPasswordReset>;
