// Forms answer only our own pages: where a request comes from, and a token bound to a cookie (ASVS 3.5; rows A30, C04).
import { Refusal } from '../errors.ts';
import { hmacSha256, isSameSecret, randomSecret } from '../secrets.ts';
import type { Middleware, WebContext } from './context.ts';

export type CsrfReason = 'fetch_site' | 'origin' | 'referer' | 'token';

type CsrfOptions = {
  key: Buffer;
  issuer: string;
  cookieName: string;
  secure: boolean;
  /** Told of every refusal, for the audit. */
  onBlocked?: (ctx: WebContext, reason: CsrfReason) => void;
};

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
const wellFormedSession = /^[\w-]{43}$/;

export function createCsrf({ key, issuer, cookieName, secure, onBlocked }: CsrfOptions) {
  const ours = new URL(issuer).origin;

  function findSession(ctx: WebContext): string | undefined {
    const sent = ctx.state.csrfSession ?? ctx.cookies.get(cookieName, { signed: false });
    return sent !== undefined && wellFormedSession.test(sent) ? sent : undefined;
  }

  function startSession(ctx: WebContext): string {
    const session = randomSecret();
    const attributes = {
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      overwrite: true,
      signed: false,
    } as const;
    ctx.cookies.set(cookieName, session, { ...attributes, secure });
    ctx.state.csrfSession = session;
    return session;
  }

  function sign(session: string, random: string): string {
    // With their lengths, so that no two pairs are written the same.
    return hmacSha256(key, [session.length, session, random.length, random].join('|')).toString('base64url');
  }

  /** A token for a form of this page; sets the pre-session cookie when there is none. */
  function token(ctx: WebContext): string {
    varyOnOrigin(ctx);
    const random = randomSecret(16);
    return `${random}.${sign(findSession(ctx) ?? startSession(ctx), random)}`;
  }

  function hasToken(ctx: WebContext): boolean {
    const session = findSession(ctx);
    const sent = ctx.state.form?.csrf ?? ctx.get('X-CSRF-Token');
    const [random = '', mac = ''] = sent.split('.');
    return session !== undefined && isSameSecret(mac, sign(session, random));
  }

  function refuse(ctx: WebContext, reason: CsrfReason): never {
    onBlocked?.(ctx, reason);
    throw new Refusal('csrf_failed', { reason: `csrf: ${reason}` });
  }

  /** Refuses csrf_failed when another site sent it: for forms of the engine, which carry a secret of their own. */
  function checkSource(ctx: WebContext): void {
    varyOnOrigin(ctx);
    const reason = findForeignSource(ctx, ours);
    if (reason !== undefined) refuse(ctx, reason);
  }

  /** Refuses csrf_failed unless the request comes from a page of ours and carries its token. */
  function check(ctx: WebContext): void {
    checkSource(ctx);
    if (!hasToken(ctx)) refuse(ctx, 'token');
  }

  /** A new pre-session: the forms of before sign-in or sign-out are worth nothing after it. */
  function rotate(ctx: WebContext): void {
    startSession(ctx);
  }

  /** After formBody: checks whatever may change something. */
  const guard: Middleware = (ctx, next) => {
    if (!SAFE_METHODS.includes(ctx.method)) check(ctx);
    return next();
  };

  return { token, check, checkSource, rotate, guard };
}

export type Csrf = ReturnType<typeof createCsrf>;

function varyOnOrigin(ctx: WebContext): void {
  ctx.vary('Sec-Fetch-Site');
  ctx.vary('Origin');
}

/** What the browser says of where the request comes from; a robot says nothing, and the token alone decides. */
function findForeignSource(ctx: WebContext, ours: string): CsrfReason | undefined {
  const site = ctx.get('Sec-Fetch-Site');
  if (site !== '' && site !== 'same-origin' && site !== 'none') return 'fetch_site';
  const origin = ctx.get('Origin');
  if (origin !== '') return origin === ours ? undefined : 'origin';
  const referer = ctx.get('Referer');
  if (site !== '' || referer === '') return undefined;
  return URL.parse(referer)?.origin === ours ? undefined : 'referer';
}
