// What a lost compare-and-set means to whoever sent the request: the loser of a race is answered as a replay would be.
import type { Audit } from '../audit/audit.ts';
import { Refusal, type RefusalCode } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { WebContext } from '../web/context.ts';
import { routes } from './configuration.ts';

/** By the label of the write that lost. */
const refusals: Readonly<Record<string, RefusalCode>> = {
  grant: 'invalid_grant',
  refresh_token: 'invalid_grant',
  AuthorizationCode: 'invalid_grant',
  DeviceCode: 'invalid_grant',
  replay: 'invalid_client',
};

/** Answers in the words of the endpoint; false where the conflict is not of its protocol. The loss is recorded in a unit of its own. */
export function createConflictAnswer({ database, audit }: { database: Database; audit: Audit }) {
  return async function answerConflict(ctx: WebContext, error: unknown): Promise<boolean> {
    const label = error instanceof Conflict ? error.label : '';
    const code = ctx.path === routes.token || ctx.path === routes.revocation ? refusals[label] : undefined;
    if (code === undefined) return false;
    await database.transact(() => {
      audit.record('token.refused', {
        actor: 'anonymous',
        outcome: 'failure',
        reason: `lost the race for ${label}`,
      });
    });
    const { status, words } = new Refusal(code);
    ctx.status = status;
    ctx.body = { error: code, error_description: words };
    return true;
  };
}
