// What an assertion, or a JWT that a service account sends to an API itself, must say by profile (RFC 7523 section 3 and its
// successor, rows J02, J03, J06). Pure: claims in, the fault out.
import type { AssertionProfile } from '../clients/trust.ts';

export type Claims = Readonly<Record<string, unknown>>;

export type Expected = {
  /** Our issuer identifier, and the address at which the assertion came in. */
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly skewSeconds: number;
  readonly now: number;
  /** Who it may be for, where the profile does not say so. */
  readonly audiences?: readonly string[];
  /** How far its end may be from its beginning, where the profile does not say so. */
  readonly longestSeconds?: number;
};

export type ClaimFault =
  | 'wrong_audience'
  | 'no_times'
  | 'expired'
  | 'lives_too_long'
  | 'too_old'
  | 'from_the_future'
  | 'no_subject'
  | 'no_id';

type Rules = {
  /** When it must have ended, at the latest. */
  readonly endsBy: (iat: number, expected: Expected) => number;
  readonly oldestSeconds: number;
  readonly hasSubject: boolean;
  readonly hasId: boolean;
  readonly audiences: (expected: Expected) => readonly string[];
};

const STRICT_SECONDS = 300;
const HOUR_SECONDS = 3600;

/** `self-signed` is no assertion: it goes to an API, as an access token. */
export type Profile = AssertionProfile | 'self-signed';

const profiles: Readonly<Record<Profile, Rules>> = {
  strict: {
    endsBy: (_iat, { now, skewSeconds }) => now + STRICT_SECONDS + skewSeconds,
    oldestSeconds: 600,
    hasSubject: true,
    hasId: true,
    // Another server's address as the audience would let that server redeem it here (audience injection).
    audiences: ({ issuer }) => [issuer],
  },
  'service-account': {
    endsBy: (iat) => iat + HOUR_SECONDS,
    oldestSeconds: HOUR_SECONDS,
    hasSubject: false,
    hasId: false,
    audiences: ({ issuer, tokenEndpoint }) => [issuer, tokenEndpoint],
  },
  workload: {
    endsBy: (iat) => iat + HOUR_SECONDS,
    oldestSeconds: HOUR_SECONDS,
    hasSubject: true,
    hasId: false,
    // What the issuer was told to put there: the rules name it.
    audiences: ({ audiences = [] }) => audiences,
  },
  'self-signed': {
    endsBy: (iat, { longestSeconds = 0 }) => iat + longestSeconds,
    oldestSeconds: HOUR_SECONDS,
    hasSubject: false,
    hasId: false,
    // Without one it would be good everywhere.
    audiences: ({ audiences = [] }) => audiences,
  },
};

// RFC 7519 section 2: a NumericDate may have a fraction, and an infinite one is none.
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isForUs(audience: unknown, ours: readonly string[]): boolean {
  const [only, ...others] = Array.isArray(audience) ? audience : [audience];
  return others.length === 0 && isText(only) && ours.includes(only);
}

function findTimeFault({ iat, exp, nbf }: Claims, rules: Rules, expected: Expected): ClaimFault | undefined {
  const { now, skewSeconds } = expected;
  if (!isTime(iat) || !isTime(exp) || (nbf !== undefined && !isTime(nbf))) return 'no_times';
  if (exp + skewSeconds <= now) return 'expired';
  if (iat > now + skewSeconds || (nbf ?? iat) > now + skewSeconds) return 'from_the_future';
  if (iat + rules.oldestSeconds + skewSeconds < now) return 'too_old';
  return exp > rules.endsBy(iat, expected) ? 'lives_too_long' : undefined;
}

/** The first fault of the claims of an assertion whose signature is right; undefined where there is none. */
export function findClaimFault(claims: Claims, profile: Profile, expected: Expected): ClaimFault | undefined {
  const rules = profiles[profile];
  if (!isForUs(claims.aud, rules.audiences(expected))) return 'wrong_audience';
  const fault = findTimeFault(claims, rules, expected);
  if (fault !== undefined) return fault;
  if (!isText(claims.sub) && (rules.hasSubject || claims.sub !== undefined)) return 'no_subject';
  if (!isText(claims.jti) && (rules.hasId || claims.jti !== undefined)) return 'no_id';
  return undefined;
}
