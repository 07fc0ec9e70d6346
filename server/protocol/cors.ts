// Which scripts in browsers may read our answers (Fetch Standard section 3.2; RFC 9700 section 2.6; row T20): what is public all of
// them, what is a client's those of the origins that it registered. Never with cookies: no answer says Allow-Credentials.
import type { Client, KoaContextWithOIDC } from 'oidc-provider';
import type { Clients } from '../clients/clients.ts';
import { Refusal } from '../errors.ts';
import type { Middleware, WebContext } from '../web/context.ts';
import { registrationOf } from './client-metadata.ts';
import { methods, routes } from './endpoints.ts';

const OPEN: ReadonlySet<string> = new Set([
  routes.jwks,
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
]);
const FOR_CLIENTS: ReadonlySet<string> = new Set([
  routes.token,
  routes.userinfo,
  routes.revocation,
  routes.device_authorization,
  routes.pushed_authorization_request,
]);
const SENT_HEADERS = 'Authorization, Content-Type, DPoP';
const READ_HEADERS = 'WWW-Authenticate, DPoP-Nonce, Retry-After';
// For so long a browser does not ask again; Chromium asks after two hours in any case.
const PREFLIGHT_SECONDS = 3600;

function isPreflight(ctx: WebContext): boolean {
  return ctx.method === 'OPTIONS' && ctx.get('Access-Control-Request-Method') !== '';
}

function answerPreflight(ctx: WebContext): void {
  const named = methods[ctx.path] ?? [];
  ctx.set('Access-Control-Allow-Methods', named.filter((method) => method !== 'OPTIONS').join(', '));
  ctx.set('Access-Control-Allow-Headers', SENT_HEADERS);
  ctx.set('Access-Control-Max-Age', String(PREFLIGHT_SECONDS));
  ctx.status = 204;
}

export function createCors({ clients, issuer }: { clients: Pick<Clients, 'hasOrigin'>; issuer: string }) {
  // Requests whose client turned out to have other origins than the one that asks.
  const foreign = new WeakSet<object>();

  /** After the engine, which adds headers of its own where it finds none: also to refusals of clients it does not know. */
  function nameReader(ctx: WebContext, reader: string | undefined): void {
    if (reader === undefined || foreign.has(ctx.req)) {
      ctx.remove('Access-Control-Allow-Origin');
      ctx.remove('Access-Control-Expose-Headers');
    } else {
      ctx.set('Access-Control-Allow-Origin', reader);
      ctx.set('Access-Control-Expose-Headers', READ_HEADERS);
    }
  }

  /** Who calls is known only after its client is; a preflight names none, so there any client's origin will do. */
  async function answerClient(ctx: WebContext, next: () => Promise<unknown>): Promise<void> {
    const origin = ctx.get('Origin');
    // Pages of our own need nobody's leave, and programs that are no browsers send no origin.
    const reader = origin === '' || origin === issuer ? undefined : origin;
    ctx.vary('Origin');
    if (reader !== undefined && !(await clients.hasOrigin(reader))) {
      throw new Refusal('invalid_request', { words: 'This origin is not registered.', reason: 'origin' });
    }
    try {
      if (isPreflight(ctx)) answerPreflight(ctx);
      else await next();
    } finally {
      nameReader(ctx, reader);
    }
  }

  async function answerAnybody(ctx: WebContext, next: () => Promise<unknown>): Promise<void> {
    ctx.set('Access-Control-Allow-Origin', '*');
    if (isPreflight(ctx)) answerPreflight(ctx);
    else await next();
  }

  return {
    /** Stands before all that may refuse, so that a script can read why. */
    middleware: ((ctx, next) => {
      if (OPEN.has(ctx.path)) return answerAnybody(ctx, next);
      return FOR_CLIENTS.has(ctx.path) ? answerClient(ctx, next) : next();
    }) as Middleware,

    /** The engine's clientBasedCORS: it refuses the request where this is false. */
    isOwnOrigin(ctx: KoaContextWithOIDC, origin: string, client: Client): boolean {
      const isOwn = origin === issuer || registrationOf(client).origins.includes(origin);
      if (!isOwn) foreign.add(ctx.req);
      return isOwn;
    },
  };
}
