// Making an account oneself, where the configuration lets people.
import type { Config } from '../../config/schema.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { WebContext } from '../web/context.ts';
import { type Pages, seeOther } from '../web/page.ts';
import { localPath } from '../web/return-to.ts';
import type { Accounts } from './accounts.ts';
import type { Entrance } from './entrance.ts';
import { withReturnTo } from './sign-in-pages.ts';

const VIEW = 'accounts/sign-up';
const TITLE = 'Create your account';

export type SignUpParts = {
  config: Config;
  accounts: Accounts;
  limiter: Limiter;
  entrance: Entrance;
  pages: Pages;
};

export function createSignUpPages({ config, accounts, limiter, entrance, pages }: SignUpParts) {
  function localsFor(ctx: WebContext) {
    const { name = '', email = '' } = ctx.state.form ?? {};
    return {
      action: withReturnTo('/sign-up', ctx),
      name,
      email,
      password_min: config.people.password_min_length,
      sign_in_url: withReturnTo('/sign-in', ctx),
    };
  }

  return {
    async show(ctx: WebContext): Promise<void> {
      if (ctx.state.person !== undefined) return seeOther(ctx, localPath(ctx.query.return_to));
      await pages.render(ctx, VIEW, TITLE, localsFor(ctx));
    },

    async submit(ctx: WebContext): Promise<void> {
      const { name = '', email = '', password = '' } = ctx.state.form ?? {};
      try {
        await limiter.check('sign_up.address', ctx.state.network);
        const account = await accounts.register(
          { name, email, password, locale: pages.localeOf(ctx) },
          'anonymous',
        );
        await entrance.enter(ctx, account);
      } catch (error) {
        return pages.fail(ctx, VIEW, TITLE, { locals: localsFor(ctx), error });
      }
      seeOther(ctx, localPath(ctx.query.return_to));
    },
  };
}
