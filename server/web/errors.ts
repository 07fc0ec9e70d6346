// Where every refusal and every bug becomes an answer (RFC 9110 section 15; rows C08, H8).
import { describeRefusal, Refusal } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { Middleware, WebContext } from './context.ts';

export type ErrorPage = {
  status: number;
  title: string;
  /** Of the catalogue of words, with places for `values`. */
  words: string;
  values?: Readonly<Record<string, string | number>> | undefined;
  requestId: string;
};

export type ErrorOptions = {
  log: Log;
  /** The page for people; JSON is made here. */
  renderError: (ctx: WebContext, page: ErrorPage) => string;
  /** Whether programs alone ask this path: they get JSON, whatever they say they accept (RFC 6749 section 5.2). */
  isForPrograms?: (path: string) => boolean;
  /** Whether an error means that the database cannot serve us right now. */
  isStorageFault: (error: unknown) => boolean;
};

const titles: Readonly<Record<number, string>> = {
  400: 'That request is not valid',
  401: 'Please sign in',
  403: 'You may not do this',
  404: 'Page not found',
  405: 'That does not work here',
  409: 'That has changed meanwhile',
  410: 'That is over',
  413: 'That is too large',
  415: 'That is not a form',
  421: 'That is not our address',
  429: 'Too many attempts',
  500: 'Something went wrong',
  503: 'Please try again in a moment',
};

/** What was made for the answer that did not come about. Cookies go only where the changes behind them went too. */
const bodyHeaders = [
  'Content-Encoding',
  'Content-Disposition',
  'ETag',
  'Last-Modified',
  'Location',
  'Accept-Ranges',
];

export function createErrors({ log, renderError, isForPrograms, isStorageFault }: ErrorOptions): Middleware {
  function asRefusal(ctx: WebContext, error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    const isFault = isStorageFault(error);
    const fields = { request_id: ctx.state.requestId, method: ctx.method, path: ctx.path };
    log.error(isFault ? 'storage.fault' : 'server_error', { ...fields, error: asError(error) });
    return new Refusal(isFault ? 'temporarily_unavailable' : 'server_error', { cause: error });
  }

  function write(ctx: WebContext, refusal: Refusal): void {
    const { status, sentence: words, values } = refusal;
    const { requestId } = ctx.state;
    if (!isForPrograms?.(ctx.path) && ctx.accepts('json', 'html') === 'html') {
      const title = titles[status] ?? titles[500] ?? '';
      ctx.body = renderError(ctx, { status, title, words, values, requestId });
      ctx.type = 'html';
    } else {
      ctx.body = describeRefusal(refusal, requestId);
      ctx.type = 'json';
    }
    ctx.status = status;
  }

  function answer(ctx: WebContext, refusal: Refusal): void {
    ctx.state.refusal = refusal;
    if (ctx.headerSent || !ctx.writable) return;
    for (const name of bodyHeaders) ctx.remove(name);
    if (refusal.status >= 500) ctx.remove('Set-Cookie');
    ctx.set('Cache-Control', 'no-store');
    if (refusal.retryAfterSeconds !== undefined) {
      ctx.set('Retry-After', String(Math.max(1, Math.ceil(refusal.retryAfterSeconds))));
    }
    write(ctx, refusal);
  }

  return async (ctx, next) => {
    try {
      await next();
      checkAnswered(ctx);
    } catch (error) {
      const refusal = asRefusal(ctx, error);
      try {
        answer(ctx, refusal);
      } catch (pageError) {
        log.error('error_page.failed', { request_id: ctx.state.requestId, error: asError(pageError) });
        ctx.body = describeRefusal(refusal, ctx.state.requestId);
        ctx.status = refusal.status;
      }
    }
  };
}

/** A router that knows the path but not the method leaves 405 without a body; when nobody knows the path it is 404. */
function checkAnswered(ctx: WebContext): void {
  if (ctx.body !== null && ctx.body !== undefined) return;
  if (ctx.status === 404) throw new Refusal('not_found');
  if (ctx.status === 405) throw new Refusal('method_not_allowed');
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${typeof thrown}`);
}
