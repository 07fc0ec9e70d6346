// The gate in front of heavy work, by itself: bounded in breadth, in length and in time.
import { afterEach, expect, test, vi } from 'vitest';
import { createWorkQueue } from '../../server/accounts/work-queue.ts';

afterEach(() => vi.useRealTimers());

/** Work that ends when it is told to, and counts how much of it goes on at once. */
function createHeldWork() {
  const endings: (() => void)[] = [];
  return {
    get running() {
      return endings.length;
    },
    begin: () => new Promise<void>((resolve) => endings.push(resolve)),
    endOne: () => endings.shift()?.(),
  };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('H11: no more than the given number run at once, and a freed place goes to the one who waited', async () => {
  const queue = createWorkQueue({ concurrency: 2, queue: 3, waitSeconds: 2 });
  const work = createHeldWork();
  const order: number[] = [];
  const runs = [0, 1, 2, 3, 4].map((n) => queue.run(work.begin).then(() => order.push(n)));
  await settled();
  expect(work.running).toBe(2);
  for (let n = 0; n < 5; n += 1) {
    work.endOne();
    await settled();
    expect(work.running).toBe(Math.min(2, 4 - n));
  }
  await Promise.all(runs);
  expect(order).toEqual([0, 1, 2, 3, 4]);
});

test('F26: whoever comes when the queue is full is refused at once, with 503 and a Retry-After', async () => {
  const queue = createWorkQueue({ concurrency: 1, queue: 1, waitSeconds: 2 });
  const work = createHeldWork();
  const first = queue.run(work.begin);
  const second = queue.run(work.begin);
  await expect(queue.run(work.begin)).rejects.toMatchObject({
    code: 'temporarily_unavailable',
    status: 503,
    retryAfterSeconds: 2,
  });
  work.endOne();
  await first;
  await settled();
  work.endOne();
  await second;
});

test('H11: whoever waited for the whole time is refused, and is not run later', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const queue = createWorkQueue({ concurrency: 1, queue: 5, waitSeconds: 2 });
  const work = createHeldWork();
  const first = queue.run(work.begin);
  const late = vi.fn(work.begin);
  const refused = expect(queue.run(late)).rejects.toMatchObject({ code: 'temporarily_unavailable' });
  vi.advanceTimersByTime(2000);
  await refused;
  work.endOne();
  await first;
  await settled();
  expect(late).not.toHaveBeenCalled();
  await expect(queue.run(async () => 'the place is free')).resolves.toBe('the place is free');
});

test('H11: work that fails frees its place', async () => {
  const queue = createWorkQueue({ concurrency: 1, queue: 0, waitSeconds: 2 });
  await expect(queue.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(queue.run(async () => 'done')).resolves.toBe('done');
});
