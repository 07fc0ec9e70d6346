// Password hashes that other programs made: argon2, bcrypt and scrypt, in PHC or crypt form. They are verified once, then ours.
import { argon2, scrypt } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { isSameSecret } from '../secrets.ts';

/** Answers whether the password is right. Costs what the hash asks for, within the bounds below. */
export type ForeignPassword = (password: string) => Promise<boolean>;

// A file of imported people must not be able to ask for all of the memory, or for a minute.
const MOST_ARGON2_KIBIBYTES = 262_144;
const MOST_ARGON2_PASSES = 10;
const MOST_LANES = 16;
const MOST_BCRYPT_COST = 14;
const MOST_SCRYPT_BYTES = 134_217_728;
const SCRYPT_MARGIN_BYTES = 1_048_576;
const CRYPT_ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const ARGON2 =
  /^\$(argon2(?:id|i|d))\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,171})$/;
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const SCRYPT_PHC =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{2,86})\$([A-Za-z0-9+/]{16,171})$/;
const SCRYPT_CRYPT =
  /^\$7\$([./A-Za-z0-9])([./A-Za-z0-9]{5})([./A-Za-z0-9]{5})([^$]{1,64})\$([./A-Za-z0-9]{43})$/;

type Scrypt = { cost: number; blockSize: number; lanes: number; salt: Buffer; tag: Buffer };

function recogniseArgon2(stored: string): ForeignPassword | undefined {
  const [, algorithm, memory, passes, lanes, salt, tag] = ARGON2.exec(stored) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const [nonce, expected] = [Buffer.from(salt, 'base64'), Buffer.from(tag, 'base64')];
  const cost = { memory: Number(memory), passes: Number(passes), parallelism: Number(lanes) };
  const isBounded =
    cost.memory <= MOST_ARGON2_KIBIBYTES &&
    cost.passes <= MOST_ARGON2_PASSES &&
    cost.parallelism <= MOST_LANES;
  // RFC 9106 section 3.1: at least 8 KiB a lane, one pass, one lane, eight bytes of salt.
  const isPossible = cost.passes > 0 && cost.parallelism > 0 && cost.memory >= 8 * cost.parallelism;
  if (!isBounded || !isPossible || nonce.length < 8) return undefined;
  const parameters = { ...cost, nonce, tagLength: expected.length };
  return (password) =>
    new Promise((resolve, reject) => {
      argon2(algorithm as 'argon2id', { ...parameters, message: password }, (error, derived) =>
        error ? reject(error) : resolve(isSameSecret(derived, expected)),
      );
    });
}

function recogniseBcrypt(stored: string): ForeignPassword | undefined {
  const cost = Number(BCRYPT.exec(stored)?.[1] ?? Number.NaN);
  if (!(cost >= 4 && cost <= MOST_BCRYPT_COST)) return undefined;
  return (password) => bcrypt.compare(password, stored);
}

/** Six bits a character, the least significant first (crypt(5)). */
function readCryptNumber(text: string): number {
  return [...text].reduce(
    (sum, character, place) => sum + CRYPT_ALPHABET.indexOf(character) * 64 ** place,
    0,
  );
}

function decodeCrypt(text: string): Buffer {
  const groups = text.match(/.{1,4}/g) ?? [];
  return Buffer.concat(
    groups.map((group) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(readCryptNumber(group));
      return bytes.subarray(0, group.length - 1);
    }),
  );
}

function readScrypt(stored: string): Scrypt | undefined {
  const phc = SCRYPT_PHC.exec(stored);
  if (phc !== null) {
    const [, ln, blockSize, lanes, salt = '', tag = ''] = phc;
    const cost = 2 ** Number(ln);
    const [saltBytes, tagBytes] = [Buffer.from(salt, 'base64'), Buffer.from(tag, 'base64')];
    return { cost, blockSize: Number(blockSize), lanes: Number(lanes), salt: saltBytes, tag: tagBytes };
  }
  const crypt = SCRYPT_CRYPT.exec(stored);
  if (crypt === null) return undefined;
  const [, ln = '', blockSize = '', lanes = '', salt = '', tag = ''] = crypt;
  return {
    cost: 2 ** readCryptNumber(ln),
    blockSize: readCryptNumber(blockSize),
    lanes: readCryptNumber(lanes),
    salt: Buffer.from(salt),
    tag: decodeCrypt(tag),
  };
}

function recogniseScrypt(stored: string): ForeignPassword | undefined {
  const read = readScrypt(stored);
  if (read === undefined) return undefined;
  const { cost, blockSize, lanes, salt, tag } = read;
  const bytes = 128 * cost * blockSize;
  const isPossible = cost > 1 && blockSize > 0 && lanes > 0;
  if (!isPossible || bytes > MOST_SCRYPT_BYTES || lanes > MOST_LANES) return undefined;
  const options = { cost, blockSize, parallelization: lanes, maxmem: bytes + SCRYPT_MARGIN_BYTES * lanes };
  return (password) =>
    new Promise((resolve, reject) => {
      scrypt(password, salt, tag.length, options, (error, derived) =>
        error ? reject(error) : resolve(isSameSecret(derived, tag)),
      );
    });
}

/** The verifier of a hash in a form that we know, or undefined: an unknown form, or one that costs too much. */
export function recogniseForeignPassword(stored: string): ForeignPassword | undefined {
  return recogniseArgon2(stored) ?? recogniseBcrypt(stored) ?? recogniseScrypt(stored);
}
