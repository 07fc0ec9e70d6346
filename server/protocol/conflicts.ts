// What a lost compare-and-set means to whoever sent the request: the loser of a race is answered as a replay would be.
import type { Audit } from '../audit/audit.ts';
import { Refusal, type RefusalCode } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { NO_PLACE } from '../storage/device-codes.ts';
import { Conflict } from '../storage/faults.ts';
import type { WebContext } from '../web/context.ts';
import { tooMany } from './device-adapter.ts';
import { isForPrograms, routes } from './endpoints.ts';
import { PROOF } from './proofs.ts';

/** By the label of the write that lost. */
const refusals: Readonly<Record<string, RefusalCode>> = {
  grant: 'invalid_grant',
  refresh_token: 'invalid_grant',
  AuthorizationCode: 'invalid_grant',
  DeviceCode: 'invalid_grant',
  assertion: 'invalid_grant',
  DeviceKey: 'invalid_grant',
  // An assertion of the client that was used before.
  replay: 'invalid_client',
};

/** A DPoP proof that was used before, in the words of the endpoint (RFC 9449 sections 5 and 7.1). */
function refuseProof(ctx: WebContext): RefusalCode {
  if (ctx.path === routes.userinfo) return 'invalid_token';
  return ctx.path === routes.token ? 'invalid_dpop_proof' : 'invalid_request';
}

function refusalOf(ctx: WebContext, label: string): RefusalCode | undefined {
  // The browser that came second with a pushed request: it is told on a page, as for any other that is spent.
  if (label === 'PushedAuthorizationRequest') return 'invalid_request_uri';
  if (!isForPrograms(ctx.path)) return undefined;
  return label === PROOF ? refuseProof(ctx) : refusals[label];
}

type Parts = { database: Database; audit: Audit; issuer: string };

/** Others took the last places for waiting device codes between the count and the commit. */
function answerNoPlace(ctx: WebContext): boolean {
  ctx.status = tooMany.status;
  ctx.set('Retry-After', String(tooMany.retryAfterSeconds));
  ctx.body = { error: tooMany.error, error_description: tooMany.description };
  return true;
}

/** Answers in the words of the endpoint; false where the conflict is not of its protocol. The loss is recorded in a unit of its own. */
export function createConflictAnswer({ database, audit, issuer }: Parts) {
  return async function answerConflict(ctx: WebContext, error: unknown): Promise<boolean> {
    const label = error instanceof Conflict ? error.label : '';
    if (label === NO_PLACE) return answerNoPlace(ctx);
    const code = refusalOf(ctx, label);
    if (code === undefined) return false;
    await database.transact(() => {
      audit.record('token.refused', {
        actor: 'anonymous',
        outcome: 'failure',
        reason: `lost the race for ${label}`,
      });
    });
    if (!isForPrograms(ctx.path)) throw new Refusal(code, { cause: error });
    const { status, words } = new Refusal(code);
    // RFC 6749 section 5.2: at the token endpoint only invalid_client is 401.
    ctx.status = code === 'invalid_dpop_proof' ? 400 : status;
    if (code === 'invalid_token') ctx.set('WWW-Authenticate', `DPoP realm="${issuer}", error="${code}"`);
    ctx.body = { error: code, error_description: words };
    return true;
  };
}
