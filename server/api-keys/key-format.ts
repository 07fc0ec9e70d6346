// The text of API keys: a prefix that tells the kind, random characters, and a checksum over both, so that scanners find
// keys that leaked and a mistyped or invented one is refused without a look into the database.
import { crc32 } from 'node:zlib';
import type { Config } from '../../config/schema.ts';
import { randomBelow } from '../secrets.ts';

export type KeyKind = 'personal' | 'team';

type Format = Config['api_keys'][KeyKind];

export type KeyText = { readonly text: string; readonly prefix: string; readonly lastFour: string };

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const alphabets: Record<Format['alphabet'], string> = {
  hex: '0123456789abcdef',
  base62: `0123456789${LETTERS}`,
  base64url: `${LETTERS}0123456789-_`,
};
const CHECKSUM_BITS = 32;
const SHOWN_CHARACTERS = 4;

/** Characters that 32 bits take in an alphabet of this size. */
function checksumLength(alphabet: string): number {
  return Math.ceil(CHECKSUM_BITS / Math.log2(alphabet.length));
}

/** CRC-32 (ISO 3309) in the digits of the alphabet, the highest first. */
function checksumOf(text: string, alphabet: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let count = checksumLength(alphabet); count > 0; count -= 1) {
    digits = alphabet.charAt(rest % alphabet.length) + digits;
    rest = Math.floor(rest / alphabet.length);
  }
  return digits;
}

function createFormat({ prefix, alphabet: name, length, checksum }: Format) {
  const alphabet = alphabets[name];
  const tail = checksum ? checksumLength(alphabet) : 0;
  const shape = new RegExp(`^${prefix}[${alphabet.replace('-', '\\-')}]{${length}}$`);

  return {
    create(): KeyText {
      let text = prefix;
      for (let count = length - tail; count > 0; count -= 1)
        text += alphabet.charAt(randomBelow(alphabet.length));
      if (checksum) text += checksumOf(text, alphabet);
      return { text, prefix, lastFour: text.slice(-SHOWN_CHARACTERS) };
    },

    isKey(text: string): boolean {
      if (!text.startsWith(prefix) || !shape.test(text)) return false;
      return !checksum || text.endsWith(checksumOf(text.slice(0, -tail), alphabet));
    },
  };
}

/** Pure but for the randomness of `create`. A kind that does not exist here is still recognised: its keys may be ended. */
export function createKeyFormats(config: Pick<Config['api_keys'], KeyKind>) {
  const formats = { personal: createFormat(config.personal), team: createFormat(config.team) };

  return {
    create: (kind: KeyKind): KeyText => formats[kind].create(),

    /** The kind of a key that is one by prefix, alphabet, length and checksum; undefined for every other text. */
    recognise(text: string): KeyKind | undefined {
      if (formats.personal.isKey(text)) return 'personal';
      return formats.team.isKey(text) ? 'team' : undefined;
    },
  };
}

export type KeyFormats = ReturnType<typeof createKeyFormats>;
