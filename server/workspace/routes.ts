// The pages for keys and teams, mounted from their table (rows G04, G07, S17).
import Router from '@koa/router';
import type { Config } from '../../config/schema.ts';
import { getAccount } from '../accounts/account-pages.ts';
import { Refusal } from '../errors.ts';
import { refuseConflict } from '../storage/faults.ts';
import { asPerson } from '../teams/admission.ts';
import { formBody } from '../web/body.ts';
import type { WebContext, WebState } from '../web/context.ts';
import type { Csrf } from '../web/csrf.ts';
import { type Pages, seeOther } from '../web/page.ts';
import { readPathParameters, readQuery } from '../web/parameters.ts';
import type { SignedIn } from '../web/signed-in.ts';
import { createReveals, type RevealParts } from './reveals.ts';
import { workspaceRoutes } from './table.ts';
import type {
  ActRoute,
  Asked,
  PageRoute,
  QuestionRoute,
  WorkspaceParts,
  WorkspaceRoute,
} from './workspace-route.ts';

const QUESTION = 'workspace/question';

type Parts = Omit<WorkspaceParts, 'reveals'> &
  RevealParts & {
    config: Pick<Config, 'server'>;
    signedIn: SignedIn;
    csrf: Csrf;
    pages: Pages;
  };

type RouteContext = WebContext & { params: Record<string, string> };

/** Where a form came from: whoever must sign in again comes back to a page. */
function pageOf(route: WorkspaceRoute, ctx: RouteContext): string {
  if (route.kind !== 'act') return ctx.url;
  return route.shownOn.path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(ctx.params[name] ?? ''),
  );
}

const passOn = (_ctx: WebContext, next: () => Promise<unknown>) => next();

export function createWorkspaceRoutes(options: Parts) {
  const { accounts, config, csrf, pages } = options;
  const parts: WorkspaceParts = { ...options, reveals: createReveals(options) };
  const { signedIn, freshFor } = options.signedIn;
  const body = formBody(config.server.body_bytes);
  const router = new Router<WebState, Record<never, never>>({ sensitive: true, strict: true });

  async function readAsked(ctx: RouteContext): Promise<Asked> {
    const account = await getAccount(accounts, ctx);
    const params = readPathParameters(ctx);
    const { form = {} } = ctx.state;
    return { account, actor: asPerson(account), params, query: readQuery(ctx), form };
  }

  async function showPage(ctx: RouteContext, { load, view, title }: PageRoute): Promise<void> {
    await pages.render(ctx, view, title, { ...(await load(parts, await readAsked(ctx))), typed: {} });
  }

  /** What is refused is told where the form was, with what was typed into it. */
  async function submit(ctx: RouteContext, { act, shownOn }: ActRoute): Promise<void> {
    const asked = await readAsked(ctx);
    try {
      seeOther(ctx, await act(parts, asked).catch(refuseConflict));
    } catch (error) {
      if (!(error instanceof Refusal) || error.code === 'not_found') throw error;
      const locals = { ...(await shownOn.load(parts, asked)), typed: asked.form };
      await pages.fail(ctx, shownOn.view, shownOn.title, { locals, error });
    }
  }

  async function describe({ subject, back, section, title, words, button }: QuestionRoute, asked: Asked) {
    const question = { title, words, button, subject: await subject(parts, asked) };
    return { question, back: back(asked.params), section };
  }

  async function ask(ctx: RouteContext, route: QuestionRoute): Promise<void> {
    await pages.render(ctx, QUESTION, route.title, await describe(route, await readAsked(ctx)));
  }

  async function answer(ctx: RouteContext, route: QuestionRoute): Promise<void> {
    const asked = await readAsked(ctx);
    const locals = await describe(route, asked);
    try {
      seeOther(ctx, await route.act(parts, asked).catch(refuseConflict));
    } catch (error) {
      await pages.fail(ctx, QUESTION, route.title, { locals, error });
    }
  }

  for (const route of workspaceRoutes) {
    const fresh = route.isFresh ? freshFor((ctx: RouteContext) => pageOf(route, ctx)) : passOn;
    if (route.kind === 'page') {
      router.get(route.path, signedIn, fresh, (ctx) => showPage(ctx, route));
    } else if (route.kind === 'act') {
      router.post(route.path, body, csrf.guard, signedIn, fresh, (ctx) => submit(ctx, route));
    } else {
      router.get(route.path, signedIn, fresh, (ctx) => ask(ctx, route));
      router.post(route.path, body, csrf.guard, signedIn, fresh, (ctx) => answer(ctx, route));
    }
  }
  return router;
}
