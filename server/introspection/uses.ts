// When an app or a key was last at work, for people to see: noted at most once a minute, later than the answer, and nothing
// fails with it (row G14).
import type { Log } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import type { Use } from './kinds.ts';
import { NOTE_USE_EVERY_SECONDS } from './store.ts';

const MOST_REMEMBERED = 10_000;

export function createUses({ database, log }: { database: Database; log: Log }) {
  /** When each was noted here: many who ask at once all read the row of before. */
  const notedAt = new Map<string, number>();

  return {
    noteLater({ of, note }: Use, lastUsedAt: number | null, now: number): void {
      const last = Math.max(lastUsedAt ?? 0, notedAt.get(of) ?? 0);
      // A time ahead of ours was noted before the clock was set back.
      if (last > now - NOTE_USE_EVERY_SECONDS && last <= now) return;
      if (notedAt.size >= MOST_REMEMBERED) notedAt.clear();
      notedAt.set(of, now);
      database.transact(note).catch((error: unknown) => {
        notedAt.delete(of);
        log.warn('use_not_noted', { error });
      });
    },
  };
}
