// Sends to others what waits for them in a table: again and later where it failed, and given up in the end. Whichever
// process takes one sends it. It may arrive twice, after a death between sending and noting it; it is never lost.
import { nowSeconds } from '../clock.ts';
import type { Database } from './database.ts';
import { Conflict } from './faults.ts';
import { createRepeating } from './repeating.ts';

const EVERY_MILLISECONDS = 1000;
const LAST_WAIT_SECONDS = 3600;

/** `attempts`: how often it was taken before. */
type Waiting = { readonly attempts: number };

/** Where they wait. */
export type Queue<Item extends Waiting> = {
  /** What is due now, the longest waiting first. */
  listDue(limit: number): Promise<Item[]>;
  /** In the open unit: nobody else has it until `dueAt`. Conflict where another was faster. */
  take(item: Item, dueAt: number): void;
  /** In the open unit: it is never due again. */
  finish(item: Item): void;
};

export type DeliveryOptions<Item extends Waiting> = {
  database: Database;
  queue: Queue<Item>;
  /** How many are on their way together. */
  atOnce: number;
  /** After the first try, after the second, and so on; the try after the last of them is the last. */
  waitsSeconds: readonly number[];
  /** Sends it, and answers whether that was all: `later` is a failure that may pass. */
  send: (item: Item) => Promise<'done' | 'later'>;
  /** It was tried as often as it may be. */
  onGivenUp: (item: Item) => void;
  onFault: (error: unknown) => void;
};

export function createDelivery<Item extends Waiting>(options: DeliveryOptions<Item>) {
  const { database, queue, atOnce, waitsSeconds, send, onGivenUp, onFault } = options;

  /** Takes it, and answers whether it could: another process may have been faster. */
  async function tryToTake(item: Item): Promise<boolean> {
    const waitSeconds = waitsSeconds[item.attempts] ?? LAST_WAIT_SECONDS;
    try {
      await database.transact(() => queue.take(item, nowSeconds() + waitSeconds));
      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  async function deliver(item: Item): Promise<void> {
    if (!(await tryToTake(item))) return;
    if (item.attempts > waitsSeconds.length) onGivenUp(item);
    else if ((await send(item)) === 'later') return;
    await database.transact(() => queue.finish(item));
  }

  /** Sends what is due now. Throws StorageFault; what cannot be sent waits for its next try. */
  async function deliverDue(): Promise<void> {
    for (;;) {
      const items = await queue.listDue(atOnce);
      await Promise.all(items.map(deliver));
      if (items.length < atOnce || isStopped()) return;
    }
  }

  const { start, stop, isStopped } = createRepeating({
    everyMilliseconds: EVERY_MILLISECONDS,
    run: deliverDue,
    onFault,
  });
  return { deliverDue, start, stop };
}
