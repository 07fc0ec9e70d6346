// What is kept of a person: a copy of it, and the end of it. Both ask for a sign-in of just now (row S13).
import type { Audit } from '../audit/audit.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { WebContext } from '../web/context.ts';
import type { Pages } from '../web/page.ts';
import type { AccountDeletion } from './account-deletion.ts';
import { checkOwnPassword, getAccount } from './account-pages.ts';
import type { Accounts } from './accounts.ts';
import type { Entrance } from './entrance.ts';
import type { OwnData } from './own-data.ts';

const DATA = ['accounts/data', 'Your data'] as const;
const FILE_NAME = 'account.json';

export type OwnDataPageParts = {
  accounts: Accounts;
  accountDeletion: AccountDeletion;
  ownData: OwnData;
  audit: Audit;
  limiter: Limiter;
  entrance: Entrance;
  pages: Pages;
};

export function createOwnDataPages(parts: OwnDataPageParts) {
  const { accounts, accountDeletion, ownData, audit, entrance, pages } = parts;

  return {
    async show(ctx: WebContext): Promise<void> {
      await pages.render(ctx, ...DATA);
    },

    async takeCopy(ctx: WebContext): Promise<void> {
      const account = await getAccount(accounts, ctx);
      const data = await ownData.collect(account);
      audit.record('account.exported', { actor: `account:${account.id}`, accountId: account.id });
      ctx.attachment(FILE_NAME);
      ctx.type = 'json';
      ctx.body = JSON.stringify(data, null, 2);
    },

    async remove(ctx: WebContext): Promise<void> {
      const account = await getAccount(accounts, ctx);
      try {
        await checkOwnPassword(parts, ctx, account);
        await accountDeletion.check(account);
      } catch (error) {
        return pages.fail(ctx, ...DATA, { locals: {}, error });
      }
      await entrance.forget(ctx);
      delete ctx.state.person;
      // The last of this request's writes: it also erases where this request came from.
      accountDeletion.erase(account, `account:${account.id}`);
      await pages.render(ctx, 'accounts/deleted', 'Your account is deleted');
    },
  };
}
