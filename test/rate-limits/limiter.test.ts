// The limiter against a real store: exact under concurrency, forgetful in time, closed when the store is away.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLimiter } from '../../server/rate-limits/limiter.ts';
import { createLimits } from '../../server/rate-limits/limits.ts';
import { createRateLimitStore } from '../../server/rate-limits/store.ts';
import { randomSecret } from '../../server/secrets.ts';
import type { Counters } from '../../server/storage/database.ts';
import { openCounters } from './counters.ts';

const limits = createLimits({ 'sign_up.address': { max: 3, window_seconds: 60 } });
const NAME = 'sign_up.address';

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00Z') }));
afterEach(() => vi.useRealTimers());

async function createParts(path?: string) {
  const { counters, connection } = openCounters(path);
  const store = createRateLimitStore(counters);
  await store.ensureTable();
  return { store, connection, limiter: createLimiter({ store, limits }) };
}

function advance(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

test('S06 G12: of 200 parallel takes through two connections exactly the limit is allowed', async () => {
  const path = join(tmpdir(), `limits-${randomSecret(8)}.sqlite`);
  const [one, other] = [await createParts(path), await createParts(path)];
  const verdicts = await Promise.all(
    Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? one : other).limiter.take(NAME, '192.0.2.1')),
  );
  expect(verdicts.filter(({ isAllowed }) => isAllowed).map(({ remaining }) => remaining)).toEqual([2, 1, 0]);
  expect(verdicts.every(({ remaining }) => remaining >= 0)).toBe(true);
  for (const { connection } of [one, other]) connection.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
});

test('a refusal says when to come back, and then one may', async () => {
  const { limiter } = await createParts();
  for (let n = 0; n < 3; n += 1) await limiter.check(NAME, '192.0.2.1');
  advance(20);
  await expect(limiter.check(NAME, '192.0.2.1')).rejects.toMatchObject({
    code: 'too_many_requests',
    status: 429,
    retryAfterSeconds: 40,
  });
  advance(39);
  expect(await limiter.take(NAME, '192.0.2.1')).toEqual({
    isAllowed: false,
    remaining: 0,
    isFirst: false,
    retryAfterSeconds: 1,
  });
  advance(1);
  expect(await limiter.take(NAME, '192.0.2.1')).toEqual({
    isAllowed: true,
    remaining: 2,
    isFirst: true,
    retryAfterSeconds: 0,
  });
});

test('one key and one limit do not use up another', async () => {
  const { limiter } = await createParts();
  for (let n = 0; n < 4; n += 1) await limiter.take(NAME, '192.0.2.1');
  expect(await limiter.take(NAME, '192.0.2.2')).toMatchObject({ isAllowed: true, remaining: 2 });
  expect(await limiter.take('sign_in.address', '192.0.2.1')).toMatchObject({
    isAllowed: true,
    remaining: 99,
  });
});

test('a refund makes room for one more, also after tries that were refused, and never for more than the limit', async () => {
  const { limiter } = await createParts();
  for (let n = 0; n < 10; n += 1) await limiter.take(NAME, '192.0.2.1');
  await limiter.refund(NAME, '192.0.2.1');
  expect(await limiter.take(NAME, '192.0.2.1')).toMatchObject({ isAllowed: true });
  expect(await limiter.take(NAME, '192.0.2.1')).toMatchObject({ isAllowed: false });
  for (let n = 0; n < 10; n += 1) await limiter.refund(NAME, '192.0.2.1');
  await limiter.refund(NAME, 'never seen');
  expect(await limiter.peek(NAME, '192.0.2.1')).toMatchObject({ remaining: 3 });
  expect(await limiter.peek(NAME, 'never seen')).toMatchObject({ remaining: 3 });
});

test('peek tells what the next try would be told and counts nothing', async () => {
  const { limiter } = await createParts();
  for (let n = 0; n < 5; n += 1) await limiter.peek(NAME, '192.0.2.1');
  expect(await limiter.peek(NAME, '192.0.2.1')).toEqual({
    isAllowed: true,
    remaining: 3,
    isFirst: true,
    retryAfterSeconds: 0,
  });
  for (let n = 0; n < 3; n += 1) await limiter.take(NAME, '192.0.2.1');
  advance(5);
  expect(await limiter.peek(NAME, '192.0.2.1')).toEqual({
    isAllowed: false,
    remaining: 0,
    isFirst: false,
    retryAfterSeconds: 55,
  });
  advance(55);
  expect(await limiter.peek(NAME, '192.0.2.1')).toMatchObject({ isAllowed: true, remaining: 3 });
});

test('F15: after the clock was set back by days nobody stays locked out', async () => {
  const { limiter } = await createParts();
  for (let n = 0; n < 4; n += 1) await limiter.take(NAME, '192.0.2.1');
  advance(-3 * 86_400);
  expect(await limiter.peek(NAME, '192.0.2.1')).toMatchObject({ remaining: 3 });
  expect(await limiter.take(NAME, '192.0.2.1')).toMatchObject({ isAllowed: true, remaining: 2 });
});

test('F15: a node whose clock is behind by less than a window does not begin the count anew', async () => {
  const { limiter } = await createParts();
  for (let n = 0; n < 3; n += 1) await limiter.take(NAME, '192.0.2.1');
  advance(-50);
  expect(await limiter.take(NAME, '192.0.2.1')).toMatchObject({ isAllowed: false, retryAfterSeconds: 110 });
});

test('the database holds no address and no e-mail address in clear', async () => {
  const { limiter, connection } = await createParts();
  await limiter.take('sign_in.account', 'ada@example.com');
  const rows = connection.prepare('SELECT * FROM rate_limits').all() as { key_hash: Buffer }[];
  expect(rows).toMatchObject([{ count: 1 }]);
  expect(rows[0]?.key_hash).toHaveLength(32);
  expect(connection.serialize().includes('ada')).toBe(false);
});

test('H07: windows that are over are swept in batches, those that run are kept', async () => {
  const { limiter, store } = await createParts();
  for (let n = 0; n < 5; n += 1) await limiter.take(NAME, `198.51.100.${n}`);
  advance(30);
  await limiter.take(NAME, '192.0.2.1');
  advance(30);
  expect([await store.sweep(3), await store.sweep(3), await store.sweep(3)]).toEqual([3, 2, 0]);
  expect(await limiter.peek(NAME, '192.0.2.1')).toMatchObject({ remaining: 2 });
});

test('fails closed: a store that cannot answer allows nothing', async () => {
  const counters: Counters = { dialect: 'sqlite', query: () => Promise.reject(new Error('disk I/O error')) };
  const limiter = createLimiter({ store: createRateLimitStore(counters), limits });
  for (const act of [limiter.take, limiter.check, limiter.peek, limiter.refund]) {
    await expect(act(NAME, '192.0.2.1')).rejects.toThrow('disk I/O error');
  }
});

test('PostgreSQL is sent numbered placeholders, one value for each, and makes its table by migration', async () => {
  const sent: { sql: string; bindings: unknown[] }[] = [];
  const counters: Counters = {
    dialect: 'postgres',
    async query(sql, bindings) {
      sent.push({ sql, bindings });
      return [{ count: 1, window_ends_at: '1772366460' }];
    },
  };
  const store = createRateLimitStore(counters);
  await store.ensureTable();
  expect(sent).toEqual([]);
  expect(await store.take(Buffer.alloc(32), limits[NAME])).toEqual({ count: 1, windowEndsAt: 1_772_366_460 });
  await store.sweep(10);
  for (const { sql, bindings } of sent) {
    expect(sql).not.toContain('?');
    expect(sql.match(/\$\d+/g)).toEqual(bindings.map((_, index) => `$${index + 1}`));
  }
});
