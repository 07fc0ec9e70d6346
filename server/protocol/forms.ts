// Forms that the browser sends on by itself, as pages of ours: answers by form_post (OAuth 2.0 Form Post Response Mode
// section 2), and the sign-out of whom there is no need to ask. Without JavaScript their button does it.
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { WebContext } from '../web/context.ts';
import type { Pages } from '../web/page.ts';
import { formActionSource } from '../web/security-headers.ts';
import { listTags, withTags } from '../web/words.ts';
import { routes } from './endpoints.ts';

type ResponseMode = Parameters<Provider['registerResponseMode']>[1];

type Form = {
  readonly title: string;
  readonly action: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly client?: { readonly name: string } | undefined;
  /** Where the form, or a redirect after it, leaves this server. */
  readonly ends: readonly unknown[];
};

export function createForms(pages: Pages) {
  async function show(ctx: KoaContextWithOIDC, { title, ends, ...locals }: Form): Promise<void> {
    const web = ctx as unknown as WebContext;
    web.state.formActions = ends.map(formActionSource).filter((source) => source !== undefined);
    const wanted = ctx.oidc.params?.ui_locales;
    if (wanted !== undefined) web.state.uiLocales = listTags(wanted);
    await pages.render(web, 'interactions/form', title, locals);
  }

  /** The response mode form_post. The address is registered: the engine has checked it. */
  const answer: ResponseMode = async (ctx, redirectUri, payload) => {
    const { client } = ctx.oidc;
    await show(ctx, {
      title: 'Back to the app',
      action: redirectUri,
      fields: payload,
      client: client && { name: client.clientName ?? client.clientId },
      ends: [redirectUri],
    });
    ctx.status = 'error' in payload ? 400 : 200;
  };

  async function showSignOut(ctx: KoaContextWithOIDC): Promise<void> {
    const { params, session, entities } = ctx.oidc;
    const state = session?.state as { secret: string } | undefined;
    await show(ctx, {
      title: 'Signing you out',
      action: withTags(`${routes.end_session}/confirm`, listTags(params?.ui_locales)),
      fields: { xsrf: state?.secret, logout: 'yes' },
      ends: [params?.post_logout_redirect_uri, entities.Interaction?.params.redirect_uri],
    });
  }

  /**
   * Nobody is signed in, or somebody else than the one who has just proved who they are: then the engine writes a page
   * of its own, which is known by the hash of its script in the policy.
   */
  async function dress(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
    await next();
    if (String(ctx.response.get('Content-Security-Policy')).includes("'sha256-")) await showSignOut(ctx);
  }

  return { answer, dress };
}

export type Forms = ReturnType<typeof createForms>;
