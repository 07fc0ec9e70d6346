// How a page is answered: the locals that every template needs, and a refused form shown again with its words.
import { Refusal } from '../errors.ts';
import type { WebContext } from './context.ts';
import type { Csrf } from './csrf.ts';
import type { ErrorPage } from './errors.ts';
import type { Views } from './views.ts';
import { type Language, listTags } from './words.ts';

export type PageLocals = Readonly<Record<string, unknown>>;

type PagePerson = { name: string; email: string; isAdmin: boolean; chosenLocale?: string | undefined };

export type PageParts = {
  views: Views;
  csrf: Csrf;
  /** Of an account that may be used: whoever is signed in, as the page's menu names them. */
  findAccount: (id: string) => Promise<PagePerson | undefined>;
};

/** Sends the browser on after a form, with GET (RFC 9110 section 15.4.4). */
export function seeOther(ctx: WebContext, path: string): void {
  ctx.status = 303;
  ctx.redirect(path);
}

export function createPages({ views, csrf, findAccount }: PageParts) {
  /** The reader's language: what the app or the link asks for, else what the person has chosen, else what the browser says. */
  function languageOf(ctx: WebContext): Language {
    const { uiLocales = listTags(ctx.query.ui_locales), chosenLocale } = ctx.state;
    const chosen = chosenLocale === undefined ? [] : [chosenLocale];
    return views.words.choose([...uiLocales, ...chosen, ...ctx.acceptsLanguages()]);
  }

  function send(ctx: WebContext, html: string, { locale }: Language): void {
    ctx.body = html;
    ctx.type = 'html';
    ctx.set('Content-Language', locale);
    ctx.vary('Accept-Language');
  }

  async function findPerson(ctx: WebContext) {
    const account = ctx.state.person && (await findAccount(ctx.state.person.accountId));
    if (account?.chosenLocale !== undefined) ctx.state.chosenLocale = account.chosenLocale;
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
    const language = languageOf(ctx);
    const page = {
      title: language.say(title),
      csrf: csrf.token(ctx),
      person,
      request_id: ctx.state.requestId,
    };
    send(ctx, views.render(view, { ...locals, page }, language), language);
  }

  /** Renders the form again with the refusal's status and words (local `error`). What is no Refusal is thrown on. */
  async function fail(
    ctx: WebContext,
    view: string,
    title: string,
    { locals, error }: { locals: PageLocals; error: unknown },
  ): Promise<void> {
    if (!(error instanceof Refusal)) throw error;
    await findPerson(ctx);
    const { param, retryAfterSeconds } = error;
    const words = languageOf(ctx).say(error.sentence, error.values);
    await render(ctx, view, title, { ...locals, error: { words, param } });
    ctx.status = error.status;
    ctx.state.refusal = error;
    if (retryAfterSeconds !== undefined)
      ctx.set('Retry-After', String(Math.max(1, Math.ceil(retryAfterSeconds))));
  }

  /** The page of an error, for server/web/errors.ts. It asks the database for nothing: that may be what failed. */
  function renderError(ctx: WebContext, { status, title, words, values, requestId }: ErrorPage): string {
    const language = languageOf(ctx);
    const [shownTitle, shownWords] = [language.say(title), language.say(words, values)];
    ctx.set('Content-Language', language.locale);
    ctx.vary('Accept-Language');
    const page = { title: shownTitle, request_id: requestId };
    const locals = { page, status, title: shownTitle, words: shownWords, request_id: requestId };
    return views.render('error', locals, language);
  }

  return {
    render,
    fail,
    renderError,

    /** Of the page that this request is answered with, or was sent from. */
    localeOf: (ctx: WebContext): string => languageOf(ctx).locale,
    /** What a person may choose from. */
    languages: views.words.languages,
  };
}

export type Pages = ReturnType<typeof createPages>;
