// What people see and change of their own account: the overview, the password, and what has access.
import type { Config } from '../../config/schema.ts';
import { Refusal } from '../errors.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { Person, WebContext } from '../web/context.ts';
import { type Pages, seeOther } from '../web/page.ts';
import type { Localized } from '../web/words.ts';
import type { Account, Accounts } from './accounts.ts';
import type { Entrance } from './entrance.ts';

const PASSWORD = ['accounts/password', 'Password'] as const;

/** One app or device, as the page shows it. */
export type AccessEntry = {
  readonly id: string;
  readonly client: { readonly id: string; readonly name: string };
  /** In words for people. */
  readonly scopes: readonly Localized[];
  readonly since: number;
  readonly last_used?: number | undefined;
  /** The end that the person chose. */
  readonly ends_at?: number | undefined;
  /** `authorization` or `device`. */
  readonly kind: string;
};

function asLocals(grant: AccessEntry) {
  return { ...grant, is_device: grant.kind === 'device' };
}

/** A client whose devices the person has reported. */
export type BlockedEntry = { readonly client: AccessEntry['client']; readonly since: number };

/** What has access, composed from what lies above this folder. Acts refuse not_found for what is not theirs. */
export type Access = {
  list(accountId: string): Promise<readonly AccessEntry[]>;
  find(accountId: string, id: string): Promise<AccessEntry | undefined>;
  revoke(accountId: string, id: string): Promise<void>;
  listBlocked(accountId: string): Promise<readonly BlockedEntry[]>;
  unblock(accountId: string, clientId: string): Promise<void>;
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
  return new Refusal(error.code, {
    words: error.sentence,
    ...(error.values && { values: error.values }),
    param: 'new_password',
    cause: error,
  });
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
      const { emailVerifiedAt, chosenLocale } = await getAccount(accounts, ctx);
      await pages.render(ctx, 'accounts/overview', 'Your account', {
        is_verified: emailVerifiedAt !== undefined,
        follows_browser: chosenLocale === undefined,
        languages: pages.languages.map(({ locale, name }) => ({
          ...{ locale, name },
          is_chosen: locale === chosenLocale,
        })),
      });
    },

    /** What is none of ours is no choice: then the browser says it again. */
    async chooseLanguage(ctx: WebContext): Promise<void> {
      const wanted = ctx.state.form?.language;
      const chosen = pages.languages.find(({ locale }) => locale === wanted);
      await accounts.chooseLocale(await getAccount(accounts, ctx), chosen?.locale);
      seeOther(ctx, '/account');
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
      const { accountId } = personOf(ctx);
      const grants = (await access.list(accountId)).map(asLocals);
      const blocked = await access.listBlocked(accountId);
      await pages.render(ctx, 'accounts/access', 'What has access', { grants, blocked });
    },

    /** One of them with one button: where the message about a new device leads (row D30). */
    async showGrant(ctx: WebContext, id: string): Promise<void> {
      const found = await access.find(personOf(ctx).accountId, id);
      const grant = found && asLocals(found);
      await pages.render(ctx, 'accounts/grant', 'Take access away', { grant });
    },

    async revokeAccess(ctx: WebContext, id: string): Promise<void> {
      await access.revoke(personOf(ctx).accountId, id);
      seeOther(ctx, '/account/access');
    },

    async unblockDevices(ctx: WebContext): Promise<void> {
      await access.unblock(personOf(ctx).accountId, ctx.state.form?.client_id ?? '');
      seeOther(ctx, '/account/access');
    },
  };
}
