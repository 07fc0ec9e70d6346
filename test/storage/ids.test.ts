// Time-ordered ids and the texts of tokens: what they tell, what they do not, and what is none of ours. Pure.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { firstIdAt, formatId, nextId, parseId } from '../../server/storage/ids.ts';
import {
  createAccessTokenText,
  createCodeText,
  createRefreshTokenText,
  deriveSuccessor,
  parseAccessToken,
  parseRefreshToken,
} from '../../server/storage/token-format.ts';

const KEY = Buffer.alloc(32, 1);
const PER_SECOND = 1000 * 4096;

beforeEach(() => {
  const at = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(at);
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an id', () => {
  test('is greater than every one before it, however many a millisecond has', () => {
    let last = nextId();
    for (let n = 0; n < 10_000; n += 1) {
      const id = nextId();
      expect(id).toBeGreaterThan(last);
      last = id;
    }
  });

  test('ascends also when the clock is set back, or stands before the year we count from', () => {
    const before = nextId();
    vi.setSystemTime(Date.now() - 86_400_000);
    expect(nextId()).toBeGreaterThan(before);
    vi.setSystemTime(Date.UTC(2001, 0, 1));
    expect(nextId()).toBeGreaterThan(before);
  });

  test('tells when it was made: it lies between the first ids of its second and of the next', () => {
    vi.setSystemTime(Math.ceil(Date.now() / 1000 + 10) * 1000);
    const now = Date.now() / 1000;
    for (let n = 0; n < 1000; n += 1) {
      const id = nextId();
      expect(id).toBeGreaterThanOrEqual(firstIdAt(now));
      expect(id).toBeLessThan(firstIdAt(now + 1));
    }
    expect(firstIdAt(now + 1) - firstIdAt(now)).toBe(PER_SECOND);
    expect(firstIdAt(0)).toBe(0);
  });

  test('starts at random within its millisecond, so that two processes seldom make the same', () => {
    const starts = Array.from({ length: 50 }, () => {
      vi.setSystemTime(Date.now() + 1000);
      return nextId() % 4096;
    });
    expect(new Set(starts).size).toBeGreaterThan(30);
  });

  test('is a safe integer until the year 2095', () => {
    expect(firstIdAt(Date.UTC(2095, 0, 1) / 1000)).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });

  test('keeps its order as text of fixed width, and is read back', () => {
    const ids = [0, 1, 35, 36, nextId(), Number.MAX_SAFE_INTEGER];
    const texts = ids.map(formatId);
    expect(texts.toSorted()).toEqual(texts);
    expect(new Set(texts.map((text) => text.length))).toEqual(new Set([11]));
    expect(texts.map(parseId)).toEqual(ids);
  });

  test.each([
    '',
    '0',
    '0000000000',
    '000000000000',
    '0000000000A',
    '0000000000-',
    ' 0000000000',
    '0000000000\n',
    'zzzzzzzzzzz',
    '٠٠٠٠٠٠٠٠٠٠٠',
  ])('is not read from %j', (text) => {
    expect(parseId(text)).toBeUndefined();
  });
});

describe('a token', () => {
  test('of access tells its kind and its row, and holds 256 bits of secret', () => {
    const text = createAccessTokenText();
    expect(text).toMatch(/^lka_[0-9a-z]{11}[A-Za-z0-9_-]{43}$/);
    expect(parseAccessToken(text)?.id).toBe(parseId(text.slice(4, 15)));
    expect(Buffer.from(text.slice(15), 'base64url')).toHaveLength(32);
  });

  test('of refresh tells its family and its place in it', () => {
    const text = createRefreshTokenText();
    expect(parseRefreshToken(text)).toMatchObject({ family: parseId(text.slice(4, 15)), generation: 0 });
    expect(Buffer.from(text.slice(20), 'base64url')).toHaveLength(32);
  });

  test('never repeats its secret, and has no dot: nobody takes it for a JWT', () => {
    const make = [createAccessTokenText, createRefreshTokenText, () => createCodeText('lkc_')];
    for (const create of make) {
      const texts = Array.from({ length: 1000 }, create);
      expect(new Set(texts.map((text) => text.slice(-43))).size).toBe(1000);
      expect(texts.join('')).not.toContain('.');
    }
  });

  test('is hashed whole: one other letter anywhere is another hash', () => {
    const text = createAccessTokenText();
    const hash = parseAccessToken(text)?.secretHash.toString('hex');
    const flip = (at: number) => `${text.slice(0, at)}${text[at] === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`;
    const others = [6, 14, 15, 30, 57].map((at) => parseAccessToken(flip(at))?.secretHash.toString('hex'));
    expect(new Set([hash, ...others]).size).toBe(6);
    expect(others).not.toContain(undefined);
  });

  const access = createAccessTokenText();
  const refresh = createRefreshTokenText();
  test.each([
    ['', 'nothing'],
    ['lka_', 'a prefix'],
    [access.slice(0, -1), 'one letter less'],
    [`${access}A`, 'one letter more'],
    [` ${access}`, 'a space before'],
    [`${access}\n`, 'a line break after'],
    [access.toUpperCase(), 'capitals'],
    [access.replace('lka_', 'LKA_'), 'another prefix'],
    [access.replace('lka_', 'lkr_'), 'the prefix of the other kind'],
    [refresh.replace('lkr_', 'lka_'), 'the prefix of the other kind'],
    [`lka_zzzzzzzzzzz${access.slice(15)}`, 'an id that is no safe integer'],
    [`lkr_zzzzzzzzzzz${refresh.slice(15)}`, 'a family that is no safe integer'],
    [`${access.slice(0, -1)}.`, 'a dot'],
    [`${access.slice(0, -1)}=`, 'padding'],
    [`${access.slice(0, -1)}ä`, 'a letter of another alphabet'],
    ['eyJhbGciOiJub25lIn0.e30.', 'a JWT'],
    [`${'x'.repeat(1_000_000)}`, 'a million letters'],
  ])('is not read from %j', (text, what) => {
    expect(parseAccessToken(text), what).toBeUndefined();
    expect(parseRefreshToken(text), what).toBeUndefined();
  });

  test('of one kind is never one of the other', () => {
    expect(parseRefreshToken(access)).toBeUndefined();
    expect(parseAccessToken(refresh)).toBeUndefined();
  });
});

describe('the successor of a refresh token', () => {
  test('is the same for whoever holds the key, and another for another token or key', () => {
    const text = createRefreshTokenText();
    const successor = deriveSuccessor(text, KEY);
    expect(deriveSuccessor(text, Buffer.from(KEY))).toBe(successor);
    expect(deriveSuccessor(text, Buffer.alloc(32, 2))).not.toBe(successor);
    expect(deriveSuccessor(createRefreshTokenText(), KEY)).not.toBe(successor);
  });

  test('stands next in the family, and is a token as good as the first', () => {
    let text = createRefreshTokenText();
    const { family } = parseRefreshToken(text) ?? {};
    const seen = new Set([text.slice(-43)]);
    for (let generation = 1; generation <= 100; generation += 1) {
      text = deriveSuccessor(text, KEY);
      expect(parseRefreshToken(text)).toMatchObject({ family, generation });
      seen.add(text.slice(-43));
    }
    expect(seen.size).toBe(101);
  });

  test('is derived from a refresh token of ours only', () => {
    for (const text of ['', createAccessTokenText(), 'lkr_'])
      expect(() => deriveSuccessor(text, KEY)).toThrow('not a refresh token of ours');
  });
});
