// Which key of an issuer may have signed an assertion, and by which algorithm (RFC 8725 section 3.1: the key decides, not the header).
import { calculateJwkThumbprint, flattenedVerify, type JWK } from 'jose';
import type { UnverifiedJwt } from './compact-jwt.ts';

export type PublicKey = Readonly<Record<string, unknown>>;

// RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864 section 2.2. There is no `none` and no HS256 here, so there is none at all.
const algorithms: Readonly<Record<string, readonly string[]>> = {
  RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  'P-521': ['ES512'],
  Ed25519: ['EdDSA', 'Ed25519'],
};
// Whoever leaves the key out has us try them: so many, and no more.
const MOST_TRIED = 8;

/** The algorithm that the key names, or else those of its kind; none where it is not for signatures. */
export function algorithmsOf(key: PublicKey): readonly string[] {
  const isOther = key.use !== undefined && key.use !== 'sig';
  const cannotVerify = Array.isArray(key.key_ops) && !key.key_ops.includes('verify');
  if (isOther || cannotVerify) return [];
  const usual = algorithms[String(key.kty === 'RSA' ? key.kty : key.crv)] ?? [];
  return key.alg === undefined ? usual : usual.filter((algorithm) => algorithm === key.alg);
}

/** Keys may carry the time of their end in `exp`, and of their beginning in `nbf`, in seconds (OpenID Federation section 8.7). */
export function isInForce(key: PublicKey, now: number): boolean {
  const hasBegun = key.nbf === undefined || (typeof key.nbf === 'number' && key.nbf <= now);
  return hasBegun && (key.exp === undefined || (typeof key.exp === 'number' && key.exp > now));
}

/** RFC 7638: a name that the key has even where its owner gave it none. */
export function thumbprintOf(key: PublicKey): Promise<string> {
  return calculateJwkThumbprint(key as JWK).catch(() => 'none');
}

export async function isDisabled(key: PublicKey, disabled: readonly string[]): Promise<boolean> {
  if (disabled.length === 0) return false;
  return disabled.includes(String(key.kid)) || disabled.includes(await thumbprintOf(key));
}

type Asked = { readonly kid: string | undefined; readonly algorithm: string; readonly mayTry: boolean };

/** By `kid`; without one the only key that fits. Where the profile allows it, keys are tried that cannot be told apart. */
function select(keys: readonly PublicKey[], { kid, algorithm, mayTry }: Asked): readonly PublicKey[] {
  const fitting = keys.filter((key) => algorithmsOf(key).includes(algorithm));
  const named = fitting.filter((key) => key.kid === kid);
  if (kid !== undefined && named.length > 0) return named.slice(0, MOST_TRIED);
  // Keys that were registered without ids cannot be chosen by one.
  const nameless = kid === undefined ? fitting : fitting.filter((key) => key.kid === undefined);
  if (mayTry) return nameless.slice(0, MOST_TRIED);
  return kid === undefined && fitting.length === 1 ? fitting : [];
}

async function hasSigned(key: PublicKey, jwt: UnverifiedJwt, algorithm: string): Promise<boolean> {
  try {
    await flattenedVerify(jwt.parts, key as JWK, { algorithms: [algorithm] });
    return true;
  } catch {
    return false;
  }
}

/** The key that has signed it, or why there is none. Keys in the header of the assertion itself are not looked at (RFC 8725 section 3.10). */
export async function findSigner(
  jwt: UnverifiedJwt,
  keys: readonly PublicKey[],
  { disabled, mayTry, now }: { disabled: readonly string[]; mayTry: boolean; now: number },
): Promise<PublicKey | 'no_key' | 'key_not_in_force' | 'wrong_signature'> {
  const { kid, alg } = jwt.header;
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) return 'no_key';
  const fitting = select(keys, { kid, algorithm: alg, mayTry });
  if (fitting.length === 0) return 'no_key';
  const good: PublicKey[] = [];
  for (const key of fitting) if (isInForce(key, now) && !(await isDisabled(key, disabled))) good.push(key);
  if (good.length === 0) return 'key_not_in_force';
  for (const key of good) if (await hasSigned(key, jwt, alg)) return key;
  return 'wrong_signature';
}
