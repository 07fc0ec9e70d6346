// Limits with a cool-down: so many as they come, then one at a time with a pause after each (row D08).
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLimiter } from '../../server/rate-limits/limiter.ts';
import { createLimits } from '../../server/rate-limits/limits.ts';
import { createRateLimitStore } from '../../server/rate-limits/store.ts';
import { randomSecret } from '../../server/secrets.ts';
import { openCounters } from './counters.ts';

const NAME = 'device_code.person';
const ADA = 'acct_ada';
const limits = createLimits({ [NAME]: { max: 3, window_seconds: 600, cool_down_seconds: 60 } });

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00Z') }));
afterEach(() => vi.useRealTimers());

async function createParts(path?: string) {
  const { counters, connection } = openCounters(path);
  const store = createRateLimitStore(counters);
  await store.ensureTable();
  return { connection, ...createLimiter({ store, limits }) };
}

function advance(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

test('after the last of the limit nothing is allowed for the cool-down, and then one, with another cool-down', async () => {
  const { take, peek } = await createParts();
  for (const remaining of [2, 1, 0])
    expect(await take(NAME, ADA)).toMatchObject({ isAllowed: true, remaining });
  expect(await take(NAME, ADA)).toMatchObject({ isAllowed: false, retryAfterSeconds: 60 });
  expect(await peek(NAME, ADA)).toMatchObject({ isAllowed: false, retryAfterSeconds: 60 });
  advance(59);
  expect(await take(NAME, ADA)).toMatchObject({ isAllowed: false, retryAfterSeconds: 1 });
  for (let minute = 0; minute < 3; minute += 1) {
    advance(60);
    expect(await peek(NAME, ADA)).toMatchObject({ isAllowed: true, remaining: 1 });
    expect(await take(NAME, ADA)).toMatchObject({ isAllowed: true, remaining: 0 });
    expect(await take(NAME, ADA)).toMatchObject({ isAllowed: false, retryAfterSeconds: 60 });
  }
});

test('the window ends, and with it what was counted; a pause that it began is waited out', async () => {
  const { take } = await createParts();
  await take(NAME, ADA);
  advance(590);
  for (let n = 0; n < 2; n += 1) await take(NAME, ADA);
  advance(20);
  expect(await take(NAME, ADA)).toMatchObject({ isAllowed: false, retryAfterSeconds: 40 });
  advance(40);
  expect(await take(NAME, ADA)).toMatchObject({ isAllowed: true, remaining: 2, isFirst: true });
});

test('a success takes back the pause that it began, and nothing that others did wrong', async () => {
  const { take, refund } = await createParts();
  for (let n = 0; n < 3; n += 1) await take(NAME, ADA);
  advance(60);
  for (let n = 0; n < 5; n += 1) {
    expect(await take(NAME, ADA)).toMatchObject({ isAllowed: true, remaining: 0 });
    await refund(NAME, ADA);
  }
  await take(NAME, ADA);
  expect(await take(NAME, ADA)).toMatchObject({ isAllowed: false });
});

test('the first of a window is told apart, in parallel too', async () => {
  const { take, refund } = await createParts();
  const verdicts = await Promise.all(Array.from({ length: 10 }, () => take(NAME, ADA)));
  expect(verdicts.filter(({ isFirst }) => isFirst)).toHaveLength(1);
  await take(NAME, 'acct_grace');
  await refund(NAME, 'acct_grace');
  expect(await take(NAME, 'acct_grace')).toMatchObject({ isFirst: true });
  expect(await take(NAME, 'acct_grace')).toMatchObject({ isFirst: false });
});

test('D08: of 200 parallel takes through two connections exactly the limit is allowed', async () => {
  const path = join(tmpdir(), `limits-${randomSecret(8)}.sqlite`);
  const [one, other] = [await createParts(path), await createParts(path)];
  const verdicts = await Promise.all(
    Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? one : other).take(NAME, ADA)),
  );
  expect(verdicts.filter(({ isAllowed }) => isAllowed)).toHaveLength(3);
  for (const { connection } of [one, other]) connection.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
});

test('checkAll counts under every limit, or under none where one of them refuses', async () => {
  const { checkAll, take, peek } = await createParts();
  for (let n = 0; n < 3; n += 1) await take(NAME, ADA);
  const refused = checkAll([
    ['device_code.address', '192.0.2.1'],
    [NAME, ADA],
    ['device_code.issue', 'tv'],
  ]);
  await expect(refused).rejects.toMatchObject({ code: 'too_many_requests', retryAfterSeconds: 60 });
  expect(await peek('device_code.address', '192.0.2.1')).toMatchObject({ remaining: 20 });
  expect(await peek('device_code.issue', 'tv')).toMatchObject({ remaining: 10 });
});

test('an override keeps the cool-down that it does not name, and any limit may be given one', () => {
  const changed = createLimits({
    'device_code.address': { max: 7, window_seconds: 300 },
    'sign_up.address': { max: 7, window_seconds: 300, cool_down_seconds: 5 },
  });
  expect(changed['device_code.address']).toMatchObject({ max: 7, windowSeconds: 300, coolDownSeconds: 60 });
  expect(changed['sign_up.address']).toMatchObject({ coolDownSeconds: 5 });
  expect(changed['sign_in.address']).not.toHaveProperty('coolDownSeconds');
});
