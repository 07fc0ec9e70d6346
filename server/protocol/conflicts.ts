// What a lost compare-and-set means to whoever sent the request: the loser of a race is answered as a replay would be.
import type { Audit } from '../audit/audit.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { WebContext } from '../web/context.ts';
import { routes } from './configuration.ts';

const SPENT = {
  status: 400,
  body: { error: 'invalid_grant', error_description: 'grant request is invalid' },
};
const REPLAYED = {
  status: 401,
  body: { error: 'invalid_client', error_description: 'client authentication failed' },
};

const answers: Readonly<Record<string, typeof SPENT>> = {
  grant: SPENT,
  refresh_token: SPENT,
  AuthorizationCode: SPENT,
  DeviceCode: SPENT,
  replay: REPLAYED,
};

/** Answers in the words of the endpoint; false where the conflict is not of its protocol. The loss is recorded in a unit of its own. */
export function createConflictAnswer({ database, audit }: { database: Database; audit: Audit }) {
  return async function answerConflict(ctx: WebContext, error: unknown): Promise<boolean> {
    const label = error instanceof Conflict ? error.label : '';
    const answer = ctx.path === routes.token || ctx.path === routes.revocation ? answers[label] : undefined;
    if (answer === undefined) return false;
    await database.transact(() => {
      audit.record('token.refused', {
        actor: 'anonymous',
        outcome: 'failure',
        reason: `lost the race for ${label}`,
      });
    });
    ctx.status = answer.status;
    ctx.body = answer.body;
    return true;
  };
}
