// Verifies a signature at once, without a thread (RFC 7518 section 3.1, RFC 8037 section 3.1). Introspection must not wait behind
// the hashing of passwords, which takes the threads that WebCrypto would use.
import { constants, createPublicKey, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import type { UnverifiedJwt } from './compact-jwt.ts';
import type { PublicKey } from './keys.ts';

type Scheme = { readonly hash: string | null } & Omit<VerifyKeyObjectInput, 'key'>;

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
// RFC 7518 section 3.4: R and S beside each other, not in DER.
const PLAIN = { dsaEncoding: 'ieee-p1363' } as const;

const schemes: Readonly<Record<string, Scheme>> = {
  RS256: { hash: 'sha256' },
  RS384: { hash: 'sha384' },
  RS512: { hash: 'sha512' },
  PS256: { hash: 'sha256', ...PSS },
  PS384: { hash: 'sha384', ...PSS },
  PS512: { hash: 'sha512', ...PSS },
  ES256: { hash: 'sha256', ...PLAIN },
  ES384: { hash: 'sha384', ...PLAIN },
  ES512: { hash: 'sha512', ...PLAIN },
  EdDSA: { hash: null },
  Ed25519: { hash: null },
};

export const SHORTEST_RSA_BITS = 2048;

const parsed = new WeakMap<PublicKey, KeyObject>();

function toKeyObject(key: PublicKey): KeyObject {
  const known = parsed.get(key);
  if (known !== undefined) return known;
  const made = createPublicKey({ key: key as never, format: 'jwk' });
  // RFC 7518 sections 3.3 and 3.5.
  const bits = made.asymmetricKeyDetails?.modulusLength ?? SHORTEST_RSA_BITS;
  if (bits < SHORTEST_RSA_BITS) throw new Error(`an RSA key of ${bits} bits`);
  parsed.set(key, made);
  return made;
}

/** Has this key signed it by this algorithm? Whether the key may be used with it was judged before. */
export function hasSignedBy(key: PublicKey, { parts }: UnverifiedJwt, algorithm: string): boolean {
  const scheme = Object.hasOwn(schemes, algorithm) ? schemes[algorithm] : undefined;
  if (scheme === undefined) return false;
  const { hash, ...options } = scheme;
  const signed = Buffer.from(`${parts.protected}.${parts.payload}`);
  try {
    return verify(
      hash,
      signed,
      { key: toKeyObject(key), ...options },
      Buffer.from(parts.signature, 'base64url'),
    );
  } catch {
    return false;
  }
}
