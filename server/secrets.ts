// The only place that makes randomness, hashes, seals and compares secrets.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hash,
  hkdfSync,
  randomBytes,
  randomInt,
  timingSafeEqual,
} from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A random secret as base64url text; 32 bytes (256 bits, 43 characters) unless told. */
export function randomSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

/** Random bytes, for keys. */
export function randomKey(bytes = 32): Buffer {
  return randomBytes(bytes);
}

/** A random integer, 0 <= n < limit. */
export function randomBelow(limit: number): number {
  return randomInt(limit);
}

/** SHA-256 of a text with at least 112 bits of entropy: what is stored instead of it (ASVS 6.5.2). */
export function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

export function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex');
}

export function hmacSha256(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** A key for one purpose, derived from a root key (RFC 5869). */
export function deriveKey(root: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), `latchkey ${purpose}`, 32));
}

/** Compares in constant time. The length is no secret: texts of different length are unequal. */
export function isSameSecret(a: string | Buffer, b: string | Buffer): boolean {
  const left = Buffer.from(a as string);
  const right = Buffer.from(b as string);
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Encrypts with AES-256-GCM; `purpose` is bound to the result and must be given again to open it. */
export function seal(key: Buffer, plain: string, purpose: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(purpose));
  return Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `seal` closed. Throws when the key, the purpose or the bytes are not the same. */
export function unseal(key: Buffer, sealed: Buffer, purpose: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(Buffer.from(purpose))
    .setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  return (
    decipher.update(sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES), undefined, 'utf8') +
    decipher.final('utf8')
  );
}
