// A JWT that a service account signs itself and sends to an API as its access token: read, and judged by the keys that it has now.
// It is told from a JWT access token of ours (RFC 9068) by its issuer, which is no address: `sa_…`.
import type { Trust } from '../clients/trust.ts';
import { sha256 } from '../secrets.ts';
import { isServiceAccountId } from './account-registration.ts';
import { findClaimFault } from './claims.ts';
import { readCompactJwt, type UnverifiedJwt } from './compact-jwt.ts';
import { findSigner, isDisabledAmong, isInForce, type PublicKey } from './keys.ts';

const MOST_REMEMBERED = 2000;

/** What it says, before anybody has looked whether that is true. */
export type SelfSigned = {
  readonly issuer: string;
  /** SHA-256 of what is signed: by it one alone is revoked, whichever of its signatures it is sent with. */
  readonly hash: Buffer;
  readonly audience: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** undefined: all that it may have. */
  readonly scope: string | undefined;
  readonly jti: string | undefined;
};

type Read = { readonly said: SelfSigned; readonly jwt: UnverifiedJwt };

/** Signed, once, by this very key: whether the key is good is another question, and is asked each time. */
type Remembered = { readonly said: SelfSigned; readonly signer: PublicKey };

/** All but `not_valid` are said only of one whose signature is right. */
export type SelfSignedFault = 'expired' | 'not_yet' | 'not_valid' | 'disabled';

export type Recognised = {
  readonly said: SelfSigned;
  /** By the keys that the account has now. */
  readonly judge: (trust: Trust, now: number) => SelfSignedFault | null;
};

/** RFC 8725 section 3.11: a JWT of another kind says so. No extension is known here (RFC 7515 section 4.1.11). */
function isPlain({ header }: UnverifiedJwt): boolean {
  const { typ, crit, b64 } = header;
  const isJwt = typ === undefined || (typeof typ === 'string' && typ.toUpperCase() === 'JWT');
  return isJwt && crit === undefined && b64 === undefined;
}

/** Undefined where it is of another shape, or has no issuer of ours, one audience and the times that it needs. */
function read(text: string): Read | undefined {
  const jwt = readCompactJwt(text);
  if (jwt === undefined || jwt.isPadded || !isPlain(jwt)) return undefined;
  const { iss, aud, iat, exp, scope, jti } = jwt.claims;
  const [audience, ...others] = Array.isArray(aud) ? aud : [aud];
  if (typeof iss !== 'string' || !isServiceAccountId(iss)) return undefined;
  if (typeof audience !== 'string' || others.length > 0) return undefined;
  if (!Number.isFinite(iat) || !Number.isFinite(exp)) return undefined;
  if (scope !== undefined && typeof scope !== 'string') return undefined;
  return {
    jwt,
    said: {
      hash: sha256(`${jwt.parts.protected}.${jwt.parts.payload}`),
      ...{ issuer: iss, audience, scope },
      ...{ issuedAt: Math.floor(iat as number), expiresAt: Math.floor(exp as number) },
      jti: typeof jti === 'string' ? jti : undefined,
    },
  };
}

/** What is wrong with what a JWT says whose signature is right. */
function findFault(
  { claims }: UnverifiedJwt,
  { audience, expiresAt }: SelfSigned,
  bounds: Bounds & { now: number },
): SelfSignedFault | null {
  // A service account speaks for nobody else.
  if (claims.sub !== undefined && claims.sub !== claims.iss) return 'not_valid';
  const expected = { ...bounds, issuer: '', tokenEndpoint: '', audiences: [audience] };
  const fault = findClaimFault(claims, 'self-signed', expected);
  // The end that was signed is the end: whoever reads it elsewhere counts no tolerance either.
  if (fault === 'expired' || (fault === undefined && expiresAt <= bounds.now)) return 'expired';
  if (fault === 'from_the_future') return 'not_yet';
  if ((claims.exp as number) < (claims.iat as number)) return 'not_valid';
  return fault === undefined ? null : 'not_valid';
}

type Bounds = { skewSeconds: number; longestSeconds: number };

export function createSelfSigned(bounds: Bounds) {
  /** By the SHA-256 of the whole text, those that were good, the one that was not asked about longest first. */
  const remembered = new Map<string, Remembered>();

  function recall(key: string): Remembered | undefined {
    const known = remembered.get(key);
    if (known === undefined) return undefined;
    remembered.delete(key);
    remembered.set(key, known);
    return known;
  }

  function remember(key: string, known: Remembered): void {
    remembered.set(key, known);
    const [oldest] = remembered.keys();
    if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  }

  /** The same key object is the same key: whoever asks parses a registration once for each text of it. */
  function isStillGood({ signer }: Remembered, { jwks, disabledKeys }: Trust, now: number): boolean {
    const keys = jwks?.keys ?? [];
    return keys.includes(signer) && isInForce(signer, now) && !isDisabledAmong(signer, keys, disabledKeys);
  }

  return {
    /** Undefined where it is none: that costs no database. Its signature is not looked at before `judge`. */
    recognise(text: string): Recognised | undefined {
      if (!text.startsWith('ey')) return undefined;
      // The signature too: what is known as good is good with this one, and with no other.
      const key = sha256(text).toString('latin1');
      const known = recall(key);
      const said = known?.said ?? read(text)?.said;
      if (said === undefined) return undefined;

      function judge(trust: Trust, now: number): SelfSignedFault | null {
        if (trust.resource !== undefined && trust.resource !== said?.audience) return 'not_valid';
        if (known !== undefined && isStillGood(known, trust, now))
          return known.said.expiresAt <= now ? 'expired' : null;
        const found = read(text);
        if (found === undefined) return 'not_valid';
        const keys = trust.jwks?.keys ?? [];
        const signer = findSigner(found.jwt, keys, { disabled: [], mayTry: true, now });
        if (typeof signer === 'string') return 'not_valid';
        const fault = findFault(found.jwt, found.said, { ...bounds, now });
        if (fault === null && isDisabledAmong(signer, keys, trust.disabledKeys)) return 'disabled';
        if (fault === null) remember(key, { said: found.said, signer });
        return fault;
      }

      return { said, judge };
    },
  };
}

export type SelfSignedJwts = ReturnType<typeof createSelfSigned>;
