// /admin/…: one gate in front of everything, then the route of the table (rows H01, S17). Whoever may not, is told nothing.
import Router from '@koa/router';
import type { Config } from '../../config/schema.ts';
import { Refusal } from '../errors.ts';
import { refuseConflict } from '../storage/faults.ts';
import { formBody } from '../web/body.ts';
import type { Middleware, WebContext, WebState } from '../web/context.ts';
import type { Csrf } from '../web/csrf.ts';
import { type Pages, seeOther } from '../web/page.ts';
import { readPathParameters, readQuery } from '../web/parameters.ts';
import type { SignedIn } from '../web/signed-in.ts';
import type { ActRoute, Asked, ConsoleParts, Locals, PageRoute, Question } from './console-route.ts';
import { consoleRoutes } from './table.ts';

const CONFIRM = 'console/confirm';

type Parts = ConsoleParts & {
  config: Pick<Config, 'server'>;
  signedIn: SignedIn;
  csrf: Csrf;
  pages: Pages;
};

type RouteContext = WebContext & { params: Record<string, string> };

function isConsolePath(path: string): boolean {
  return path === '/admin' || path.startsWith('/admin/');
}

function readAsked(ctx: RouteContext): Asked {
  // Behind the gate there is somebody, and they administer.
  const accountId = ctx.state.person?.accountId;
  if (accountId === undefined) throw new Error('a request that passed no gate');
  return {
    params: readPathParameters(ctx),
    query: readQuery(ctx),
    who: { accountId, actor: `account:${accountId}` },
    form: ctx.state.form ?? {},
  };
}

export function createConsole(parts: Parts) {
  const { accounts, audit, config, csrf, pages } = parts;
  const { signedIn, freshFor } = parts.signedIn;
  const body = formBody(config.server.body_bytes);

  async function showPage(ctx: RouteContext, { load, view, title, section }: PageRoute): Promise<void> {
    const { refusal, title: own, ...locals } = await load(parts, readAsked(ctx));
    const shown = { ...locals, section };
    if (refusal !== undefined) return pages.fail(ctx, view, title, { locals: shown, error: refusal });
    await pages.render(ctx, view, typeof own === 'string' && own !== '' ? own : title, shown);
  }

  async function describeQuestion(ctx: RouteContext, route: ActRoute, question: Question): Promise<Locals> {
    const { title, words, button } = question;
    const subject = await question.subject(parts, readAsked(ctx));
    return {
      question: { title, words, button, subject },
      back: route.from(ctx.params),
      section: route.section,
    };
  }

  async function act(ctx: RouteContext, route: ActRoute): Promise<void> {
    const made = await route.act(parts, readAsked(ctx)).catch(refuseConflict);
    if (route.answer === undefined) return seeOther(ctx, route.from(ctx.params));
    const { view, title } = route.answer;
    await pages.render(ctx, view, title, { made, back: route.from(ctx.params), section: route.section });
  }

  /** What is refused is told where the question was; where there was none, on a page of its own. */
  async function submit(ctx: RouteContext, route: ActRoute): Promise<void> {
    const { question } = route;
    if (question === undefined) return act(ctx, route);
    const locals = await describeQuestion(ctx, route, question);
    try {
      await act(ctx, route);
    } catch (error) {
      await pages.fail(ctx, CONFIRM, question.title, { locals, error });
    }
  }

  const router = new Router<WebState, Record<never, never>>({ sensitive: true, strict: true });

  function mountAct(route: ActRoute): void {
    const { path, question } = route;
    const fresh = freshFor((ctx: RouteContext) =>
      question === undefined ? route.from(ctx.params) : ctx.path,
    );
    router.post(path, body, csrf.guard, fresh, (ctx) => submit(ctx, route));
    if (question === undefined) return;
    router.get(path, fresh, async (ctx) =>
      pages.render(ctx, CONFIRM, question.title, await describeQuestion(ctx, route, question)),
    );
  }

  for (const route of consoleRoutes) {
    if (route.kind === 'act') mountAct(route);
    else router.get(route.path, (ctx) => showPage(ctx, route));
  }

  const dispatch = router.routes();
  const methods = router.allowedMethods();

  /** Administrators of this moment: it is asked at every request, and to all others there is nothing here. */
  async function admit(ctx: WebContext): Promise<unknown> {
    const account = await accounts.findActive(ctx.state.person?.accountId ?? '');
    if (account?.isAdmin !== true) throw new Refusal('not_found', { reason: 'not an administrator' });
    const { requestId, address } = ctx.state;
    const program = ctx.get('User-Agent') || undefined;
    const origin = { requestId, address, program, actor: `account:${account.id}` };
    return audit.within(origin, () => pass(ctx));
  }

  async function pass(ctx: WebContext): Promise<unknown> {
    const nowhere = async () => undefined;
    return dispatch(ctx as never, () => methods(ctx as never, nowhere));
  }

  const middleware: Middleware = (ctx, next) =>
    isConsolePath(ctx.path) ? signedIn(ctx, () => admit(ctx)) : next();

  return { middleware };
}
