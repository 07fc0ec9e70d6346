// The pages that the engine asks us for: its errors, and the confirmation of a sign-out.
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { WebContext } from '../web/context.ts';
import { type Pages, seeOther } from '../web/page.ts';
import { formActionSource } from '../web/security-headers.ts';
import { listTags, withTags } from '../web/words.ts';
import type { EnginePages } from './configuration.ts';
import { routes } from './endpoints.ts';

const PENDING =
  'The app that sent you here is registered, and those who run this server have not allowed it yet. Its team hears when they have.';

const WORDS: Readonly<Record<string, string>> = {
  invalid_client: 'The app that sent you here is not allowed on this server, or does not exist.',
  invalid_redirect_uri:
    'The app that sent you here asked us to send you back to an address that is not registered for it.',
  temporarily_unavailable: 'We cannot do this right now. Please try again in a moment.',
};

// All else is asked by programs, which get JSON whatever they say they accept (RFC 6749 section 5.2).
const PEOPLE: ReadonlySet<string> = new Set([
  'authorization',
  'resume',
  'end_session',
  'end_session_confirm',
  'end_session_success',
]);

function asWeb(ctx: KoaContextWithOIDC): WebContext {
  return ctx as unknown as WebContext;
}

type Parts = {
  pages: Pages;
  /** Does an app of a team wait for an operator? */
  isPending: (clientId: string) => Promise<boolean>;
};

export function createEnginePages({ pages, isPending }: Parts): EnginePages {
  function clientOf(ctx: KoaContextWithOIDC) {
    const { client } = ctx.oidc;
    return client === undefined ? undefined : { name: client.clientName ?? client.clientId };
  }

  // A request that was pushed has them in its parameters alone; after a sign-out they are in the address.
  function noteLanguages(ctx: KoaContextWithOIDC): void {
    const wanted = ctx.oidc.params?.ui_locales;
    if (wanted !== undefined) asWeb(ctx).state.uiLocales = listTags(wanted);
  }

  async function wordsOf(ctx: KoaContextWithOIDC, error: string): Promise<string> {
    const { client_id: id } = ctx.oidc.params ?? {};
    if (error === 'invalid_client' && typeof id === 'string' && (await isPending(id))) return PENDING;
    return WORDS[error] ?? 'The app sent a request that we cannot accept: {fault}.';
  }

  return {
    async error(ctx, out) {
      if (!PEOPLE.has(ctx.oidc.route)) {
        ctx.body = out;
        return;
      }
      const { status } = ctx;
      const title = status >= 500 ? 'Please try again in a moment' : 'That request is not valid';
      noteLanguages(ctx);
      ctx.body = pages.renderError(asWeb(ctx), {
        status,
        title,
        words: await wordsOf(ctx, out.error),
        // In English: it is for those who made the app.
        values: { fault: out.error_description ?? out.error },
        requestId: asWeb(ctx).state.requestId,
      });
      ctx.type = 'html';
      if (status === 503) ctx.set('Retry-After', '1');
    },

    async logout(ctx) {
      const source = formActionSource(ctx.oidc.params?.post_logout_redirect_uri);
      if (source !== undefined) asWeb(ctx).state.formActions = [source];
      const state = ctx.oidc.session?.state as { secret: string } | undefined;
      noteLanguages(ctx);
      await pages.render(asWeb(ctx), 'interactions/logout', 'Sign out', {
        form_action: withTags(`${routes.end_session}/confirm`, listTags(ctx.oidc.params?.ui_locales)),
        xsrf: state?.secret,
        client: clientOf(ctx),
      });
    },

    async loggedOut(ctx) {
      // Whoever chose to stay signed in is sent here too.
      const { accountId } = await ctx.oidc.provider.Session.get(ctx);
      if (accountId !== undefined) return seeOther(asWeb(ctx), '/account');
      ctx.set('Clear-Site-Data', '"cache", "storage"');
      await pages.render(asWeb(ctx), 'interactions/logged-out', 'Signed out', { client: clientOf(ctx) });
    },
  };
}
