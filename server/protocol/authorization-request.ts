// POST at the authorization endpoint becomes GET before the engine sees it (OpenID Connect Core section 3.1.2.1; row A17).
import { Refusal } from '../errors.ts';
import type { Middleware, WebContext } from '../web/context.ts';
import { routes } from './endpoints.ts';

// The browser comes again with all of it in the address, beside its cookies: Node reads 16 KiB of that.
const LONGEST_BODY_BYTES = 12_288;

type Parts = { readText: (ctx: WebContext, maxBytes: number) => Promise<string> };

export function createAuthorizationRequest({ readText }: Parts): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== routes.authorization || ctx.method !== 'POST') return next();
    if (!ctx.is('application/x-www-form-urlencoded')) throw new Refusal('unsupported_media_type');
    // 303 (RFC 9700 section 4.12): the browser comes again with GET, and with its SameSite cookies.
    const body = await readText(ctx, LONGEST_BODY_BYTES);
    ctx.status = 303;
    ctx.redirect(`${routes.authorization}?${new URLSearchParams(body).toString()}`);
  };
}
