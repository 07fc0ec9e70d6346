// When an app or a key was last at work, for people to see: noted at most once a minute, later than the answer, and nothing
// fails with it (row G14).
import type { Log } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import type { Use } from './kinds.ts';
import { NOTE_USE_EVERY_SECONDS } from './store.ts';

const MOST_REMEMBERED = 10_000;

/** A time ahead of ours was noted before the clock was set back: it is none. */
function isRecent(at: number | null, now: number): boolean {
  return at !== null && at > now - NOTE_USE_EVERY_SECONDS && at <= now;
}

export function createUses({ database, log }: { database: Database; log: Log }) {
  /** When each was noted here: many who ask at once all read the row of before. */
  const notedAt = new Map<string, number>();

  return {
    noteLater({ of, note }: Use, lastUsedAt: number | null, now: number): void {
      if (isRecent(lastUsedAt, now) || isRecent(notedAt.get(of) ?? null, now)) return;
      if (notedAt.size >= MOST_REMEMBERED) notedAt.clear();
      notedAt.set(of, now);
      database.transact(note).catch((error: unknown) => {
        notedAt.delete(of);
        log.warn('use_not_noted', { error });
      });
    },
  };
}
