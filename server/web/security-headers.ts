// The headers on every answer: what a browser may do with it (ASVS 3.4; rows A19, A20, C02, C03).
import type { Middleware, WebContext } from './context.ts';

const page =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";
const data = "default-src 'none'; frame-ancestors 'none'";
const FORM_ACTION = "form-action 'self'";

const always = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=()',
  'Cache-Control': 'no-store',
};

/** The headers of an answer that is not a page: also for those that are written without Koa. */
export function baseHeaders(issuer: string): Record<string, string> {
  const isHttps = issuer.startsWith('https:');
  return {
    'Content-Security-Policy': data,
    ...always,
    ...(isHttps && { 'Strict-Transport-Security': 'max-age=63072000; includeSubDomains' }),
  };
}

/** Sets the headers before the answer is made, so that a handler may change them, and fits them to what it is after. */
export function createSecurityHeaders(issuer: string): Middleware {
  // The engine adds the hash of its own script to a page's policy, and is known by it (protocol/forms.ts): it must be
  // there before. What is sent is ours alone.
  const headers = { ...baseHeaders(issuer), 'Content-Security-Policy': page };
  return async (ctx, next) => {
    ctx.set(headers);
    if (isForAnyOrigin(ctx.path)) ctx.set('Cross-Origin-Resource-Policy', 'cross-origin');
    await next();
    if (isPage(ctx)) fitPage(ctx);
    else ctx.set('Content-Security-Policy', data);
  };
}

function isForAnyOrigin(path: string): boolean {
  return path === '/jwks' || path.startsWith('/.well-known/');
}

function isPage(ctx: WebContext): boolean {
  const isRedirect = ctx.status >= 300 && ctx.status < 400;
  return !isRedirect && ctx.response.type === 'text/html';
}

function fitPage(ctx: WebContext): void {
  // With no-referrer Chromium sends `Origin: null` on the page's own forms, which the CSRF check refuses.
  ctx.set('Referrer-Policy', 'same-origin');
  const formAction = [FORM_ACTION, ...new Set(ctx.state.formActions)].join(' ');
  ctx.set(
    'Content-Security-Policy',
    page.replace(FORM_ACTION, () => formAction),
  );
}

/**
 * The source of the policy's form-action that covers a redirect URI, for ctx.state.formActions: Chromium applies
 * form-action to the redirects after a form as well, so pages whose form ends at a client must name it.
 */
export function formActionSource(uri: unknown): string | undefined {
  const url = typeof uri === 'string' ? URL.parse(uri) : null;
  if (url === null) return undefined;
  const isWeb = url.protocol === 'https:' || url.protocol === 'http:';
  // The grammar of CSP has no IPv6 literals, and no host for the schemes of native apps: the scheme must do.
  const source = isWeb && !url.hostname.startsWith('[') ? url.origin : url.protocol;
  return /^[a-z][a-z0-9+.-]*:(?:\/\/[a-z0-9._-]+(?::\d+)?)?$/.test(source) ? source : undefined;
}
