// Randomness, hashes, seals and comparisons: the few functions that everything secret goes through. Pure.
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  deriveKey,
  hmacSha256,
  isSameSecret,
  randomBelow,
  randomKey,
  randomSecret,
  seal,
  sha256,
  sha256Hex,
  unseal,
} from '../server/secrets.ts';

const KEY = Buffer.alloc(32, 1);

describe('randomness', () => {
  test('a secret has 256 bits unless told, in letters that stand in a URL', () => {
    expect(randomSecret()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(randomSecret(6), 'base64url')).toHaveLength(6);
    expect(randomKey()).toHaveLength(32);
  });

  test('no two are the same', () => {
    expect(new Set(Array.from({ length: 1000 }, () => randomSecret())).size).toBe(1000);
    expect(randomKey().equals(randomKey())).toBe(false);
  });

  test('a number below a limit is below it, and every one comes', () => {
    const numbers = Array.from({ length: 1000 }, () => randomBelow(4));
    expect(new Set(numbers)).toEqual(new Set([0, 1, 2, 3]));
  });
});

describe('hashes', () => {
  test('are SHA-256 and HMAC-SHA-256 of the text in UTF-8', () => {
    const text = 'brass wheels — naïve 🧵';
    expect(sha256(text)).toEqual(createHash('sha256').update(text, 'utf8').digest());
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hmacSha256(KEY, text)).toEqual(createHmac('sha256', KEY).update(text).digest());
  });

  test('keys for two purposes, or from two roots, are unrelated', () => {
    const keys = [deriveKey(KEY, 'one'), deriveKey(KEY, 'two'), deriveKey(Buffer.alloc(32, 2), 'one')];
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(3);
    expect(deriveKey(KEY, 'one')).toEqual(keys[0]);
    expect(keys[0]).toHaveLength(32);
  });
});

describe('comparing secrets', () => {
  test.each([
    ['', '', true],
    ['a', 'a', true],
    ['a', 'b', false],
    ['a', 'a ', false],
    ['', 'a', false],
    ['x'.repeat(1000), 'x'.repeat(999), false],
    ['é', 'e\u0301', false],
  ])('%j and %j: %s', (left, right, isSame) => {
    expect(isSameSecret(left, right)).toBe(isSame);
    expect(isSameSecret(Buffer.from(left), right)).toBe(isSame);
  });
});

describe('a seal', () => {
  test('opens with the key and the purpose that closed it', () => {
    for (const text of ['', 'a code', '🧵'.repeat(1000)]) {
      expect(unseal(KEY, seal(KEY, text, 'cookies'), 'cookies')).toBe(text);
    }
  });

  test('is never the same twice, and shows nothing of what is in it', () => {
    const sealed = [seal(KEY, 'brass wheels', 'cookies'), seal(KEY, 'brass wheels', 'cookies')];
    expect(sealed[0]?.equals(sealed[1] ?? Buffer.alloc(0))).toBe(false);
    for (const bytes of sealed) expect(bytes.includes('brass')).toBe(false);
  });

  test('does not open with another key, for another purpose, or with one bit changed, cut or added', () => {
    const sealed = seal(KEY, 'brass wheels', 'cookies');
    expect(() => unseal(Buffer.alloc(32, 2), sealed, 'cookies')).toThrow();
    expect(() => unseal(KEY, sealed, 'csrf')).toThrow();
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => unseal(KEY, changed, 'cookies'), `byte ${at}`).toThrow();
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => unseal(KEY, sealed.subarray(0, length), 'cookies'), `${length} bytes`).toThrow();
    }
    expect(() => unseal(KEY, Buffer.concat([sealed, Buffer.alloc(1)]), 'cookies')).toThrow();
  });
});
