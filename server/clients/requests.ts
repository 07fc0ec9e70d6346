// Ids that nobody knows and that came asking: an operator may want to allow one. Noted together, once a second.
import type { Database } from '../storage/database.ts';
import { createRequestStore } from './request-store.ts';

/** An id that is not registered and came asking. */
export type ClientRequest = {
  readonly id: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
};

const MOST_KEPT = 1000;
const MOST_WAITING = 100;
const PAUSE_MILLISECONDS = 1000;
const LONGEST_ID = 255;

export function createClientRequests(options: { database: Database; onFault: (error: unknown) => void }) {
  const { database, onFault } = options;
  const store = createRequestStore(database);
  let waiting = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  /** Stores what waits. A store that cannot serve loses a second of them, and fails nobody's request. */
  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const counts = waiting;
    waiting = new Map();
    if (counts.size > 0) await database.transact(() => store.note(counts, MOST_KEPT)).catch(onFault);
  }

  /**
   * Not in the request's own unit: an answer that waits for a commit would tell unknown ids from known ones by the
   * time it takes (row T10), and a flood of them would cost a commit each.
   */
  function note(id: string): void {
    if (id.length > LONGEST_ID || !/^[\x21-\x7e]+$/.test(id)) return;
    const count = (waiting.get(id) ?? 0) + 1;
    waiting.delete(id);
    waiting.set(id, count);
    const [oldest] = waiting.keys();
    if (waiting.size > MOST_WAITING && oldest !== undefined) waiting.delete(oldest);
    timer ??= setTimeout(flush, PAUSE_MILLISECONDS).unref();
  }

  return { note, flush, list: store.list, listById: store.listById, forget: store.forget };
}
