// The pages of people outside of an authorization, as a list: in, out, a new account, and what is theirs.
import Router from '@koa/router';
import type { Config } from '../../config/schema.ts';
import type { Audit } from '../audit/audit.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { Database } from '../storage/database.ts';
import type { Sessions } from '../storage/sessions.ts';
import { formBody } from '../web/body.ts';
import type { Middleware, WebState } from '../web/context.ts';
import type { Csrf } from '../web/csrf.ts';
import type { Pages } from '../web/page.ts';
import type { BrowserSessions, SignedIn } from '../web/signed-in.ts';
import type { AccountDeletion } from './account-deletion.ts';
import { type Access, createAccountPages } from './account-pages.ts';
import type { Accounts } from './accounts.ts';
import { createEmailPages } from './email-pages.ts';
import type { EmailVerification } from './email-verification.ts';
import { createEntrance } from './entrance.ts';
import type { FirstAdministrator } from './first-administrator.ts';
import { createFirstAdministratorPages } from './first-administrator-pages.ts';
import type { KnownDevice } from './known-device.ts';
import type { OwnData } from './own-data.ts';
import { createOwnDataPages } from './own-data-pages.ts';
import type { PasswordReset } from './password-reset.ts';
import { createPasswordResetPages } from './password-reset-pages.ts';
import { createSessionPages } from './session-pages.ts';
import { createSignInPages } from './sign-in-pages.ts';
import { createSignUpPages } from './sign-up-pages.ts';
import type { WayBack } from './way-back.ts';

export type AccountRouteParts = {
  config: Config;
  accounts: Accounts;
  firstAdministrator: FirstAdministrator;
  sessions: Sessions;
  database: Database;
  audit: Audit;
  limiter: Limiter;
  browserSessions: BrowserSessions;
  signedIn: SignedIn;
  csrf: Csrf;
  pages: Pages;
  access: Access;
  knownDevice: KnownDevice;
  wayBack: WayBack;
  emailVerification: EmailVerification;
  passwordReset: PasswordReset;
  accountDeletion: AccountDeletion;
  ownData: OwnData;
  /** Can mail reach anybody? */
  canSendMail: boolean;
};

/** Whoever is signed in is greeted by name; strangers are let through as well. */
function createRecognised(browserSessions: BrowserSessions): Middleware {
  return async (ctx, next) => {
    const person = await browserSessions.read(ctx);
    if (person !== undefined) ctx.state.person = person;
    return next();
  };
}

export function createAccountRoutes(parts: AccountRouteParts) {
  const { config, csrf, browserSessions } = parts;
  const shared = { ...parts, entrance: createEntrance(parts) };
  const signIn = createSignInPages(shared);
  const signUp = createSignUpPages(shared);
  const firstAdministrator = createFirstAdministratorPages(shared);
  const account = createAccountPages(shared);
  const sessions = createSessionPages(shared);
  const email = createEmailPages(shared);
  const reset = createPasswordResetPages(shared);
  const data = createOwnDataPages(shared);

  const { signedIn, fresh } = parts.signedIn;
  const recognised = createRecognised(browserSessions);
  const body = formBody(config.server.body_bytes);
  const { guard } = csrf;

  const router = new Router<WebState>();
  router.get('/', recognised, signIn.home);
  router.get('/sign-in', recognised, signIn.show);
  router.post('/sign-in', body, guard, signIn.submit);
  router.post('/sign-out', body, guard, (ctx) => shared.entrance.leave(ctx));
  if (config.people.sign_up) {
    router.get('/sign-up', recognised, signUp.show);
    router.post('/sign-up', body, guard, signUp.submit);
  }
  router.get('/first-administrator/:secret', (ctx) => firstAdministrator.show(ctx, ctx.params.secret ?? ''));
  router.post('/first-administrator/:secret', body, guard, (ctx) =>
    firstAdministrator.submit(ctx, ctx.params.secret ?? ''),
  );

  router.get('/forgot-password', reset.showForgot);
  router.post('/forgot-password', body, guard, reset.submitForgot);
  router.get('/reset-password/:secret', (ctx) => reset.showReset(ctx, ctx.params.secret ?? ''));
  router.post('/reset-password/:secret', body, guard, (ctx) =>
    reset.submitReset(ctx, ctx.params.secret ?? ''),
  );
  router.get('/verify-email/:secret', signedIn, (ctx) => email.showLink(ctx, ctx.params.secret ?? ''));
  router.post('/verify-email/:secret', body, guard, signedIn, (ctx) =>
    email.submitLink(ctx, ctx.params.secret ?? ''),
  );

  router.get('/account', signedIn, account.overview);
  router.post('/account/language', body, guard, signedIn, account.chooseLanguage);
  router.get('/account/password', signedIn, account.showPassword);
  router.post('/account/password', body, guard, signedIn, account.submitPassword);
  router.get('/account/email', fresh, email.show);
  router.post('/account/email', body, guard, fresh, email.submitChange);
  router.post('/account/email/verification', body, guard, signedIn, email.sendAgain);
  router.get('/account/data', fresh, data.show);
  router.post('/account/data/copy', body, guard, fresh, data.takeCopy);
  router.post('/account/data/deletion', body, guard, fresh, data.remove);
  router.get('/account/sessions', signedIn, sessions.show);
  router.post('/account/sessions/end-others', body, guard, signedIn, sessions.endOthers);
  router.post('/account/sessions/:id/end', body, guard, signedIn, (ctx) =>
    sessions.end(ctx, ctx.params.id ?? ''),
  );
  router.get('/account/access', signedIn, account.showAccess);
  router.get('/account/access/:id', signedIn, (ctx) => account.showGrant(ctx, ctx.params.id ?? ''));
  router.post('/account/access/:id/revoke', body, guard, signedIn, (ctx) =>
    account.revokeAccess(ctx, ctx.params.id ?? ''),
  );
  router.post('/account/blocked-devices/lift', body, guard, signedIn, account.unblockDevices);
  return router;
}
