// What a person sees in the middle of an authorization: sign in, or sign up, then allow or deny.
import Router from '@koa/router';
import type { Config } from '../../config/schema.ts';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { BY_PASSWORD } from '../accounts/entrance.ts';
import type { KnownDevice } from '../accounts/known-device.ts';
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import type { Interactions } from '../protocol/interactions.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import { formBody } from '../web/body.ts';
import type { WebContext, WebState } from '../web/context.ts';
import type { Csrf } from '../web/csrf.ts';
import { type Pages, seeOther } from '../web/page.ts';
import { formActionSource } from '../web/security-headers.ts';
import type { BrowserSessions } from '../web/signed-in.ts';
import { withTags } from '../web/words.ts';
import { consentLocals } from './consent.ts';

const CONSENT = ['interactions/consent', 'Allow access'] as const;

type Parts = {
  config: Config;
  interactions: Interactions;
  accounts: Accounts;
  browserSessions: BrowserSessions;
  knownDevice: KnownDevice;
  limiter: Limiter;
  pages: Pages;
  csrf: Csrf;
  audit: Audit;
};

export function createInteractionRoutes(parts: Parts) {
  const { config, interactions, accounts, browserSessions, knownDevice, limiter, pages, csrf, audit } = parts;
  const router = new Router<WebState, Record<never, never>>({ prefix: '/interaction/:uid' });
  const form = formBody(config.server.body_bytes);

  function uidOf(ctx: WebContext & { params: Record<string, string> }): string {
    return ctx.params.uid ?? '';
  }

  // Chromium applies form-action to the redirects after a form: these forms end at the client.
  function allowRedirect(ctx: WebContext, redirectUri: string): void {
    const source = formActionSource(redirectUri);
    if (source !== undefined) ctx.state.formActions = [source];
  }

  async function signInLocals(ctx: WebContext, uid: string, email?: string) {
    const interaction = await interactions.get(ctx, uid);
    allowRedirect(ctx, interaction.redirectUri);
    return {
      client: { name: interaction.clientName },
      action: `/interaction/${uid}/sign-in`,
      cancel_action: `/interaction/${uid}/consent`,
      forgot_url: withTags(
        `/forgot-password?return_to=${encodeURIComponent(`/interaction/${uid}`)}`,
        ctx.state.uiLocales ?? [],
      ),
      sign_up_url: config.people.sign_up ? `/interaction/${uid}/sign-up` : undefined,
      email: email ?? interaction.loginHint ?? '',
    };
  }

  async function signUpLocals(ctx: WebContext, uid: string) {
    const { clientName, redirectUri } = await interactions.get(ctx, uid);
    allowRedirect(ctx, redirectUri);
    return {
      client: { name: clientName },
      action: `/interaction/${uid}/sign-up`,
      sign_in_url: `/interaction/${uid}/sign-in`,
      password_min: config.people.password_min_length,
      name: ctx.state.form?.name ?? '',
      email: ctx.state.form?.email ?? '',
    };
  }

  async function renderSignIn(ctx: WebContext, uid: string): Promise<void> {
    await pages.render(ctx, 'interactions/sign-in', 'Sign in', await signInLocals(ctx, uid));
  }

  async function findConsentLocals(ctx: WebContext, uid: string) {
    const { accountId, question } = await interactions.getQuestion(ctx, uid);
    const account = await accounts.get(accountId);
    const { redirectUri } = await interactions.get(ctx, uid);
    allowRedirect(ctx, redirectUri);
    return consentLocals(uid, account, question);
  }

  async function renderConsent(ctx: WebContext, uid: string): Promise<void> {
    await pages.render(ctx, ...CONSENT, await findConsentLocals(ctx, uid));
  }

  /** Goes on with the authorization; where somebody else was signed in here, it begins again for the new person. */
  async function goOn(ctx: WebContext, uid: string, account: Account): Promise<void> {
    const { accountId } = await interactions.get(ctx, uid);
    // Another tab may have signed somebody in since the interaction began.
    const signedIn = [accountId, (await browserSessions.read(ctx))?.accountId];
    knownDevice.remember(ctx, account.email);
    csrf.rotate(ctx);
    if (signedIn.some((id) => id !== undefined && id !== account.id)) {
      const url = await interactions.restart(ctx, uid);
      await browserSessions.signIn(ctx, { accountId: account.id, methods: BY_PASSWORD });
      return seeOther(ctx, url);
    }
    const url = await interactions.signedIn(ctx, account.id, BY_PASSWORD);
    audit.record('sign_in.succeeded', {
      actor: `account:${account.id}`,
      accountId: account.id,
      details: { methods: BY_PASSWORD.join(' ') },
    });
    seeOther(ctx, url);
  }

  // A refusal may come before the interaction was looked up: its page speaks the language of the others.
  router.use(async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const isEarly = error instanceof Refusal && ctx.state.uiLocales === undefined;
      if (isEarly) await interactions.get(ctx, uidOf(ctx)).catch(() => undefined);
      throw error;
    }
  });

  router.get('/', async (ctx) => {
    const restart = await interactions.findRestart(ctx, uidOf(ctx));
    if (restart !== undefined) return seeOther(ctx, restart);
    const interaction = await interactions.get(ctx, uidOf(ctx));
    if (interaction.isAnswered) return seeOther(ctx, interaction.returnTo);
    await (interaction.prompt === 'consent' ? renderConsent : renderSignIn)(ctx, interaction.uid);
  });

  router.get('/sign-in', (ctx) => renderSignIn(ctx, uidOf(ctx)));

  router.post('/sign-in', form, csrf.guard, async (ctx) => {
    const uid = uidOf(ctx);
    const { email = '', password = '' } = ctx.state.form ?? {};
    await interactions.getOpen(ctx, uid);
    try {
      const attempt = { email, password, address: ctx.state.address, deviceId: knownDevice.read(ctx, email) };
      const account = await accounts.signIn({ ...attempt, locale: pages.localeOf(ctx) });
      await goOn(ctx, uid, account);
    } catch (error) {
      const locals = await signInLocals(ctx, uid, email);
      await pages.fail(ctx, 'interactions/sign-in', 'Sign in', { locals, error });
    }
  });

  router.get('/sign-up', async (ctx) => {
    if (!config.people.sign_up) throw new Refusal('not_found');
    await pages.render(ctx, 'accounts/sign-up', 'Create an account', await signUpLocals(ctx, uidOf(ctx)));
  });

  router.post('/sign-up', form, csrf.guard, async (ctx) => {
    if (!config.people.sign_up) throw new Refusal('not_found');
    const uid = uidOf(ctx);
    await interactions.getOpen(ctx, uid);
    const { email = '', name = '', password = '' } = ctx.state.form ?? {};
    const locals = await signUpLocals(ctx, uid);
    try {
      await limiter.check('sign_up.address', ctx.state.network);
      const wanted = { email, name, password, locale: pages.localeOf(ctx) };
      await goOn(ctx, uid, await accounts.register(wanted, 'anonymous'));
    } catch (error) {
      await pages.fail(ctx, 'accounts/sign-up', 'Create an account', { locals, error });
    }
  });

  router.post('/consent', form, csrf.guard, async (ctx) => {
    const uid = uidOf(ctx);
    const { decision, ...fields } = ctx.state.form ?? {};
    if (decision === 'switch') return seeOther(ctx, `/interaction/${uid}/sign-in`);
    const interaction = await interactions.getOpen(ctx, uid);
    if (decision === 'deny') {
      audit.record('consent.denied', {
        actor: interaction.accountId === undefined ? 'anonymous' : `account:${interaction.accountId}`,
        accountId: interaction.accountId,
        clientId: interaction.clientId,
      });
      return seeOther(ctx, await interactions.denied(ctx));
    }
    if (decision !== 'allow')
      throw new Refusal('invalid_request', { words: 'Please choose Allow or Deny.', param: 'decision' });
    try {
      const url = await interactions.allowed(ctx, uid, {
        isChosen: (_scope, index) => fields[`scope_${index}`] !== undefined,
        teamId: fields.team,
      });
      seeOther(ctx, url ?? (await interactions.denied(ctx)));
    } catch (error) {
      if (!(error instanceof Refusal) || error.param !== 'team') throw error;
      await pages.fail(ctx, ...CONSENT, { locals: await findConsentLocals(ctx, uid), error });
    }
  });

  return router;
}
