// What people see and change of their own account: the overview, the password, and what has access.
import type { Config } from '../../config/schema.ts';
import { Refusal } from '../errors.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { Person, WebContext } from '../web/context.ts';
import { type Pages, seeOther } from '../web/page.ts';
import type { Account, Accounts } from './accounts.ts';
import type { Entrance } from './entrance.ts';

const PASSWORD = ['accounts/password', 'Password'] as const;

/** One app or device, as the page shows it. */
export type AccessEntry = {
  readonly id: string;
  readonly client: { readonly id: string; readonly name: string };
  /** In words for people. */
  readonly scopes: readonly string[];
  readonly since: number;
  readonly last_used?: number | undefined;
  /** `authorization` or `device`. */
  readonly kind: string;
};

const kindWords: Readonly<Record<string, string>> = { authorization: 'App', device: 'Device' };

/** What has access, composed from what lies above this folder. `revoke` refuses not_found for what is not theirs. */
export type Access = {
  list(accountId: string): Promise<readonly AccessEntry[]>;
  revoke(accountId: string, id: string): Promise<void>;
};

export type AccountPageParts = {
  config: Config;
  accounts: Accounts;
  limiter: Limiter;
  entrance: Entrance;
  pages: Pages;
  access: Access;
};

/** Behind `signedIn` there is somebody. */
export function personOf(ctx: WebContext): Person {
  if (ctx.state.person === undefined) throw new Refusal('unauthorized');
  return ctx.state.person;
}

/** Their account; refuses unauthorized where it was ended in the meantime. */
export async function getAccount(accounts: Accounts, ctx: WebContext): Promise<Account> {
  const account = await accounts.findActive(personOf(ctx).accountId);
  if (account === undefined) throw new Refusal('unauthorized');
  return account;
}

/** The password of today, given again in this form. Refuses wrong_credentials, and too_many_requests after many guesses. */
export async function checkOwnPassword(
  { accounts, limiter }: Pick<AccountPageParts, 'accounts' | 'limiter'>,
  ctx: WebContext,
  account: Account,
): Promise<void> {
  const { address, form } = ctx.state;
  const { sessionUid } = personOf(ctx);
  await limiter.check('password_change.account', account.id);
  await accounts.checkPassword(account, { password: form?.password ?? '', sessionUid, address });
  await limiter.refund('password_change.account', account.id);
}

/** The policy speaks of a password, the form of a new one. */
function atNewPassword(error: unknown): unknown {
  if (!(error instanceof Refusal) || error.code !== 'invalid_request') return error;
  return new Refusal(error.code, { words: error.words, param: 'new_password', cause: error });
}

export function createAccountPages(parts: AccountPageParts) {
  const { config, accounts, limiter, entrance, pages, access } = parts;
  const passwordLocals = { password_min: config.people.password_min_length };

  async function changePassword(ctx: WebContext, account: Account): Promise<void> {
    const { password: current = '', new_password: next = '' } = ctx.state.form ?? {};
    const { address } = ctx.state;
    await limiter.check('password_change.account', account.id);
    await accounts.changePassword(account, { current, next, sessionUid: personOf(ctx).sessionUid, address });
    await limiter.refund('password_change.account', account.id);
    // They have just proved again who they are: the session goes on under a new id (row S10).
    await entrance.enter(ctx, account);
  }

  return {
    async overview(ctx: WebContext): Promise<void> {
      const { emailVerifiedAt } = await getAccount(accounts, ctx);
      await pages.render(ctx, 'accounts/overview', 'Your account', {
        is_verified: emailVerifiedAt !== undefined,
      });
    },

    async showPassword(ctx: WebContext): Promise<void> {
      await pages.render(ctx, ...PASSWORD, passwordLocals);
    },

    async submitPassword(ctx: WebContext): Promise<void> {
      try {
        await changePassword(ctx, await getAccount(accounts, ctx));
      } catch (error) {
        return pages.fail(ctx, ...PASSWORD, { locals: passwordLocals, error: atNewPassword(error) });
      }
      // Not by a redirect: then a link of anybody's could make the page say so.
      await pages.render(ctx, ...PASSWORD, { ...passwordLocals, done: true });
    },

    async showAccess(ctx: WebContext): Promise<void> {
      const listed = await access.list(personOf(ctx).accountId);
      const grants = listed.map((grant) => ({ ...grant, kind: kindWords[grant.kind] ?? grant.kind }));
      await pages.render(ctx, 'accounts/access', 'What has access', { grants });
    },

    async revokeAccess(ctx: WebContext, id: string): Promise<void> {
      await access.revoke(personOf(ctx).accountId, id);
      seeOther(ctx, '/account/access');
    },
  };
}
