// What other people wrote (names of clients and persons, programs, hosts), made harmless to look at: no control or
// invisible characters, no change of direction (Unicode TR36 and TR9), no endless length. Escaping is the templates'.

const MAX_CHARACTERS = 80;
const MAX_MARKS_IN_A_ROW = 4;

// Joiners and the emoji selector stay: Persian names and family emoji need them.
const invisible =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]--[\u200c\u200d\ufe0f]]/gv;
const stackedMarks = new RegExp(`(\\p{Mn}{${MAX_MARKS_IN_A_ROW}})\\p{Mn}+`, 'gu');

/** At most 80 characters of it in one line; empty when there is nothing to see. */
export function plain(text: unknown): string {
  const clean = tidy(text);
  const characters = Array.from(clean);
  if (characters.length <= MAX_CHARACTERS) return clean;
  return `${characters
    .slice(0, MAX_CHARACTERS - 1)
    .join('')
    .trimEnd()}…`;
}

/** The same for a host, of which the end is kept: that is the part that tells whose it is. */
export function plainHost(text: unknown): string {
  const characters = Array.from(tidy(text));
  if (characters.length <= MAX_CHARACTERS) return characters.join('');
  return `…${characters.slice(1 - MAX_CHARACTERS).join('')}`;
}

/** The address of a link or form if it is a path here or on the web, else '#': never a script (`javascript:`, `data:`). */
export function plainUrl(text: unknown): string {
  const url = typeof text === 'string' ? text : '';
  const isPath = /^\/(?![/\\])[\x21-\x7e]*$/.test(url);
  const isWeb = /^https?:\/\/[\x21-\x7e]+$/i.test(url);
  return isPath || isWeb ? url : '#';
}

function tidy(text: unknown): string {
  if (text === undefined || text === null) return '';
  const clean = String(text)
    .replace(/[\s--\ufeff]+/gv, ' ')
    .replace(invisible, '')
    .replace(stackedMarks, '$1');
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(clean) ? clean.trim() : '';
}
