// Words in the reader's language (OpenID Connect Core section 3.1.2.1, RFC 9110 section 12.5.4).
import { expect, test, vi } from 'vitest';
import { createWords } from '../../server/web/words.ts';

const words = createWords(
  new Map([
    [
      'de',
      {
        'Sign in': 'Anmelden',
        '{count, plural, one {# device} other {# devices}} of {who}':
          '{count, plural, one {# Gerät} other {# Geräte}} von {who}',
        'just now': 'gerade eben',
      },
    ],
  ]),
);

test('the first language that we speak is taken, whatever its region, and English where there is none', () => {
  expect(words.choose(['fr', 'de-AT', 'en']).locale).toBe('de');
  expect(words.choose(['fr-CA', 'EN-us', 'de']).locale).toBe('en');
  expect(words.choose(['tlh', '', '*', '__proto__', 'constructor']).locale).toBe('en');
  expect(words.choose([]).locale).toBe('en');
});

test('a sentence is said in the language, with its numbers; what no catalogue has stays English', () => {
  const german = words.choose(['de']);
  expect(german.say('Sign in')).toBe('Anmelden');
  expect(german.say('Sign out')).toBe('Sign out');
  const devices = '{count, plural, one {# device} other {# devices}} of {who}';
  expect(german.say(devices, { count: 1, who: 'Ada' })).toBe('1 Gerät von Ada');
  expect(german.say(devices, { count: 1200, who: 'Ada' })).toBe('1.200 Geräte von Ada');
  expect(words.choose(['en']).say(devices, { count: 1200, who: 'Ada' })).toBe('1,200 devices of Ada');
});

test('a value is text, whatever stands in it', () => {
  const german = words.choose(['de']);
  expect(german.say('<b>{name}</b>', { name: '{count} <i>' })).toBe('<b>{count} <i></b>');
});

test('points in time are told in UTC as the language writes them', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime('2026-11-22T14:05:00Z');
  const at = Date.now() / 1000;
  const [english, german] = [words.choose(['en']), words.choose(['de'])];
  expect(english.date(at)).toBe('22 Nov 2026, 14:05 UTC');
  expect(german.date(at)).toBe('22. Nov. 2026, 14:05 UTC');
  expect([english.ago(at), german.ago(at)]).toEqual(['just now', 'gerade eben']);
  expect([english.ago(at - 3600), german.ago(at - 7300)]).toEqual(['1 hour ago', 'vor 2 Stunden']);
  expect(english.ago(at - 40 * 86_400)).toBe('on 13 Oct 2026');
  vi.useRealTimers();
});

test('words of an operator: one text for all, or one each language', () => {
  const german = words.choose(['de']);
  expect(german.pick('Tasks')).toBe('Tasks');
  expect(german.pick({ en: 'Read your tasks', de: 'Deine Aufgaben lesen' })).toBe('Deine Aufgaben lesen');
  expect(german.pick({ en: 'Read your tasks', fr: 'Lire' })).toBe('Read your tasks');
});
