// The first thing that happens to a request: its id, the client's address, and its one line in the access log.
import { nowMilliseconds } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import { randomSecret } from '../secrets.ts';
import { networkOf, type TrustedProxies } from './address.ts';
import type { Middleware, WebContext } from './context.ts';

const ID_BYTES = 12;
const routine = new Set(['/livez', '/readyz', '/introspect']);
const wellFormedId = /^[\w.-]{8,36}$/;

/** Sets request id, address and network. X-Request-Id and X-Forwarded-For count only from our own proxies. */
export function createIdentify(proxies: TrustedProxies): Middleware {
  return (ctx, next) => {
    const peer = ctx.req.socket.remoteAddress;
    const isTrusted = proxies.isTrustedPeer(peer);
    const incomingId = isTrusted ? ctx.get('X-Request-Id') : '';
    ctx.state.requestId = wellFormedId.test(incomingId) ? incomingId : randomSecret(ID_BYTES);
    ctx.state.address = proxies.clientAddress(peer, isTrusted ? ctx.get('X-Forwarded-For') : '');
    ctx.state.network = networkOf(ctx.state.address);
    ctx.request.ip = ctx.state.address;
    ctx.set('X-Request-Id', ctx.state.requestId);
    return next();
  };
}

/** The pattern of the route that answered; a path may hold an id that is nobody's business. */
function matchedRoute(ctx: WebContext): string | undefined {
  const route: unknown = Reflect.get(ctx, '_matchedRoute');
  return typeof route === 'string' ? route : undefined;
}

/** One line a request: never its query, its headers or its body. */
export function createAccessLog(log: Log): Middleware {
  return async (ctx, next) => {
    const startedAtMilliseconds = nowMilliseconds();
    await next();
    const route = matchedRoute(ctx);
    // Probes and answered introspections come by the thousand, and say nothing that the others do not.
    const isRoutine = routine.has(ctx.path) && ctx.status < 400;
    const { refusal } = ctx.state;
    log[isRoutine ? 'debug' : 'info']('request', {
      request_id: ctx.state.requestId,
      method: ctx.method,
      ...(route === undefined ? { path: ctx.path } : { route }),
      status: ctx.status,
      duration_ms: Math.max(0, nowMilliseconds() - startedAtMilliseconds),
      address: ctx.state.address,
      account_id: ctx.state.person?.accountId,
      ...(refusal && { error: refusal.code, reason: refusal.reason, param: refusal.param }),
    });
  };
}
