// What a sign-out goes through before the engine sees it (OpenID Connect RP-Initiated Logout section 2; row L03).
import type { Middleware, WebContext } from '../web/context.ts';
import { routes } from './configuration.ts';

const LONGEST_BODY_BYTES = 57_344;

type Parts = {
  readText: (ctx: WebContext, maxBytes: number) => Promise<string>;
  /** Refuses what a page of another site has sent. */
  checkSource: (ctx: WebContext) => void;
};

export function createSignOutRequest({ readText, checkSource }: Parts): Middleware {
  return async (ctx, next) => {
    // As the engine's router matches: letters of either case, one slash more at the end.
    const path = ctx.path.toLowerCase().replace(/\/$/, '');
    if (path === `${routes.end_session}/confirm`) checkSource(ctx);
    if (path !== routes.end_session || ctx.method !== 'POST' || !ctx.is('application/x-www-form-urlencoded'))
      return next();
    // The specification wants POST too; from another site the browser has its cookies only with the GET after it.
    const body = await readText(ctx, LONGEST_BODY_BYTES);
    ctx.status = 303;
    ctx.redirect(`${routes.end_session}?${new URLSearchParams(body).toString()}`);
  };
}
