// /admin/…: one gate in front of everything, then the route of the table (rows H01, S17). Whoever may not, is told nothing.
import Router from '@koa/router';
import type { Config } from '../../config/schema.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { Conflict, isPassing } from '../storage/faults.ts';
import { formBody } from '../web/body.ts';
import type { Middleware, WebContext, WebState } from '../web/context.ts';
import type { Csrf } from '../web/csrf.ts';
import { type Pages, seeOther } from '../web/page.ts';
import { localPath } from '../web/return-to.ts';
import type { SignedIn } from '../web/signed-in.ts';
import type { ActRoute, Asked, ConsoleParts, Locals, PageRoute, Question } from './console-route.ts';
import { consoleRoutes } from './table.ts';

const CONFIRM = 'console/confirm';
const LONGEST_PARAMETER = 300;

type Parts = ConsoleParts & {
  config: Pick<Config, 'server' | 'sessions'>;
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
  const texts = Object.values(ctx.params);
  if (texts.some((text) => text.length > LONGEST_PARAMETER)) throw new Refusal('not_found');
  const query = Object.entries(ctx.query).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && entry[1].length <= LONGEST_PARAMETER,
  );
  return {
    params: ctx.params,
    query: Object.fromEntries(query),
    who: { accountId, actor: `account:${accountId}` },
  };
}

/** Somebody else was faster. What passes by itself stays a fault of the store. */
function sayConflict(error: unknown): never {
  if (!(error instanceof Conflict) || isPassing(error)) throw error;
  throw new Refusal('conflict', { cause: error });
}

export function createConsole(parts: Parts) {
  const { accounts, audit, config, csrf, pages } = parts;
  const { signedIn } = parts.signedIn;
  const body = formBody(config.server.body_bytes);

  /** Asks again who they are, and comes back to a page: a form that was sent is sent anew by hand. */
  function fresh(pathOf: (ctx: RouteContext) => string) {
    return (ctx: RouteContext, next: () => Promise<unknown>) => {
      const { authTime = 0 } = ctx.state.person ?? {};
      if (nowSeconds() - authTime <= config.sessions.step_up_seconds) return next();
      seeOther(ctx, `/sign-in?return_to=${encodeURIComponent(localPath(pathOf(ctx)))}&prompt=login`);
    };
  }

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
    const made = await route.act(parts, readAsked(ctx)).catch(sayConflict);
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
    const home = (ctx: RouteContext) => (question === undefined ? route.from(ctx.params) : ctx.path);
    router.post(path, body, csrf.guard, fresh(home), (ctx) => submit(ctx, route));
    if (question === undefined) return;
    router.get(path, fresh(home), async (ctx) =>
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
