// Which host a request is for: only ours are answered, and no URL of ours is made from what was sent (row H4, M06).
import type { ParameterizedContext } from 'koa';
import { Refusal } from '../errors.ts';
import type { TrustedProxies } from './address.ts';
import type { Middleware, WebApp, WebContext } from './context.ts';

type HostCheckOptions = {
  issuer: string;
  allowedHosts: readonly string[];
  proxies: TrustedProxies;
  onHostRejected?: (ctx: WebContext, host: string) => void;
};

const host = /^(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?)(?::\d{1,5})?$/;
const absoluteForm = /^(https?):\/\/([^/?#]*)([^#]*)$/i;

/** Makes ctx.href, ctx.host, ctx.protocol and ctx.secure the issuer's, whatever the request said. */
export function bindToIssuer(app: WebApp, issuer: string): void {
  const { host, hostname, origin, protocol } = new URL(issuer);
  const fixed = { host, hostname, protocol: protocol.slice(0, -1) };
  for (const [name, value] of Object.entries(fixed)) {
    Object.defineProperty(app.request, name, { get: () => value, configurable: true });
  }
  Object.defineProperty(app.request, 'href', {
    get(this: ParameterizedContext['request']) {
      return origin + this.originalUrl;
    },
    configurable: true,
  });
}

// What no parser can read as a target becomes one that names somebody else, which the host check refuses.
const NOBODY = 'http://invalid/';

/** First of all: nothing on the way to the host check may stumble over a target such as `http://[`. */
export const readableTarget: Middleware = (ctx, next) => {
  if (!ctx.url.startsWith('/') && !URL.canParse(ctx.url)) {
    ctx.req.url = NOBODY;
    ctx.originalUrl = NOBODY;
    ctx.request.originalUrl = NOBODY;
  }
  return next();
};

/** RFC 9112 section 3.2: more than one Host, or a Host that is none, is answered with 400. */
export function createHostCheck({
  issuer,
  allowedHosts,
  proxies,
  onHostRejected,
}: HostCheckOptions): Middleware {
  const ours = new URL(issuer);
  const defaultPort = ours.protocol === 'https:' ? ':443' : ':80';
  const allowed = new Set([ours.host, ...allowedHosts].map((entry) => normalise(entry, defaultPort)));

  function check(ctx: WebContext, sent: string): void {
    const name = normalise(sent, defaultPort);
    if (!host.test(name))
      throw new Refusal('invalid_request', { words: 'The Host is not valid.', reason: 'host' });
    if (allowed.has(name)) return;
    onHostRejected?.(ctx, name);
    throw new Refusal('misdirected', { reason: 'unknown host' });
  }

  return (ctx, next) => {
    const hosts = countHosts(ctx.req.rawHeaders);
    if (hosts !== 1)
      throw new Refusal('invalid_request', { words: 'One Host is needed.', reason: `${hosts} hosts` });
    const forwarded = proxies.isTrustedPeer(ctx.req.socket.remoteAddress) ? ctx.get('X-Forwarded-Host') : '';
    check(ctx, forwarded === '' ? (ctx.req.headers.host ?? '') : forwarded);
    if (!ctx.url.startsWith('/')) useOriginForm(ctx, (name) => allowed.has(normalise(name, defaultPort)));
    ctx.req.headers.host = ours.host;
    return next();
  };
}

function normalise(name: string, defaultPort: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith(defaultPort) ? lower.slice(0, -defaultPort.length) : lower;
}

function countHosts(rawHeaders: string[]): number {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

/** RFC 9112 section 3.2.2: a server understands the absolute form; here it must name us as well. */
function useOriginForm(ctx: WebContext, isOurs: (host: string) => boolean): void {
  const [, , authority = '', path = ''] = absoluteForm.exec(ctx.url) ?? [];
  if (!isOurs(authority)) {
    throw new Refusal('invalid_request', {
      words: 'The request target is not valid.',
      reason: 'request target',
    });
  }
  ctx.req.url = path.startsWith('/') ? path : `/${path}`;
  ctx.originalUrl = ctx.req.url;
  ctx.request.originalUrl = ctx.req.url;
}
