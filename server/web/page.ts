// How a page is answered: the locals that every template needs, and a refused form shown again with its words.
import { Refusal } from '../errors.ts';
import type { WebContext } from './context.ts';
import type { Csrf } from './csrf.ts';
import type { ErrorPage } from './errors.ts';
import type { Views } from './views.ts';

export type PageLocals = Readonly<Record<string, unknown>>;

export type PageParts = {
  views: Views;
  csrf: Csrf;
  /** Of an account that may be used: whoever is signed in, as the page's menu names them. */
  findAccount: (id: string) => Promise<{ name: string; email: string; isAdmin: boolean } | undefined>;
};

/** Sends the browser on after a form, with GET (RFC 9110 section 15.4.4). */
export function seeOther(ctx: WebContext, path: string): void {
  ctx.status = 303;
  ctx.redirect(path);
}

export function createPages({ views, csrf, findAccount }: PageParts) {
  async function findPerson(ctx: WebContext) {
    const account = ctx.state.person && (await findAccount(ctx.state.person.accountId));
    return account && { name: account.name, email: account.email, is_admin: account.isAdmin };
  }

  /** Renders `views/<view>.njk` with its locals and `page`; forms in it find their token in page.csrf. */
  async function render(
    ctx: WebContext,
    view: string,
    title: string,
    locals: PageLocals = {},
  ): Promise<void> {
    const person = await findPerson(ctx);
    const page = { title, csrf: csrf.token(ctx), person, request_id: ctx.state.requestId };
    ctx.body = views.render(view, { ...locals, page });
    ctx.type = 'html';
  }

  /** Renders the form again with the refusal's status and words (local `error`). What is no Refusal is thrown on. */
  async function fail(
    ctx: WebContext,
    view: string,
    title: string,
    { locals, error }: { locals: PageLocals; error: unknown },
  ): Promise<void> {
    if (!(error instanceof Refusal)) throw error;
    const { words, param, retryAfterSeconds } = error;
    await render(ctx, view, title, { ...locals, error: { words, param } });
    ctx.status = error.status;
    ctx.state.refusal = error;
    if (retryAfterSeconds !== undefined)
      ctx.set('Retry-After', String(Math.max(1, Math.ceil(retryAfterSeconds))));
  }

  /** The page of an error, for server/web/errors.ts. It asks the database for nothing: that may be what failed. */
  function renderError(_ctx: WebContext, { status, title, words, requestId }: ErrorPage): string {
    return views.render('error', {
      page: { title, request_id: requestId },
      status,
      title,
      words,
      request_id: requestId,
    });
  }

  return { render, fail, renderError };
}

export type Pages = ReturnType<typeof createPages>;
