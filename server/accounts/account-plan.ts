// On which plan a person is: chosen by an operator, and felt at the next use of whatever they hold.
import type { Audit } from '../audit/audit.ts';
import type { Database } from '../storage/database.ts';
import type { Account } from './accounts.ts';
import { createAccountStore } from './store.ts';

export function createAccountPlan({ database, audit }: { database: Database; audit: Audit }) {
  const store = createAccountStore(database);

  return {
    /** A plan of the configuration, which the caller has looked up; undefined is the default one. */
    async set(account: Account, plan: string | undefined, actor: string): Promise<Account> {
      await database.transact(() => {
        store.setPlan(account.id, plan);
        const details = { before: account.plan, after: plan };
        audit.record('account.plan_changed', { actor, accountId: account.id, details });
      });
      return { ...account, plan };
    },
  };
}

export type AccountPlan = ReturnType<typeof createAccountPlan>;
