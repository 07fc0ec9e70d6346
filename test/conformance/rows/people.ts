// Rows of people: accounts, passwords, sessions, forms and headers (OWASP ASVS 5.0 chapters 3, 6, 7 and 16).
import type { Section } from './section.ts';

export const accounts: Section = {
  title: 'Accounts and sessions',
  rows: {
    S01: 'length is what a password needs',
    S02: 'no part of a password is dropped',
    S03: 'no rules of composition; password managers work',
    S04: 'common and leaked passwords are refused',
    S05: 'nobody learns which accounts exist',
    S06: 'attempts at once are counted each',
    S07: 'one key per address and per name, however written',
    S08: 'nobody can lock somebody else out for long',
    S09: 'a lock holds on every path',
    S10: 'a new session id at every sign-in',
    S11: 'sessions end idle and absolutely',
    S12: 'people see and end their sessions',
    S13: 'dangerous acts need a fresh sign-in',
    S14: 'reset links: short, once, to the configured host',
    S15: 'parameters have types',
    S16: 'addresses are judged after normalisation',
    S17: 'nobody verifies or promotes himself',
    S18: 'one first administrator',
    S19: 'one-time codes are good once and few tries',
  },
};

export const browser: Section = {
  title: 'Cookies, forms and headers',
  rows: {
    C01: 'cookies with the right prefix and attributes',
    C02: 'a content security policy on every answer',
    C03: 'the other headers',
    C04: 'no form from elsewhere',
    C05: 'no GET changes anything',
    C06: 'unknown methods are 405',
    C07: 'proxies are believed only where they are named',
    C08: 'errors tell nothing of the inside',
    C09: 'what was typed in is text everywhere',
    C10: 'smuggled requests are 400',
  },
};
