// A gate in front of heavy work: so many at a time, so many waiting, none of them for long. ASVS 5.0 15.2.2.
import { Refusal } from '../errors.ts';

type Waiter = () => void;

export function createWorkQueue(bounds: { concurrency: number; queue: number; waitSeconds: number }) {
  const { concurrency, queue, waitSeconds } = bounds;
  const waiting = new Set<Waiter>();
  let running = 0;

  function refuse(reason: string): Refusal {
    return new Refusal('temporarily_unavailable', { reason, retryAfterSeconds: Math.ceil(waitSeconds) });
  }

  function waitForTurn(): Promise<void> {
    if (waiting.size >= queue) throw refuse('the work queue is full');
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(start);
        reject(refuse('waited too long in the work queue'));
      }, waitSeconds * 1000);
      function start(): void {
        clearTimeout(timer);
        resolve();
      }
      waiting.add(start);
    });
  }

  function passOn(): void {
    const [next] = waiting;
    if (next === undefined) {
      running -= 1;
      return;
    }
    // The place is handed over, not given back: nobody who comes in between may take it.
    waiting.delete(next);
    next();
  }

  return {
    /** Runs `work` when its turn comes. Refuses with temporarily_unavailable when too many wait, or after waitSeconds. */
    async run<Result>(work: () => Promise<Result>): Promise<Result> {
      if (running < concurrency) running += 1;
      else await waitForTurn();
      try {
        return await work();
      } finally {
        passOn();
      }
    },
  };
}
