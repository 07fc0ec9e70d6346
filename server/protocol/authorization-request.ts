// POST at the authorization endpoint becomes GET before the engine sees it (OpenID Connect Core section 3.1.2.1; row A17).
import { Refusal } from '../errors.ts';
import type { Middleware } from '../web/context.ts';
import { routes } from './endpoints.ts';
import { type ReadText, sendOn } from './form-as-query.ts';

type Parts = { readText: ReadText };

export function createAuthorizationRequest({ readText }: Parts): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== routes.authorization || ctx.method !== 'POST') return next();
    if (!ctx.is('application/x-www-form-urlencoded')) throw new Refusal('unsupported_media_type');
    return sendOn(ctx, routes.authorization, readText);
  };
}
