// What a sign-out goes through before the engine sees it (OpenID Connect RP-Initiated Logout section 2; row L03).
import { Refusal } from '../errors.ts';
import type { Middleware, WebContext } from '../web/context.ts';
import { listTags, withTags } from '../web/words.ts';
import { routes } from './endpoints.ts';
import { type ReadText, sendOn } from './form-as-query.ts';

type Parts = {
  readText: ReadText;
  /** Refuses what a page of another site has sent. */
  checkSource: (ctx: WebContext) => void;
};

// The page after it speaks the language that was asked for; the engine forgets that with the session.
function keepLanguages(ctx: WebContext): void {
  const location = ctx.response.get('Location');
  if (URL.parse(location)?.pathname !== `${routes.end_session}/success`) return;
  ctx.set('Location', withTags(location, listTags(ctx.query.ui_locales)));
}

export function createSignOutRequest({ readText, checkSource }: Parts): Middleware {
  return async (ctx, next) => {
    // As the engine's router matches: letters of either case, one slash more at the end.
    const path = ctx.path.toLowerCase().replace(/\/$/, '');
    if (path === `${routes.end_session}/confirm`) {
      checkSource(ctx);
      await next();
      return keepLanguages(ctx);
    }
    if (path !== routes.end_session || ctx.method !== 'POST') return next();
    // Nothing at all is a form without fields.
    if (ctx.get('Content-Type') !== '' && !ctx.is('application/x-www-form-urlencoded'))
      throw new Refusal('unsupported_media_type');
    // The specification wants POST too; from another site the browser has its cookies only with the GET after it.
    return sendOn(ctx, routes.end_session, readText);
  };
}
