// Judges an assertion (RFC 7523 section 3): is it of an issuer that is believed, signed by it, for us, now, and about whom it may speak?
// Where authorities and their keys come from is not known here. Nothing is spent: to judge twice is to hear the same twice.
import type { AssertionProfile, WorkloadMapping } from '../clients/trust.ts';
import { nowSeconds } from '../clock.ts';
import { OutboundFailure } from '../outbound/failure.ts';
import { audiencesOf, type FindRuleFault, findMapped, type Unmapped } from './claim-rules.ts';
import { type ClaimFault, type Claims, findClaimFault } from './claims.ts';
import { readCompactJwt, type UnverifiedJwt } from './compact-jwt.ts';
import { findSigner, type PublicKey, thumbprintOf } from './keys.ts';

/** Whoever may sign assertions about itself and others. */
export type Authority = {
  /** Its machine identity here: the client that its tokens are issued to. */
  readonly id: string;
  readonly issuer: string;
  readonly profile: AssertionProfile;
  readonly isActive: boolean;
  readonly subjects: readonly string[];
  readonly disabledKeys: readonly string[];
  /** What it signed up to this second is dead. */
  readonly endedAt?: number | undefined;
  /** With the profile `workload`: as which service account its workloads act. */
  readonly mappings?: readonly WorkloadMapping[];
  /** Its keys, the one of this `kid` among them if it can be had. Throws OutboundFailure. */
  readonly listKeys: (kid: string | undefined) => Promise<readonly PublicKey[]>;
};

/** Why an assertion is refused: for the audit log and for operators, never for whoever sent it. */
export const assertionFaults = {
  malformed: 'It is no compact JWT of at most 8 KiB whose members have one value each.',
  padded: 'It is padded with =, which the strict profile does not take.',
  critical_header: 'Its header has crit or b64, and nothing that could be meant is supported.',
  wrong_type: 'Its typ says that it is another kind of token.',
  unknown_issuer: 'Nobody trusts its issuer.',
  issuer_disabled: 'Its issuer is disabled.',
  keys_unavailable: 'The keys of its issuer cannot be fetched.',
  no_key: 'No key of its issuer fits its kid and alg.',
  key_not_in_force: 'The key is disabled, or has expired.',
  wrong_signature: 'Its signature is wrong.',
  wrong_audience: 'Its aud must be this server and nobody else.',
  no_times: 'It needs iat and exp, in whole seconds.',
  expired: 'It has expired.',
  lives_too_long: 'Its exp is too far ahead.',
  too_old: 'It was signed too long ago.',
  from_the_future: 'Its iat or nbf is in the future.',
  no_subject: 'It needs a sub that is text.',
  no_id: 'It needs a jti that is text.',
  subject_not_allowed: 'Its issuer may not speak about this sub.',
  signed_before_end: 'It was signed before the time up to which everything of its issuer was ended.',
  no_rule_matches: 'It meets the rules of none of the service accounts that its issuer is mapped to.',
  rules_not_safe:
    'The rules that it meets let in strangers of the same issuer too, and count for nothing: give others (latchkey issuers map).',
  rules_disagree: 'It meets the rules of several service accounts, so it is not clear as which it acts.',
  service_account_not_active: 'The service account that it acts as is disabled, or there is none.',
  replayed: 'It was used before.',
  client_not_allowed: 'Its issuer does not let this client present it.',
  client_needed: 'Its issuer lets only clients present it, and none was named.',
  consent_needed: 'A client that is not first party cannot act for a person without asking them.',
  account_not_active: 'The account that it acts for is disabled, or there is none.',
} as const satisfies Record<ClaimFault | 'malformed', string> & Record<string, string>;

export type AssertionFault = keyof typeof assertionFaults;

export type Accepted<A extends Authority = Authority> = {
  readonly authority: A;
  /** The machine identity: the authority's own, or the service account that the rules lead to. */
  readonly actsAs: string;
  /** The `sub`, where it names somebody else than the issuer. */
  readonly subject: string | undefined;
  readonly jti: string | undefined;
  readonly expiresAt: number;
  /** What it asks for itself, which the service-account profile knows. */
  readonly scope: unknown;
  /** Which key has signed: its `kid`, or its thumbprint. */
  readonly keyId: string;
  readonly keyThumbprint: string;
  /** When the key ends, if it does by itself: what is issued on its word ends with it. */
  readonly keyEndsAt: number | undefined;
};

export type Verdict<A extends Authority = Authority> =
  | { readonly accepted: Accepted<A>; readonly fault?: never }
  | {
      readonly accepted?: never;
      readonly fault: AssertionFault;
      readonly authority: A | undefined;
      /** Where rules stood in the way: the service accounts of those that were met. */
      readonly met?: readonly string[];
    };

// RFC 8725 section 3.11. The last is what the successor of RFC 7523 gives to authorization grants.
const TYPES = new Set(['jwt', 'authorization-grant+jwt']);

function findHeaderFault({ header }: UnverifiedJwt): AssertionFault | undefined {
  if (header.crit !== undefined || header.b64 !== undefined) return 'critical_header';
  if (header.typ === undefined) return undefined;
  const type = String(header.typ)
    .toLowerCase()
    .replace(/^application\//, '');
  return TYPES.has(type) ? undefined : 'wrong_type';
}

/** As whom the workload acts, by the rules; everybody else acts as its own machine identity. */
function settleIdentity(
  { id, profile, mappings = [] }: Authority,
  claims: Claims,
  findRuleFault: FindRuleFault,
): ReturnType<typeof findMapped> {
  return profile === 'workload' ? findMapped(mappings, claims, findRuleFault) : { id };
}

function maySpeakAbout({ subjects, issuer, profile }: Authority, subject: unknown): boolean {
  // There the rules say who it is.
  if (profile === 'workload' && subjects.length === 0) return true;
  if (subjects.length > 0) return typeof subject === 'string' && subjects.includes(subject);
  return subject === undefined || subject === issuer;
}

export function createAssertions<A extends Authority>(parts: {
  issuer: string;
  tokenEndpoint: string;
  skewSeconds: number;
  findAuthority: (issuer: string) => Promise<A | undefined>;
  /** Rules were judged when they were registered, maybe by a law that let more through. */
  findRuleFault: FindRuleFault;
}) {
  const { issuer, tokenEndpoint, skewSeconds } = parts;

  async function listKeys(authority: A, kid: unknown): Promise<readonly PublicKey[] | undefined> {
    try {
      return await authority.listKeys(typeof kid === 'string' ? kid : undefined);
    } catch (error) {
      if (error instanceof OutboundFailure) return undefined;
      throw error;
    }
  }

  async function judgeFor(
    authority: A,
    jwt: UnverifiedJwt,
  ): Promise<Accepted<A> | AssertionFault | Unmapped> {
    const { profile, endedAt } = authority;
    const isForGoogle = profile === 'service-account';
    const now = nowSeconds();
    if (!authority.isActive) return 'issuer_disabled';
    if (!isForGoogle && jwt.isPadded) return 'padded';
    const keys = await listKeys(authority, jwt.header.kid);
    if (keys === undefined) return 'keys_unavailable';
    const signer = findSigner(jwt, keys, { disabled: authority.disabledKeys, mayTry: isForGoogle, now });
    if (typeof signer === 'string') return signer;
    const { claims } = jwt;
    const audiences = audiencesOf(authority.mappings ?? []);
    const expected = { issuer, tokenEndpoint, skewSeconds, now, audiences };
    const fault = findClaimFault(claims, profile, expected);
    if (fault !== undefined) return fault;
    if (endedAt !== undefined && Math.floor(claims.iat as number) <= endedAt) return 'signed_before_end';
    if (!maySpeakAbout(authority, claims.sub)) return 'subject_not_allowed';
    const identity = settleIdentity(authority, claims, parts.findRuleFault);
    if (identity.fault !== undefined) return identity;
    return {
      authority,
      actsAs: identity.id,
      subject: claims.sub === authority.issuer ? undefined : (claims.sub as string | undefined),
      jti: claims.jti as string | undefined,
      expiresAt: (claims.exp as number) + skewSeconds,
      scope: isForGoogle ? claims.scope : undefined,
      keyId: typeof signer.kid === 'string' ? signer.kid : thumbprintOf(signer),
      keyThumbprint: thumbprintOf(signer),
      keyEndsAt: typeof signer.exp === 'number' ? signer.exp : undefined,
    };
  }

  return {
    /** Reads, finds the issuer, verifies the signature and only then looks at what is said. */
    async judge(text: string): Promise<Verdict<A>> {
      const jwt = readCompactJwt(text);
      if (jwt === undefined) return { fault: 'malformed', authority: undefined };
      const headerFault = findHeaderFault(jwt);
      if (headerFault !== undefined) return { fault: headerFault, authority: undefined };
      const { iss } = jwt.claims;
      // What we sign ourselves is for others: it never comes back as an assertion.
      const isForeign = typeof iss === 'string' && iss !== issuer;
      const authority = isForeign ? await parts.findAuthority(iss) : undefined;
      if (authority === undefined) return { fault: 'unknown_issuer', authority };
      const judged = await judgeFor(authority, jwt);
      if (typeof judged === 'string') return { fault: judged, authority };
      return 'fault' in judged ? { ...judged, authority } : { accepted: judged };
    },
  };
}

export type Assertions<A extends Authority = Authority> = ReturnType<typeof createAssertions<A>>;
