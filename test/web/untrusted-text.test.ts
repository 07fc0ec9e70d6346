// What strangers wrote, as our pages may show it.
import { describe, expect, test } from 'vitest';
import { plain, plainHost, plainUrl } from '../../server/web/untrusted-text.ts';

describe('untrusted text', () => {
  test('A26: control, direction and invisible characters vanish, emoji families and accents stay', () => {
    expect(plain('a\u0000b\u202ec\u2067d\u200be\ufefff\u{e0041}g\u00adh\ud800i')).toBe('abcdefghi');
    expect(plain(' Zoë\r\n\t👩‍👩‍👧 ❤️ می‌خواهم ')).toBe('Zoë 👩‍👩‍👧 ❤️ می‌خواهم');
    expect(plain(`Z${'\u0301'.repeat(50)}`)).toBe(`Z${'\u0301'.repeat(4)}`);
  });

  test('A26: 80 characters stay whole, 81 are cut with a mark, none of them in half', () => {
    expect(plain('😀'.repeat(80))).toBe('😀'.repeat(80));
    expect(plain('😀'.repeat(81))).toBe(`${'😀'.repeat(79)}…`);
    expect(plainHost(`${'a'.repeat(90)}.example`)).toBe(`…${'a'.repeat(71)}.example`);
  });

  test.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'JaVa\tScRiPt:alert(1)',
    'data:text/html,x',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'https:evil.example',
    'evil.example',
  ])('A28 C09: %j is no address to link to', (address) => {
    expect(plainUrl(address)).toBe('#');
  });

  test.each([
    '/',
    '/interaction/abc?x=1&y=2',
    'http://localhost:3000/logout/confirm',
    'https://help.example.com/',
  ])('%s is one', (address) => {
    expect(plainUrl(address)).toBe(address);
  });
});
