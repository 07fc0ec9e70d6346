// The limiter: counts a try before it is made. A store that cannot answer is a fault of the caller's request: it fails closed.
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { sha256 } from '../secrets.ts';
import type { Counters } from '../storage/database.ts';
import type { Limit, LimitName, Limits } from './limits.ts';
import { createRateLimitStore, type RateLimitStore } from './store.ts';

export type Verdict = {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Nothing else is counted in the window. */
  readonly isFirst: boolean;
  /** 0 when allowed, else at least 1. */
  readonly retryAfterSeconds: number;
};

type Bucket = Pick<Limit, 'max' | 'windowSeconds'> & { readonly keyHash: Buffer };

/** Keys are addresses and e-mail addresses: only their hash is stored. */
function hashOf(name: LimitName, key: string): Buffer {
  return sha256(`${name}|${key}`);
}

function allow(remaining: number, { isFirst }: { isFirst: boolean }): Verdict {
  return { isAllowed: true, remaining, isFirst, retryAfterSeconds: 0 };
}

/** A bucket that was emptied in the meantime is open from the next second on. */
function refuseUntil(at: number | undefined): Verdict {
  const retryAfterSeconds = Math.max(1, (at ?? 0) - nowSeconds());
  return { isAllowed: false, remaining: 0, isFirst: false, retryAfterSeconds };
}

function toRefusal(name: LimitName, { retryAfterSeconds }: Verdict): Refusal {
  return new Refusal('too_many_requests', { reason: `limit ${name}`, retryAfterSeconds });
}

export function createLimiter({ store, limits }: { store: RateLimitStore; limits: Limits }) {
  /**
   * `free` takes tries as they come. Where the limit has a cool-down, the last try and each one beyond it go through
   * `paced`, which takes one in a cool-down: so both bounds are exact, and no write needs more than one row.
   */
  function bucketsOf(name: LimitName, key: string): { free: Bucket; paced: Bucket | undefined } {
    const { max, windowSeconds, coolDownSeconds } = limits[name];
    const keyHash = hashOf(name, key);
    if (coolDownSeconds === undefined) return { free: { keyHash, max, windowSeconds }, paced: undefined };
    return {
      free: { keyHash, max: max - 1, windowSeconds },
      paced: { keyHash: hashOf(name, `${key}|paced`), max: 1, windowSeconds: coolDownSeconds },
    };
  }

  /** The end of the pause that runs, if one does. */
  async function findPause(paced: Bucket | undefined): Promise<number | undefined> {
    const found = paced && (await store.find(paced.keyHash, paced));
    return found !== undefined && found.count > 0 ? found.windowEndsAt : undefined;
  }

  /** What the next try would be told; counts nothing. */
  async function peek(name: LimitName, key: string): Promise<Verdict> {
    const { free, paced } = bucketsOf(name, key);
    const pausedUntil = await findPause(paced);
    if (pausedUntil !== undefined) return refuseUntil(pausedUntil);
    const found = await store.find(free.keyHash, free);
    const count = found?.count ?? 0;
    const remaining = Math.max(0, free.max - count) + (paced?.max ?? 0);
    return remaining > 0 ? allow(remaining, { isFirst: count === 0 }) : refuseUntil(found?.windowEndsAt);
  }

  /** Counts one try. One that is not allowed is not counted, so a success among the allowed ones makes room again. */
  async function take(name: LimitName, key: string): Promise<Verdict> {
    const { free, paced } = bucketsOf(name, key);
    // A window that ends does not end the pause.
    const pausedUntil = await findPause(paced);
    if (pausedUntil !== undefined) return refuseUntil(pausedUntil);
    const taken = free.max > 0 ? await store.take(free.keyHash, free) : undefined;
    if (taken !== undefined)
      return allow(free.max - taken.count + (paced?.max ?? 0), { isFirst: taken.count === 1 });
    if (paced !== undefined && (await store.take(paced.keyHash, paced)) !== undefined)
      return allow(0, { isFirst: free.max === 0 });
    const full = paced ?? free;
    return refuseUntil((await store.find(full.keyHash, full))?.windowEndsAt);
  }

  /** Counts one try; refuses too_many_requests when there were too many. */
  async function check(name: LimitName, key: string): Promise<Verdict> {
    const verdict = await take(name, key);
    if (!verdict.isAllowed) throw toRefusal(name, verdict);
    return verdict;
  }

  /** Counts one try under each limit, or under none where one of them refuses it. */
  async function checkAll(buckets: readonly (readonly [LimitName, string])[]): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    for (const [name, key] of buckets) {
      const verdict = await take(name, key);
      if (!verdict.isAllowed) {
        for (const counted of buckets.slice(0, verdicts.length)) await refund(...counted);
        throw toRefusal(name, verdict);
      }
      verdicts.push(verdict);
    }
    return verdicts;
  }

  /** Gives one try back, and with it the pause that it began: a success is not what is limited. */
  async function refund(name: LimitName, key: string): Promise<void> {
    const { free, paced } = bucketsOf(name, key);
    if (paced !== undefined && (await store.refund(paced.keyHash, paced))) return;
    await store.refund(free.keyHash, free);
  }

  return { take, check, checkAll, refund, peek };
}

export type Limiter = ReturnType<typeof createLimiter>;

/** The limiter on the counters of the deployment, with what removes windows that are over. */
export async function openLimiter({ counters, limits }: { counters: Counters; limits: Limits }) {
  const store = createRateLimitStore(counters);
  await store.ensureTable();
  return { limiter: createLimiter({ store, limits }), sweep: store.sweep };
}
