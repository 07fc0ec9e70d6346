// Public keys that are registered for a service account, as JWK (RFC 7517) or PEM (RFC 7468): judged once, kept in one shape.
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Refusal } from '../errors.ts';
import { hasPrivateMember } from '../outbound/remote-keys.ts';
import { algorithmsOf, type PublicKey, thumbprintOf } from './keys.ts';
import { SHORTEST_RSA_BITS } from './signature.ts';

// Whoever signs decides how long we verify, and the time grows with the modulus and with the exponent.
const LONGEST_RSA_BITS = 4096;
const RSA_EXPONENT = 65_537n;
// Not `.` or `..`, which mean something else in an address.
const KEY_ID = /^(?!\.{1,2}$)[\x21-\x7e]{1,255}$/;
const GOOD_KEYS = 'RSA (2048–4096 bit, e = 65537), P-256, P-384, P-521, Ed25519';

export type NamedKey = PublicKey & { readonly kid: string };

export type Terms = {
  /** The `kid` in place of its own; without any it is the thumbprint (RFC 7638). */
  readonly kid?: string | undefined;
  /** From when on it is not believed any more. */
  readonly expiresAt?: number | undefined;
};

function refuse(words: string, cause?: unknown): never {
  throw new Refusal('invalid_request', { words, values: { kinds: GOOD_KEYS }, param: 'key', cause });
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    return refuse('A key cannot be read. It must be {kinds}.', cause);
  }
}

function checkStrength(key: KeyObject): void {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength === undefined) return;
  const isGood =
    modulusLength >= SHORTEST_RSA_BITS &&
    modulusLength <= LONGEST_RSA_BITS &&
    publicExponent === RSA_EXPONENT;
  if (!isGood) refuse('A key must be {kinds}.');
}

function toKey(key: KeyObject, given: PublicKey, terms: Terms): NamedKey {
  checkStrength(key);
  // Node reads kinds of keys that have no form as a JWK: RSASSA-PSS, Diffie-Hellman, other curves.
  const bare = parse(() => key.export({ format: 'jwk' }) as PublicKey);
  const kid = terms.kid ?? given.kid ?? thumbprintOf(bare);
  if (typeof kid !== 'string' || !KEY_ID.test(kid))
    refuse('The kid of a key must be 1 to 255 ASCII characters without spaces.');
  const expiresAt = terms.expiresAt ?? given.exp;
  const kept = {
    ...bare,
    kid,
    use: given.use ?? 'sig',
    ...(given.alg === undefined ? {} : { alg: given.alg }),
    ...(given.key_ops === undefined ? {} : { key_ops: given.key_ops }),
    ...(expiresAt === undefined ? {} : { exp: expiresAt }),
  };
  if (kept.exp !== undefined && !Number.isSafeInteger(kept.exp))
    refuse('The end of a key must be whole seconds since 1970.');
  if (algorithmsOf(kept).length === 0) refuse('A key must be for signatures, and {kinds}.');
  return kept;
}

/** One key of a set. Only what a key is made of is kept of it. Refuses with invalid_request, private keys too. */
export function readJwk(value: unknown, terms: Terms = {}): NamedKey {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse('A key must be an object (RFC 7517).');
  const given = value as PublicKey;
  if (hasPrivateMember(given))
    refuse('That is a private key: keep it where it is, and give its public half.');
  return toKey(
    parse(() => createPublicKey({ key: given as never, format: 'jwk' })),
    given,
    terms,
  );
}

/** A public key or a certificate in PEM. Refuses with invalid_request, private keys too. */
export function readPem(text: string, terms: Terms = {}): NamedKey {
  // Node would take a private key and derive the public one, and the private one would have been in our hands.
  if (text.includes('PRIVATE KEY'))
    refuse('That is a private key: keep it where it is, and give its public half.');
  return toKey(
    parse(() => createPublicKey(text)),
    {},
    terms,
  );
}

/** A pair as Google's libraries use them: RSA, RS256. The private half is in the answer and nowhere else. */
export async function makePair(terms: Terms = {}): Promise<{ key: NamedKey; privatePem: string }> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: SHORTEST_RSA_BITS });
  return {
    key: toKey(pair.publicKey, { alg: 'RS256' }, terms),
    privatePem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}
