// Which passwords may be chosen: long enough and not easily guessed, nothing else. ASVS 5.0 6.2, NIST SP 800-63B section 3.1.1.
import { readFileSync } from 'node:fs';
import { Refusal } from '../errors.ts';
import { MAX_PASSWORD_BYTES } from './password.ts';

const FLOOR_CHARACTERS = 8;
const CONTEXT_WORD_CHARACTERS = 4;
const REPEATED_CHARACTERS = 4;

const commonPasswords = new Set(
  readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
);

/** Case and width do not make a password a different one to whoever guesses; nor, below, do separators. */
function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function lettersAndDigits(text: string): string {
  return fold(text).replace(/[^\p{L}\p{N}]/gu, '');
}

/** The part that a password repeats from its first character to its last: `abc` of `abcabcabc`. */
function repeatedPart(password: string): string | undefined {
  return /^(.+?)\1+$/su.exec(password)?.[1];
}

/**
 * What a guesser who appends and prepends digits and signs would have started from. Eight at most, the length of a
 * date: whoever adds more has chosen more than the word.
 */
function listCores(password: string): string[] {
  const end = /[^\p{L}]{0,8}$/u.exec(password)?.index ?? password.length;
  const cores: string[] = [];
  for (let length = password.length; length >= end; length -= 1) {
    const core = password.slice(0, length);
    cores.push(core, core.replace(/^[^\p{L}]{1,8}/u, ''));
  }
  return cores;
}

function isCommon(password: string): boolean {
  const folded = fold(password);
  const spellings = [folded, lettersAndDigits(password), repeatedPart(folded) ?? ''];
  return spellings.flatMap(listCores).some((core) => commonPasswords.has(core));
}

function wordsOf(text: string): string[] {
  const words = fold(text).split(/[^\p{L}\p{N}]+/u);
  return [...words, lettersAndDigits(text)].filter((word) => word.length >= CONTEXT_WORD_CHARACTERS);
}

/** Without these words, half of the password or less is left. */
function isMostly(password: string, words: string[]): boolean {
  const plain = lettersAndDigits(password);
  const longestFirst = words.toSorted((a, b) => b.length - a.length);
  const rest = longestFirst.reduce((text, word) => text.replaceAll(word, ''), plain);
  return rest !== plain && rest.length * 2 <= plain.length;
}

type Fault = { words: string; values?: Record<string, number> };
type Person = { readonly email: string; readonly name?: string | undefined };

export function createPasswordPolicy(policy: { minLength: number; blockedWords: readonly string[] }) {
  const { minLength, blockedWords } = policy;
  if (minLength < FLOOR_CHARACTERS) {
    throw new Error(`passwords need a minimum of at least ${FLOOR_CHARACTERS} characters`);
  }
  const ownWords = ['latchkey', ...blockedWords].flatMap(wordsOf);

  function findFault(password: string, person: Person): Fault | undefined {
    // A lone surrogate has no bytes of its own: two such passwords would be hashed as one.
    if (!password.isWellFormed()) return { words: 'The password has characters that cannot be stored.' };
    if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return { words: 'The password is too long.' };
    const { length } = [...password.normalize('NFC')];
    if (length < minLength)
      return { words: 'The password needs at least {count} characters.', values: { count: minLength } };
    const repeated = repeatedPart(password);
    if (repeated !== undefined && repeated.length < REPEATED_CHARACTERS)
      return { words: 'The password only repeats itself.' };
    const [localPart = ''] = person.email.split('@');
    const words = [...ownWords, ...[person.email, localPart, person.name ?? ''].flatMap(wordsOf)];
    if (isMostly(password, words)) {
      return { words: 'The password is mostly your name, your e-mail address or a name of this service.' };
    }
    if (isCommon(password))
      return { words: 'The password is a common one, or a common one with a few signs added.' };
    return undefined;
  }

  return {
    /** Refuses a new password with the words to show. Passwords that exist already are not asked again. */
    check(password: string, person: Person): void {
      const fault = findFault(password, person);
      if (fault !== undefined) throw new Refusal('invalid_request', { param: 'password', ...fault });
    },
  };
}

export type PasswordPolicy = ReturnType<typeof createPasswordPolicy>;
