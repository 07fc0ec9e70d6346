// How often somebody may try to sign in.
import { expect, test } from 'vitest';
import { throttleEmail } from '../../server/accounts/email.ts';
import { Refusal } from '../../server/errors.ts';
import { createLimiter } from '../../server/rate-limits/limiter.ts';
import { createLimits } from '../../server/rate-limits/limits.ts';
import { createSignInThrottle, type SignInAttempt } from '../../server/rate-limits/sign-in-throttle.ts';
import { createRateLimitStore } from '../../server/rate-limits/store.ts';
import { openCounters } from './counters.ts';

const ada = { email: 'ada@example.com', address: '192.0.2.1' };

async function createThrottle() {
  const store = createRateLimitStore(openCounters().counters);
  await store.ensureTable();
  return createSignInThrottle({
    limiter: createLimiter({ store, limits: createLimits({}) }),
    emailKey: throttleEmail,
  });
}

type Throttle = Awaited<ReturnType<typeof createThrottle>>;

/** How many of these attempts, all at once, get as far as their password. */
async function countEvaluated(throttle: Throttle, attempts: SignInAttempt[]): Promise<number> {
  const results = await Promise.allSettled(attempts.map((attempt) => throttle.before(attempt)));
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'too_many_requests' });
  }
  return results.filter(({ status }) => status === 'fulfilled').length;
}

function times(count: number, attempt: (n: number) => SignInAttempt): SignInAttempt[] {
  return Array.from({ length: count }, (_, n) => attempt(n));
}

test('S06: of 200 parallel attempts at one account from one network, 10 are looked at', async () => {
  expect(
    await countEvaluated(
      await createThrottle(),
      times(200, () => ada),
    ),
  ).toBe(10);
});

test('S06: of 200 parallel attempts at 200 accounts from one network, 100 are looked at', async () => {
  const attempts = times(200, (n) => ({ ...ada, email: `person${n}@example.com` }));
  expect(await countEvaluated(await createThrottle(), attempts)).toBe(100);
});

test('S06: of 200 parallel attempts at one account from 200 networks, 50 are looked at', async () => {
  const attempts = times(200, (n) => ({ ...ada, address: `198.51.100.${n}` }));
  expect(await countEvaluated(await createThrottle(), attempts)).toBe(50);
});

test('S07: case, width, spaces, plus tags and the rest of an IPv6 address make no new attempt', async () => {
  const emails = [
    'ada@example.com',
    ' ADA@example.com',
    'ａｄａ@EXAMPLE.com',
    'Ada+one@example.com',
    'ada+two@example.com ',
  ];
  const attempts = times(50, (n) => ({
    email: emails[n % emails.length] ?? '',
    address: n % 2 === 0 ? `2001:db8:1:2::${n}` : `2001:0DB8:1:2:ffff::${n}`,
  }));
  expect(await countEvaluated(await createThrottle(), attempts)).toBe(10);
});

test('S07: nor do they when each attempt comes from a network of its own', async () => {
  const attempts = times(200, (n) => ({ email: `Ada+${n}@example.com`, address: `2001:db8:1:${n}::1` }));
  expect(await countEvaluated(await createThrottle(), attempts)).toBe(50);
});

test('S07: an IPv4 address is the same one when it comes mapped into IPv6', async () => {
  const attempts = times(50, (n) => ({ ...ada, address: n % 2 === 0 ? '192.0.2.1' : '::ffff:192.0.2.1' }));
  expect(await countEvaluated(await createThrottle(), attempts)).toBe(10);
});

test('S08: after 1000 wrong attempts from elsewhere the victim signs in from a device the account knows', async () => {
  const throttle = await createThrottle();
  await countEvaluated(
    throttle,
    times(1000, (n) => ({ ...ada, address: `198.51.${n % 4}.${n % 250}` })),
  );
  await expect(throttle.before({ ...ada, address: '203.0.113.9' })).rejects.toMatchObject({
    code: 'too_many_requests',
  });
  await throttle.before({ ...ada, address: '203.0.113.9', deviceId: 'laptop' });
});

test('S08: a network that is refused at an account cannot use it up for the others', async () => {
  const throttle = await createThrottle();
  await countEvaluated(
    throttle,
    times(200, () => ada),
  );
  expect(
    await countEvaluated(
      throttle,
      times(40, (n) => ({ ...ada, address: `198.51.100.${n}` })),
    ),
  ).toBe(40);
});

test('S08: a known device has a limit of its own, and another device and another account have theirs', async () => {
  const throttle = await createThrottle();
  expect(
    await countEvaluated(
      throttle,
      times(30, () => ({ ...ada, deviceId: 'laptop' })),
    ),
  ).toBe(10);
  await throttle.before({ ...ada, deviceId: 'telephone' });
  await throttle.before({ ...ada, email: 'grace@example.com', deviceId: 'laptop' });
  await throttle.before(ada);
});

test.each([
  ['a known device', 'laptop'],
  ['a device that is not known', undefined],
])(
  'only failures count: 200 sign-ins from %s are not limited, and do not forgive wrong ones',
  async (_what, deviceId) => {
    const throttle = await createThrottle();
    const attempt = { ...ada, deviceId };
    for (let n = 0; n < 9; n += 1) await throttle.before(attempt);
    for (let n = 0; n < 200; n += 1) {
      await throttle.before(attempt);
      await throttle.success(attempt);
    }
    await throttle.before(attempt);
    await expect(throttle.before(attempt)).rejects.toMatchObject({ code: 'too_many_requests' });
  },
);

test('S05: whichever limit refuses, the public words are the same', async () => {
  const throttle = await createThrottle();
  const wordsOf = async (attempt: SignInAttempt): Promise<string> => {
    for (let n = 0; n < 1000; n += 1) {
      const refusal = await throttle.before(attempt).catch((error: unknown) => error);
      if (refusal instanceof Refusal) return `${refusal.status} ${refusal.words}`;
    }
    return 'never refused';
  };
  const answers = [await wordsOf(ada), await wordsOf({ ...ada, deviceId: 'laptop' })];
  await countEvaluated(
    throttle,
    times(200, (n) => ({ ...ada, email: `person${n}@example.com` })),
  );
  answers.push(await wordsOf({ ...ada, email: 'grace@example.com' }));
  expect(new Set(answers)).toEqual(new Set(['429 Too many attempts. Wait a little and try again.']));
});

test('S16: a text that is no e-mail address is refused and counts nothing', async () => {
  const throttle = await createThrottle();
  await expect(throttle.before({ ...ada, email: 'ada＠example.com' })).rejects.toMatchObject({
    param: 'email',
  });
});
