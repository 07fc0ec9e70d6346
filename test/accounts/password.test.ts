// Password hashing: nothing lost of what was typed, nothing told about who exists, and never more than two at a time.
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPasswordHasher } from '../../server/accounts/password.ts';

const argon2Calls = vi.hoisted(() => ({ inFlight: 0, most: 0, parameters: [] as Record<string, unknown>[] }));

// The real argon2, counted.
vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof import('node:crypto')>();
  const argon2: typeof crypto.argon2 = (algorithm, parameters, callback) => {
    argon2Calls.parameters.push({ algorithm, ...parameters });
    argon2Calls.inFlight += 1;
    argon2Calls.most = Math.max(argon2Calls.most, argon2Calls.inFlight);
    crypto.argon2(algorithm, parameters, (error, derived) => {
      argon2Calls.inFlight -= 1;
      callback(error, derived);
    });
  };
  return { ...crypto, argon2 };
});

beforeEach(() => Object.assign(argon2Calls, { inFlight: 0, most: 0, parameters: [] }));
afterEach(() => vi.useRealTimers());

const hasher = createPasswordHasher();

test('OWASP, PHC: a hash is argon2id with 19 MiB, 2 passes, 1 lane, 16 bytes of salt and 32 of tag', async () => {
  const stored = await hasher.hash('Ada counts on engines');
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(argon2Calls.parameters).toMatchObject([
    { algorithm: 'argon2id', memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 },
  ]);
  expect(await hasher.hash('Ada counts on engines')).not.toBe(stored);
});

test('a password verifies against its own hash and against no other', async () => {
  const stored = await hasher.hash('Ada counts on engines');
  expect(await hasher.verify('Ada counts on engines', stored)).toEqual({ isRight: true, needsRehash: false });
  expect(await hasher.verify('ada counts on engines', stored)).toEqual({
    isRight: false,
    needsRehash: false,
  });
});

test('PHC: a hash made elsewhere, with parameters of its own, verifies and is to be made again', async () => {
  // From the reference implementation: echo -n password | argon2 somesalt -id -t 2 -k 256 -p 1 -l 32
  const foreign = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
  expect(await hasher.verify('password', foreign)).toEqual({ isRight: true, needsRehash: true });
  expect(await hasher.verify('passwort', foreign)).toEqual({ isRight: false, needsRehash: false });
});

test.each([
  '',
  'plain text',
  '$2b$12$abcdefghijklmnopqrstuv',
  '$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR',
])('a damaged or foreign hash is a fault, not a wrong password: %j', async (stored) => {
  await expect(hasher.verify('password', stored)).rejects.toThrow('not an argon2id PHC string');
  expect(argon2Calls.parameters).toEqual([]);
});

test.each([
  ['at character 73', 'x'.repeat(72), 'y'.repeat(127)],
  ['at character 129', 'x'.repeat(128), 'y'.repeat(71)],
  ['after a NUL', `x\0`, 'y'.repeat(197)],
])('S02: two passwords that differ %s are two passwords', async (_where, before, after) => {
  const stored = await hasher.hash(`${before}a${after}`);
  expect((await hasher.verify(`${before}b${after}`, stored)).isRight).toBe(false);
  expect((await hasher.verify(`${before}a${after}`, stored)).isRight).toBe(true);
});

test('RFC 8265 section 4.2: an accent is the same however the keyboard composes it, and nothing else is made equal', async () => {
  const stored = await hasher.hash('caf\u00e9 \u2460');
  expect((await hasher.verify('cafe\u0301 \u2460', stored)).isRight).toBe(true);
  expect((await hasher.verify('caf\u00e9 1', stored)).isRight).toBe(false);
});

test('S05: an unknown person costs the same work as a known one, and no password is right', async () => {
  const stored = await hasher.hash('Grace finds the moth');
  argon2Calls.parameters = [];
  await hasher.verify('Grace finds the bug', stored);
  expect(await hasher.verify('Grace finds the bug', undefined)).toEqual({
    isRight: false,
    needsRehash: false,
  });
  const [known, unknown] = argon2Calls.parameters.map(({ nonce, ...cost }) => ({
    ...cost,
    saltBytes: (nonce as Buffer).length,
  }));
  expect(unknown).toEqual(known);
});

test('S01: 1024 bytes are hashed whole; one more is refused before any hashing', async () => {
  const longest = 'é'.repeat(512);
  const stored = await hasher.hash(longest);
  expect((await hasher.verify(longest, stored)).isRight).toBe(true);
  argon2Calls.parameters = [];
  const refusal = { code: 'invalid_request', param: 'password' };
  await expect(hasher.hash(`${longest}x`)).rejects.toMatchObject(refusal);
  await expect(hasher.verify(`${longest}x`, stored)).rejects.toMatchObject(refusal);
  await expect(hasher.verify(`${longest}x`, undefined)).rejects.toMatchObject(refusal);
  expect(argon2Calls.parameters).toEqual([]);
});

/** Nobody gives up waiting, however slow the machine is: who is looked at is then for the bounds alone to say. */
function stopImpatience(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
}

test('H11: of 20 verifications at most two are in the thread pool, so a file is read before they are done', async () => {
  stopImpatience();
  const done: string[] = [];
  const flood = Array.from({ length: 20 }, () =>
    hasher.verify('a guess at it', undefined).then(() => done.push('guess')),
  );
  const read = readFile(new URL(import.meta.url)).then(() => done.push('file'));
  await Promise.all([...flood, read]);
  expect(argon2Calls.most).toBe(2);
  expect(argon2Calls.parameters).toHaveLength(20);
  expect(done.indexOf('file')).toBeLessThan(19);
});

test('F26: of 100 parallel guesses, 22 are looked at and the others are told to come back', async () => {
  stopImpatience();
  const flood = Array.from({ length: 100 }, () => hasher.verify('a guess at it', undefined));
  const answers = await Promise.allSettled(flood);
  const refused = answers.filter((answer) => answer.status === 'rejected');
  expect(refused).toHaveLength(78);
  for (const { reason } of refused) expect(reason).toMatchObject({ status: 503, retryAfterSeconds: 2 });
  expect(argon2Calls.parameters).toHaveLength(22);
});
