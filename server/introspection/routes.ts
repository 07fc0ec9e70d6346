// POST /introspect (RFC 7662 section 2): form in, JSON out; without credentials 401 and a challenge.
import Router from '@koa/router';
import { readPresented } from '../clients/authentication.ts';
import { Refusal } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import { readParameters } from '../web/body.ts';
import type { WebContext, WebState } from '../web/context.ts';
import { findFault } from './fast-path.ts';
import type { Introspect } from './introspection.ts';
import { readUsedFrom } from './kinds.ts';

const LONGEST_BODY_BYTES = 57_344;

type Parts = { introspect: Introspect; issuer: string; log: Log };

// RFC 6749 section 5.2: the words of OAuth, without the fields of our own.
function answerRefusal(ctx: WebContext, refusal: Refusal, issuer: string): void {
  ctx.status = refusal.status;
  if (refusal.status === 401) ctx.set('WWW-Authenticate', `Basic realm="${issuer}", charset="UTF-8"`);
  ctx.body = { error: refusal.code, error_description: refusal.words };
}

export function createIntrospectionRoutes({ introspect, issuer, log }: Parts) {
  const router = new Router<WebState, Record<never, never>>();

  router.post('/introspect', async (ctx) => {
    const fault = findFault(ctx.req);
    if (fault !== undefined) throw fault;
    try {
      const parameters = await readParameters(ctx, LONGEST_BODY_BYTES);
      const presented = readPresented(ctx.get('authorization') || undefined, parameters);
      const token = parameters.get('token');
      if (!token)
        throw new Refusal('invalid_request', { words: 'The parameter token is missing.', param: 'token' });
      ctx.body = await introspect(token, presented, readUsedFrom(parameters));
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      log.info('introspection.refused', { request_id: ctx.state.requestId, reason: error.reason });
      answerRefusal(ctx, error, issuer);
    }
  });

  return router;
}
