// User codes as people type them (RFC 8628 section 6.1): case, spaces and dashes do not matter.
import { randomBelow } from '../secrets.ts';

// The engine's base-20: no vowels, so no words, and none that looks like another.
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const LENGTH = 8;

export function createUserCode(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomBelow(ALPHABET.length)]).join('');
}

/** The code's letters alone, in upper case; letters that are not of the alphabet stay, and simply match nothing. */
export function normalizeUserCode(typed: string): string {
  return typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** As it is shown: ABCD-EFGH. */
export function formatUserCode(normalized: string): string {
  return `${normalized.slice(0, LENGTH / 2)}-${normalized.slice(LENGTH / 2)}`;
}
