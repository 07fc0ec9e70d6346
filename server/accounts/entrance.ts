// In and out outside of an authorization: what every page that signs somebody in or out does, in the same order.
import type { WebContext } from '../web/context.ts';
import type { Csrf } from '../web/csrf.ts';
import { seeOther } from '../web/page.ts';
import { localPath } from '../web/return-to.ts';
import type { BrowserSessions } from '../web/signed-in.ts';
import type { Account } from './accounts.ts';
import type { KnownDevice } from './known-device.ts';

/** RFC 8176 section 2. */
export const BY_PASSWORD: readonly string[] = ['pwd'];

export type EntranceParts = { browserSessions: BrowserSessions; csrf: Csrf; knownDevice: KnownDevice };

export function createEntrance({ browserSessions, csrf, knownDevice }: EntranceParts) {
  /** Ends the session here; the browser forgets what it kept of us, but not which people it knows. */
  async function forget(ctx: WebContext): Promise<void> {
    await browserSessions.signOut(ctx);
    csrf.rotate(ctx);
    ctx.set('Clear-Site-Data', '"cache", "storage"');
  }

  return {
    /** Signs in whoever has just given their password. The forms of before are worth nothing after it (row A30). */
    async enter(ctx: WebContext, account: Account): Promise<void> {
      await browserSessions.signIn(ctx, { accountId: account.id, methods: BY_PASSWORD });
      csrf.rotate(ctx);
      knownDevice.remember(ctx, account.email);
    },

    forget,

    /** Where the form says so it comes back to a page of ours, for whoever signs in next. */
    async leave(ctx: WebContext): Promise<void> {
      await forget(ctx);
      const { return_to } = ctx.state.form ?? {};
      seeOther(ctx, return_to === undefined ? '/' : localPath(return_to));
    },
  };
}

export type Entrance = ReturnType<typeof createEntrance>;
