// Names that people write: of themselves, of their keys (Unicode TR36).
import { Refusal } from '../errors.ts';

const LONGEST_NAME = 200;
// Joiners stay: Persian names and family emoji need them.
const unseen = /[[\p{C}\p{Zl}\p{Zp}]--[\u200c\u200d]]/v;
// Fillers and joiners alone, and the Braille pattern without dots: a name that looks like none.
const blank = /^[\s\p{DI}\u2800]+$/v;

/** Has it characters that nobody sees, of control or of direction, or nothing else than such? */
export function hasUnseen(text: string): boolean {
  return unseen.test(text) || blank.test(text);
}

/** NFC, trimmed. Refuses with invalid_request, at the field `name`. */
export function cleanName(name: string): string {
  const clean = name.normalize('NFC').trim();
  if (hasUnseen(clean)) {
    throw new Refusal('invalid_request', {
      words: 'The name has characters that cannot be seen. Please type it anew.',
      param: 'name',
    });
  }
  if (clean === '' || clean.length > LONGEST_NAME) {
    throw new Refusal('invalid_request', {
      words: 'Please give a name of at most {most} characters.',
      values: { most: LONGEST_NAME },
      param: 'name',
    });
  }
  return clean;
}
