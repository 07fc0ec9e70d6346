// The end of an account: everything that was open ends with it, everything personal is erased, and the id is never used
// again (ASVS 10.5.2; row O02).
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import type { Sessions } from '../storage/sessions.ts';
import type { AccountMail } from './account-mail.ts';
import type { Account } from './accounts.ts';
import { createAccountStore } from './store.ts';

export type AccountDeletionParts = {
  database: Database;
  audit: Audit;
  sessions: Sessions;
  mail: AccountMail;
  /** Ends all grants of a person, in the open unit. */
  revokeGrants: (accountId: string, reason: string) => void;
  /** Removes what they allowed and blocked, in the open unit. */
  forgetConsents: (accountId: string) => void;
  /** Teams: may they go without leaving one to nobody (else conflict), and their leave of all, in the open unit. */
  teams: { checkMayGo: (account: Account) => Promise<void>; leaveAll: (account: Account) => void };
};

export function createAccountDeletion(parts: AccountDeletionParts) {
  const { audit, sessions, mail } = parts;
  const store = createAccountStore(parts.database);

  return {
    /** Refuses (conflict) the last administrator, who would leave the server to nobody, and the last owner of a team. */
    async check(account: Account): Promise<void> {
      await parts.teams.checkMayGo(account);
      if (!(await store.isLastAdministrator(account.id))) return;
      throw new Refusal('conflict', {
        words: 'This is the only administrator. Make another one first.',
      });
    },

    /** In the open unit. Whatever else the unit records of this person must be recorded before: it is erased too. */
    erase(account: Account, actor: string): void {
      mail.accountDeleted(account);
      sessions.endAllOf(account.id, undefined);
      sessions.erasePersonal(account.id);
      parts.revokeGrants(account.id, 'account_deleted');
      parts.forgetConsents(account.id);
      parts.teams.leaveAll(account);
      store.erase(account.id);
      audit.record('account.deleted', { actor, accountId: account.id });
      audit.erasePersonal(account.id);
    },
  };
}

export type AccountDeletion = ReturnType<typeof createAccountDeletion>;
