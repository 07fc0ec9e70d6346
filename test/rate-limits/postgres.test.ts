// The same counters on PostgreSQL, where takes run truly side by side.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLimiter } from '../../server/rate-limits/limiter.ts';
import { createLimits } from '../../server/rate-limits/limits.ts';
import { createRateLimitStore } from '../../server/rate-limits/store.ts';
import { migrate } from '../../server/storage/migrate.ts';
import { createTestDatabase } from '../support/postgres.ts';

const NAME = 'sign_in.account_address';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  pool = new pg.Pool({ connectionString: database.url, max: 10 });
  // The database is dropped while its backends are still saying goodbye.
  pool.on('error', () => undefined);
});

afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

function createParts() {
  const store = createRateLimitStore({
    dialect: 'postgres',
    query: async (sql, bindings) => (await pool.query<Record<string, unknown>>(sql, bindings)).rows,
  });
  return { store, limiter: createLimiter({ store, limits: createLimits({}) }) };
}

test('S06: of 200 parallel takes through ten connections exactly the limit is allowed', async () => {
  const { limiter } = createParts();
  const verdicts = await Promise.all(Array.from({ length: 200 }, () => limiter.take(NAME, 'ada')));
  const allowed = verdicts.filter(({ isAllowed }) => isAllowed).map(({ remaining }) => remaining);
  expect(allowed.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const { isAllowed, retryAfterSeconds } of verdicts) expect(retryAfterSeconds > 0).toBe(!isAllowed);
});

test('D08: of 200 parallel takes of a limit with a cool-down exactly the limit is allowed, and one refund makes room for one', async () => {
  const { limiter } = createParts();
  const name = 'device_code.person';
  const takeMany = async () => {
    const verdicts = await Promise.all(Array.from({ length: 200 }, () => limiter.take(name, 'ada')));
    return verdicts.filter(({ isAllowed }) => isAllowed).length;
  };
  expect(await takeMany()).toBe(5);
  await limiter.refund(name, 'ada');
  expect(await takeMany()).toBe(1);
});

test('a refund, a look and a sweep do on PostgreSQL what they do on SQLite', async () => {
  const { limiter, store } = createParts();
  await pool.query('DELETE FROM rate_limits');
  for (let n = 0; n < 12; n += 1) await limiter.take(NAME, 'grace');
  await limiter.refund(NAME, 'grace');
  expect(await limiter.peek(NAME, 'grace')).toMatchObject({ isAllowed: true, remaining: 1 });
  await pool.query('UPDATE rate_limits SET window_ends_at = 1');
  expect(await limiter.peek(NAME, 'grace')).toMatchObject({ remaining: 10 });
  expect(await limiter.take(NAME, 'grace')).toMatchObject({ isAllowed: true, remaining: 9 });
  await limiter.take(NAME, 'ada');
  await pool.query('UPDATE rate_limits SET window_ends_at = 1');
  expect([await store.sweep(1), await store.sweep(1), await store.sweep(1)]).toEqual([1, 1, 0]);
});
