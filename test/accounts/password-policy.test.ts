// Which passwords may be chosen.
import { expect, test } from 'vitest';
import { createPasswordPolicy } from '../../server/accounts/password-policy.ts';
import { Refusal } from '../../server/errors.ts';

const ada = { email: 'ada.byron@engines.example', name: 'Ada Lovelace' };
const policy = createPasswordPolicy({ minLength: 12, blockedWords: ['Kairos', 'Analytical Society'] });

function wordsFor(password: string): string {
  try {
    policy.check(password, ada);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'invalid_request' && error.param === 'password')
      return error.words;
    throw error;
  }
  return 'accepted';
}

test('S01: the minimum is counted in characters, whatever their bytes', () => {
  expect(wordsFor('elevenchars')).toBe('The password needs at least 12 characters.');
  expect(wordsFor('🐴🔋📎✅🌊🔥🧭🪁🎻🗿🧊')).toBe('The password needs at least 12 characters.');
  expect(wordsFor('🐴🔋📎✅🌊🔥🧭🪁🎻🗿🧊🪵')).toBe('accepted');
  // Eleven characters and a loose accent, which belongs to the eleventh.
  expect(wordsFor('elevenchare\u0301')).toBe('The password needs at least 12 characters.');
});

test('S01: a policy below 8 characters cannot be made', () => {
  expect(() => createPasswordPolicy({ minLength: 7, blockedWords: [] })).toThrow('at least 8');
  expect(() => createPasswordPolicy({ minLength: 8, blockedWords: [] })).not.toThrow();
});

test('S01 S02: 1024 bytes are accepted, one more is refused', () => {
  expect(wordsFor(`${'moth in the relay '.repeat(56)}and a half one.`)).toBe('accepted');
  expect(wordsFor(`${'é'.repeat(511)}xy`)).toBe('accepted');
  expect(wordsFor(`${'é'.repeat(511)}xyz`)).toBe('The password is too long.');
});

test.each([
  'mole hills under snow',
  'nur kleine buchstaben',
  'всё по-русски, даже это',
  '日本語のパスワードでも大丈夫です',
  '847362918471',
  'x7!kQ2#pLz9&',
  'line\nfeed and \0 inside',
])('S01 S03: no kind of character is demanded and none forbidden: %j', (password) => {
  expect(wordsFor(password)).toBe('accepted');
});

test.each([
  'correcthorsebatterystaple',
  'Correct Horse Battery Staple',
  'administrator',
  'Password123!',
  'PASSWORD1234',
  'P@ssw0rd2024!',
  '!!!!Dragon!!!!',
  '1999 Dragons 1999',
  '2024Dragon!!',
  '123456789012',
  'qwertyuiop12',
  'pass-word-1234',
  'passwordpassword',
  'trustno1trustno1',
  'ｐａｓｓｗｏｒｄ１２３４',
])('S04: a common password is refused in any case, width and with simple additions: %j', (password) => {
  expect(wordsFor(password)).toBe('The password is a common one, or a common one with a few signs added.');
});

test('S04: a common word may be a part of a longer password', () => {
  expect(wordsFor('a dragon under the stairs')).toBe('accepted');
  expect(wordsFor('dragon 1843-10-05 12:41')).toBe('accepted');
});

test.each([
  'Lovelace1815!',
  'ada.lovelace.1815',
  'byron-byron-99',
  'ada.byron@engines.example',
  'Engines2024!',
  'KAIROS-kairos-1',
  'analyticalsociety',
  'Latchkey2024!',
])(
  'S04: the name, the e-mail address and the names of the service are refused as the main part: %j',
  (password) => {
    expect(wordsFor(password)).toBe(
      'The password is mostly your name, your e-mail address or a name of this service.',
    );
  },
);

test('S04: a word of the context may be a small part of a longer password', () => {
  expect(wordsFor('Lovelace wrote seven long notes')).toBe('accepted');
});

test.each(['aaaaaaaaaaaaaaaa', 'abababababab', 'xyzxyzxyzxyz'])(
  'S04: a password that only repeats a few characters is refused: %j',
  (password) => {
    expect(wordsFor(password)).toBe('The password only repeats itself.');
  },
);

test('S02: a text that has no bytes of its own is refused, since two of them would be hashed as one', () => {
  expect(wordsFor('half of a pair \ud83d')).toBe('The password has characters that cannot be stored.');
});

test('S04: a person without a name is asked for nothing else', () => {
  expect(() => policy.check('mole hills under snow', { email: 'grace@navy.example' })).not.toThrow();
});
