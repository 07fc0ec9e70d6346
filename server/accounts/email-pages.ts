// Pages around a person's e-mail address: confirming it by a link, and asking for another one (rows S13, C05).
import type { Limiter } from '../rate-limits/limiter.ts';
import type { WebContext } from '../web/context.ts';
import type { Pages } from '../web/page.ts';
import { checkOwnPassword, getAccount } from './account-pages.ts';
import type { Account, Accounts } from './accounts.ts';
import type { EmailVerification } from './email-verification.ts';

const EMAIL = ['accounts/email', 'E-mail'] as const;
const VERIFY = ['accounts/verify-email', 'Confirm your e-mail address'] as const;

export type EmailPageParts = {
  accounts: Accounts;
  emailVerification: EmailVerification;
  limiter: Limiter;
  pages: Pages;
};

export function createEmailPages({ accounts, emailVerification, limiter, pages }: EmailPageParts) {
  function localsFor({ email, emailVerifiedAt }: Account) {
    return { email, is_verified: emailVerifiedAt !== undefined };
  }

  async function askChange(ctx: WebContext, account: Account, wanted: string): Promise<void> {
    await limiter.check('email_verification.account', account.id);
    await checkOwnPassword({ accounts, limiter }, ctx, account);
    await emailVerification.askChange(account, wanted);
  }

  return {
    /** The page of the link changes nothing: mail programs open links by themselves. */
    async showLink(ctx: WebContext, secret: string): Promise<void> {
      const email = await emailVerification.check(secret, await getAccount(accounts, ctx));
      await pages.render(ctx, ...VERIFY, { email, action: `/verify-email/${encodeURIComponent(secret)}` });
    },

    async submitLink(ctx: WebContext, secret: string): Promise<void> {
      const account = await getAccount(accounts, ctx);
      await emailVerification.confirm(secret, account);
      await pages.render(ctx, ...VERIFY, { done: true });
    },

    async show(ctx: WebContext): Promise<void> {
      await pages.render(ctx, ...EMAIL, localsFor(await getAccount(accounts, ctx)));
    },

    async submitChange(ctx: WebContext): Promise<void> {
      const account = await getAccount(accounts, ctx);
      const wanted = ctx.state.form?.email ?? '';
      const locals = localsFor(account);
      try {
        await askChange(ctx, account, wanted);
      } catch (error) {
        return pages.fail(ctx, ...EMAIL, { locals: { ...locals, wanted }, error });
      }
      await pages.render(ctx, ...EMAIL, { ...locals, sent_to: wanted });
    },

    async sendAgain(ctx: WebContext): Promise<void> {
      const account = await getAccount(accounts, ctx);
      const locals = localsFor(account);
      try {
        await limiter.check('email_verification.account', account.id);
        await emailVerification.sendAgain(account);
      } catch (error) {
        return pages.fail(ctx, ...EMAIL, { locals, error });
      }
      await pages.render(ctx, ...EMAIL, { ...locals, sent_to: account.email });
    },
  };
}
