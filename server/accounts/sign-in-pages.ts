// The start page, and signing in outside of an authorization.
import type { Config } from '../../config/schema.ts';
import type { WebContext } from '../web/context.ts';
import { type Pages, seeOther } from '../web/page.ts';
import { localPath } from '../web/return-to.ts';
import { listTags, withTags } from '../web/words.ts';
import type { Accounts } from './accounts.ts';
import type { Entrance } from './entrance.ts';
import type { KnownDevice } from './known-device.ts';

const VIEW = 'interactions/sign-in';
const TITLE = 'Sign in';

export type SignInParts = {
  config: Config;
  accounts: Accounts;
  entrance: Entrance;
  knownDevice: KnownDevice;
  pages: Pages;
};

/** The address of a form that knows where to go afterwards, in the language of this page. */
export function withReturnTo(path: string, ctx: WebContext): string {
  const { return_to, ui_locales } = ctx.query;
  const onward = return_to === undefined ? '' : `?return_to=${encodeURIComponent(localPath(return_to))}`;
  return withTags(path + onward, listTags(ui_locales));
}

export function createSignInPages({ config, accounts, entrance, knownDevice, pages }: SignInParts) {
  const hasSignUp = config.people.sign_up;

  function localsFor(ctx: WebContext, email: string) {
    return {
      action: withReturnTo('/sign-in', ctx),
      email,
      forgot_url: withReturnTo('/forgot-password', ctx),
      sign_up_url: hasSignUp ? withReturnTo('/sign-up', ctx) : undefined,
    };
  }

  return {
    async home(ctx: WebContext): Promise<void> {
      await pages.render(ctx, 'home', 'Welcome', { sign_up_url: hasSignUp ? '/sign-up' : undefined });
    },

    /** Whoever is signed in goes on, unless they are to prove again who they are. */
    async show(ctx: WebContext): Promise<void> {
      if (ctx.state.person !== undefined && ctx.query.prompt !== 'login') {
        return seeOther(ctx, localPath(ctx.query.return_to));
      }
      await pages.render(ctx, VIEW, TITLE, localsFor(ctx, ''));
    },

    async submit(ctx: WebContext): Promise<void> {
      const { email = '', password = '' } = ctx.state.form ?? {};
      const deviceId = knownDevice.read(ctx, email);
      try {
        const account = await accounts.signIn({
          ...{ email, password, deviceId },
          address: ctx.state.address,
          locale: pages.localeOf(ctx),
        });
        await entrance.enter(ctx, account);
      } catch (error) {
        return pages.fail(ctx, VIEW, TITLE, { locals: localsFor(ctx, email), error });
      }
      seeOther(ctx, localPath(ctx.query.return_to));
    },
  };
}
