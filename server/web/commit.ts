// Each request is one unit of work: it is committed when the answer is ready, and the answer leaves after the commit.
import { Refusal } from '../errors.ts';
import type { Middleware, WebContext } from './context.ts';

type CommitParts = {
  inUnit: (act: (commitNow: () => Promise<void>) => Promise<void>) => Promise<void>;
  isConflict: (error: unknown) => boolean;
  /** Answers a conflict in the words of the endpoint's protocol; false where it has none. */
  answerConflict: (ctx: WebContext, error: unknown) => Promise<boolean>;
  /** Called where a crash test may want the process to die (row F03). */
  crashPoint?: (name: 'before_commit' | 'after_commit') => void;
};

// What was prepared for a success that did not happen must not leave.
function forgetEffects(ctx: WebContext): void {
  for (const name of ['Set-Cookie', 'Location', 'Clear-Site-Data']) ctx.remove(name);
}

// The engine answers by itself that it cannot serve, without saying when to come again (row H8).
function leaveUncommitted(ctx: WebContext): void {
  forgetEffects(ctx);
  if (ctx.status === 503 && !ctx.response.get('Retry-After')) ctx.set('Retry-After', '1');
}

/** Answers below 500 are committed (refusals too: what they revoked stays revoked); others are forgotten. */
export function createCommit({ inUnit, isConflict, answerConflict, crashPoint }: CommitParts): Middleware {
  return (ctx, next) =>
    inUnit(async (commitNow) => {
      await next();
      if (ctx.status >= 500) return leaveUncommitted(ctx);
      try {
        crashPoint?.('before_commit');
        await commitNow();
        crashPoint?.('after_commit');
      } catch (error) {
        forgetEffects(ctx);
        ctx.body = null;
        if (!isConflict(error)) throw error;
        if (!(await answerConflict(ctx, error))) throw new Refusal('conflict', { cause: error });
      }
    });
}
