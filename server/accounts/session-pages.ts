// Where a person is signed in, and ending that (ASVS 7.5.2; row S12).
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import type { Sessions } from '../storage/sessions.ts';
import type { WebContext } from '../web/context.ts';
import { type Pages, seeOther } from '../web/page.ts';
import { personOf } from './account-pages.ts';
import type { Entrance } from './entrance.ts';

export type SessionPageParts = {
  database: Database;
  audit: Audit;
  sessions: Sessions;
  entrance: Entrance;
  pages: Pages;
};

export function createSessionPages({ database, audit, sessions, entrance, pages }: SessionPageParts) {
  async function transact(accountId: string, end: () => void): Promise<void> {
    await database.transact(() => {
      end();
      audit.record('session.ended', { actor: `account:${accountId}`, accountId });
    });
  }

  return {
    async show(ctx: WebContext): Promise<void> {
      const { accountId, sessionUid } = personOf(ctx);
      const listed = (await sessions.listOf(accountId)).map((session) => ({
        id: session.uid,
        is_current: session.uid === sessionUid,
        address: session.address,
        program: session.program,
        since: session.createdAt,
        last_seen: session.lastSeenAt,
      }));
      await pages.render(ctx, 'accounts/sessions', 'Sessions', { sessions: listed });
    },

    /** Refuses with not_found what is not a session of this person. */
    async end(ctx: WebContext, id: string): Promise<void> {
      const { accountId, sessionUid } = personOf(ctx);
      if (id === sessionUid) return entrance.leave(ctx);
      const isTheirs = (await sessions.listOf(accountId)).some(({ uid }) => uid === id);
      if (!isTheirs) throw new Refusal('not_found');
      await transact(accountId, () => sessions.end(accountId, id));
      seeOther(ctx, '/account/sessions');
    },

    async endOthers(ctx: WebContext): Promise<void> {
      const { accountId, sessionUid } = personOf(ctx);
      await transact(accountId, () => sessions.endAllOf(accountId, sessionUid));
      seeOther(ctx, '/account/sessions');
    },
  };
}
