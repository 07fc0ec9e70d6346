// E-mail addresses: one spelling for one mailbox.
import { expect, test } from 'vitest';
import { normalizeEmail, throttleEmail } from '../../server/accounts/email.ts';

test.each([
  [' Ada@Example.COM ', 'ada@example.com'],
  ['ＡＤＡ@example.com', 'ada@example.com'],
  ['ada+notes@example.com', 'ada+notes@example.com'],
  ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
  ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
  ['cafe\u0301@example.com', 'caf\u00e9@example.com'],
  ["o'neil_%x@example.com", "o'neil_%x@example.com"],
  ['ada@localhost', 'ada@localhost'],
])('S07: %j is kept as %j, and that as itself', (typed, kept) => {
  expect(normalizeEmail(typed)).toBe(kept);
  expect(normalizeEmail(kept)).toBe(kept);
});

test('S07: a letter that has an accented form in lower case only still has one spelling', () => {
  expect(normalizeEmail('J\u030can@example.com')).toBe('\u01f0an@example.com');
});

test.each([
  ['nothing', ''],
  ['no @', 'ada'],
  ['no local part', '@example.com'],
  ['no domain', 'ada@'],
  ['two @', 'ada@evil.example@example.com'],
  ['a quoted @', '"ada@evil.example"@example.com'],
  ['a full-width @ alone', 'ada＠example.com'],
  ['a full-width @ before a real one', 'ada＠evil.example@example.com'],
  ['a full-width @ after a real one', 'ada@evil.example＠example.com'],
  ['a small @ before a real one', 'ada﹫evil.example@example.com'],
  ['a line break', 'ada@example.com\r\nBcc: eve@evil.example'],
  ['a NUL', 'ada\0@example.com'],
  ['a zero-width space', 'a\u200bda@example.com'],
  ['a direction mark', 'ada\u202e@example.com'],
  ['a list', 'ada@example.com,eve@evil.example'],
  ['a list in the local part', 'ada,eve@example.com'],
  ['a name and brackets', 'Ada <ada@example.com>'],
  ['a space inside', 'a da@example.com'],
  ['a dot at the end of the local part', 'ada.@example.com'],
  ['two dots', 'a..da@example.com'],
  ['an empty label', 'ada@example..com'],
  ['a path after the domain', 'ada@example.com/x'],
  ['a percent code in the domain', 'ada@%65xample.com'],
  ['a full-width slash in the domain', 'ada@example.com／x'],
  ['an address instead of a domain', 'ada@127.0.0.1'],
  ['an address in disguise', 'ada@0x7f.1'],
])('S16: refused after normalization: %s', (_what, email) => {
  expect(() => normalizeEmail(email)).toThrow(
    expect.objectContaining({ code: 'invalid_request', param: 'email' }),
  );
});

test('RFC 5321 section 4.5.3.1.3: 254 bytes are kept, one more is refused, also when normalization made them', () => {
  const domain = `@${'d'.repeat(60)}.example`;
  const longest = 'a'.repeat(254 - domain.length) + domain;
  expect(normalizeEmail(longest)).toBe(longest);
  expect(() => normalizeEmail(`a${longest}`)).toThrow('invalid_request');
  // One character that normalization turns into eighteen.
  expect(() => normalizeEmail(`${'ﷺ'.repeat(20)}@example.com`)).toThrow('invalid_request');
});

test.each([
  ['Ada+Notes@Example.com', 'ada@example.com'],
  ['ada+a+b@example.com', 'ada@example.com'],
  ['ada＋x@example.com', 'ada@example.com'],
  ['ada@example.com', 'ada@example.com'],
  ['+ada@example.com', '+ada@example.com'],
])('S07: %j is counted as %j', (typed, key) => {
  expect(throttleEmail(typed)).toBe(key);
});
