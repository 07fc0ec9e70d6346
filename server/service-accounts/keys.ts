// Which key of an issuer may have signed an assertion, and by which algorithm (RFC 8725 section 3.1: the key decides, not the header).
import { sha256 } from '../secrets.ts';
import type { UnverifiedJwt } from './compact-jwt.ts';
import { hasSignedBy } from './signature.ts';

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

// RFC 7638 section 3.2 and RFC 8037 section 2, in their order.
const requiredMembers: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

/** RFC 7638: a name that the key has even where its owner gave it none. */
export function thumbprintOf(key: PublicKey): string {
  const members = requiredMembers[String(key.kty)] ?? [];
  if (members.length === 0 || members.some((name) => typeof key[name] !== 'string')) return 'none';
  return sha256(JSON.stringify(Object.fromEntries(members.map((name) => [name, key[name]])))).toString(
    'base64url',
  );
}

export function isDisabled(key: PublicKey, disabled: readonly string[]): boolean {
  if (disabled.length === 0) return false;
  return disabled.includes(String(key.kid)) || disabled.includes(thumbprintOf(key));
}

/** By any of its names: whoever disables a key means the key, which may stand among `keys` by another name too. */
export function isDisabledAmong(
  key: PublicKey,
  keys: readonly PublicKey[],
  disabled: readonly string[],
): boolean {
  if (disabled.length === 0) return false;
  const thumbprint = thumbprintOf(key);
  return keys.some((one) => thumbprintOf(one) === thumbprint && isDisabled(one, disabled));
}

export type Asked = {
  readonly kid: string | undefined;
  readonly algorithm: string;
  readonly mayTry: boolean;
};

/** Which keys may have signed: by `kid`; without one the only key that fits. Where the profile allows it, keys are tried that cannot be told apart. */
function selectKeys(keys: readonly PublicKey[], { kid, algorithm, mayTry }: Asked): readonly PublicKey[] {
  const fitting = keys.filter((key) => algorithmsOf(key).includes(algorithm));
  const named = fitting.filter((key) => key.kid === kid);
  if (kid !== undefined && named.length > 0) return named.slice(0, MOST_TRIED);
  // Keys that were registered without ids cannot be chosen by one.
  const nameless = kid === undefined ? fitting : fitting.filter((key) => key.kid === undefined);
  if (mayTry) return nameless.slice(0, MOST_TRIED);
  return kid === undefined && fitting.length === 1 ? fitting : [];
}

/** The key that has signed it, or why there is none. Keys in the header of the assertion itself are not looked at (RFC 8725 section 3.10). */
export function findSigner(
  jwt: UnverifiedJwt,
  keys: readonly PublicKey[],
  { disabled, mayTry, now }: { disabled: readonly string[]; mayTry: boolean; now: number },
): PublicKey | 'no_key' | 'key_not_in_force' | 'wrong_signature' {
  const { kid, alg } = jwt.header;
  if (typeof alg !== 'string' || (kid !== undefined && typeof kid !== 'string')) return 'no_key';
  const fitting = selectKeys(keys, { kid, algorithm: alg, mayTry });
  if (fitting.length === 0) return 'no_key';
  const good = fitting.filter((key) => isInForce(key, now) && !isDisabledAmong(key, keys, disabled));
  if (good.length === 0) return 'key_not_in_force';
  return good.find((key) => hasSignedBy(key, jwt, alg)) ?? 'wrong_signature';
}
