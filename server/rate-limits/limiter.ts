// The limiter: counts a try before it is made. A store that cannot answer is a fault of the caller's request: it fails closed.
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { sha256 } from '../secrets.ts';
import type { Counters } from '../storage/database.ts';
import type { LimitName, Limits } from './limits.ts';
import { createRateLimitStore, type RateLimitStore } from './store.ts';

export type Verdict = {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** 0 when allowed, else at least 1. */
  readonly retryAfterSeconds: number;
};

/** Keys are addresses and e-mail addresses: only their hash is stored. */
function hashOf(name: LimitName, key: string): Buffer {
  return sha256(`${name}|${key}`);
}

function secondsUntil(at: number): number {
  return Math.max(1, at - nowSeconds());
}

export function createLimiter({ store, limits }: { store: RateLimitStore; limits: Limits }) {
  /** What the next try would be told; counts nothing. */
  async function peek(name: LimitName, key: string): Promise<Verdict> {
    const { max, windowSeconds } = limits[name];
    const found = await store.find(hashOf(name, key), { windowSeconds });
    const remaining = Math.max(0, max - (found?.count ?? 0));
    const isAllowed = remaining > 0;
    return {
      isAllowed,
      remaining,
      retryAfterSeconds: isAllowed ? 0 : secondsUntil(found?.windowEndsAt ?? 0),
    };
  }

  /** Counts one try. One that is not allowed is not counted, so a success among the allowed ones makes room again. */
  async function take(name: LimitName, key: string): Promise<Verdict> {
    const keyHash = hashOf(name, key);
    const limit = limits[name];
    const taken = await store.take(keyHash, limit);
    if (taken !== undefined)
      return { isAllowed: true, remaining: limit.max - taken.count, retryAfterSeconds: 0 };
    const found = await store.find(keyHash, limit);
    return { isAllowed: false, remaining: 0, retryAfterSeconds: secondsUntil(found?.windowEndsAt ?? 0) };
  }

  /** Counts one try; refuses too_many_requests when there were too many. */
  async function check(name: LimitName, key: string): Promise<void> {
    const { isAllowed, retryAfterSeconds } = await take(name, key);
    if (!isAllowed) throw new Refusal('too_many_requests', { reason: `limit ${name}`, retryAfterSeconds });
  }

  /** Gives one try back: a success is not what is limited. */
  async function refund(name: LimitName, key: string): Promise<void> {
    await store.refund(hashOf(name, key), limits[name]);
  }

  return { take, check, refund, peek };
}

export type Limiter = ReturnType<typeof createLimiter>;

/** The limiter on the counters of the deployment, with what removes windows that are over. */
export async function openLimiter({ counters, limits }: { counters: Counters; limits: Limits }) {
  const store = createRateLimitStore(counters);
  await store.ensureTable();
  return { limiter: createLimiter({ store, limits }), sweep: store.sweep };
}
