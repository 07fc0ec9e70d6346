// Pages for whoever forgot their password: asking for the link, with one answer for everybody, and using it (row S14).
import type { Config } from '../../config/schema.ts';
import { Refusal } from '../errors.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { WebContext } from '../web/context.ts';
import type { Csrf } from '../web/csrf.ts';
import type { Pages } from '../web/page.ts';
import { throttleEmail } from './email.ts';
import type { KnownDevice } from './known-device.ts';
import type { PasswordReset } from './password-reset.ts';
import { withReturnTo } from './sign-in-pages.ts';
import type { WayBack } from './way-back.ts';

const FORGOT = ['accounts/forgot-password', 'Forgotten password'] as const;
const RESET = ['accounts/reset-password', 'Choose a new password'] as const;

export type PasswordResetPageParts = {
  config: Config;
  passwordReset: PasswordReset;
  /** Can mail reach anybody? */
  canSendMail: boolean;
  limiter: Limiter;
  knownDevice: KnownDevice;
  wayBack: WayBack;
  csrf: Csrf;
  pages: Pages;
};

function isSpent(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'not_found';
}

export function createPasswordResetPages(parts: PasswordResetPageParts) {
  const { config, passwordReset, limiter, knownDevice, wayBack, csrf, pages } = parts;

  function forgotLocals(ctx: WebContext) {
    const action = withReturnTo('/forgot-password', ctx);
    return { can_send: parts.canSendMail, action, sign_in_url: wayBack.of(ctx) };
  }

  async function ask(ctx: WebContext, email: string): Promise<void> {
    await limiter.check('password_reset.address', ctx.state.network);
    // Beyond it nothing is sent and nothing is said: a refusal would let a stranger lock the door in front of its owner.
    const { isAllowed: maySend } = await limiter.take('password_reset.account', throttleEmail(email));
    await passwordReset.ask(email, { maySend });
  }

  async function use(ctx: WebContext, secret: string): Promise<void> {
    await limiter.check('password_reset.address', ctx.state.network);
    const account = await passwordReset.use(secret, ctx.state.form?.password ?? '');
    csrf.rotate(ctx);
    // Whoever was locked out by the guesses of others gets in from here (row S08).
    knownDevice.remember(ctx, account.email);
  }

  return {
    async showForgot(ctx: WebContext): Promise<void> {
      await pages.render(ctx, ...FORGOT, forgotLocals(ctx));
    },

    async submitForgot(ctx: WebContext): Promise<void> {
      const { email = '' } = ctx.state.form ?? {};
      try {
        await ask(ctx, email);
      } catch (error) {
        return pages.fail(ctx, ...FORGOT, { locals: { ...forgotLocals(ctx), email }, error });
      }
      wayBack.remember(ctx);
      await pages.render(ctx, ...FORGOT, { ...forgotLocals(ctx), done: true });
    },

    async showReset(ctx: WebContext, secret: string): Promise<void> {
      const { email } = await passwordReset.check(secret);
      await pages.render(ctx, ...RESET, localsFor(secret, email));
    },

    async submitReset(ctx: WebContext, secret: string): Promise<void> {
      const { email } = await passwordReset.check(secret);
      try {
        await use(ctx, secret);
      } catch (error) {
        // No form for a link that cannot be used: the page of the error says so.
        if (isSpent(error)) throw error;
        return pages.fail(ctx, ...RESET, { locals: localsFor(secret, email), error });
      }
      await pages.render(ctx, ...RESET, { done: true, continue_url: wayBack.take(ctx) });
    },
  };

  function localsFor(secret: string, email: string) {
    const action = `/reset-password/${encodeURIComponent(secret)}`;
    return { action, email, password_min: config.people.password_min_length };
  }
}
