// Which methods an address answers: 405 and Allow instead of a shrug (RFC 9110 section 15.5.6; rows C06, T01, V07).
import { Refusal } from '../errors.ts';
import type { Middleware, WebContext } from './context.ts';

const known = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

function refuse(ctx: WebContext, methods: readonly string[]): never {
  ctx.set('Allow', methods.join(', '));
  throw new Refusal('method_not_allowed');
}

/** Refuses TRACE and whatever else no address of ours answers. */
export const knownMethods: Middleware = (ctx, next) => {
  if (!known.includes(ctx.method)) refuse(ctx, known);
  return next();
};

/**
 * Refuses other methods than the given ones, for the paths of the engine, which would answer 404; and other spellings
 * of a path, which the engine would answer past all that stands in front of it.
 * Paths may hold `:name` segments. GET brings HEAD with it; OPTIONS (CORS) must be named.
 */
export function methodGuard(routes: Readonly<Record<string, readonly string[]>>): Middleware {
  const rules = Object.entries(routes).map(([path, methods]) => ({
    loose: new RegExp(`^${toPattern(path)}/?$`, 'i'),
    exact: new RegExp(`^${toPattern(path)}$`),
    methods: methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods,
  }));
  return (ctx, next) => {
    const rule = rules.find(({ loose }) => loose.test(ctx.path));
    if (rule && !rule.methods.includes(ctx.method)) refuse(ctx, rule.methods);
    if (rule && !rule.exact.test(ctx.path)) throw new Refusal('not_found');
    return next();
  };
}

/** The engine's router matches letters of either case, and one slash more at the end. */
function toPattern(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('/');
}
