// What a trusted issuer is registered with (RFC 7523 section 3): whose assertions are believed, by which keys, and about whom.

/** RFC 7523 section 2.1. */
export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/**
 * `strict` is RFC 7523 with its bounds drawn narrow; `service-account` is the shape that Google's libraries send;
 * `workload` is an ID token of somebody else's issuer, which is no proof of who it is for.
 */
export type AssertionProfile = 'strict' | 'service-account' | 'workload';

/** A value that ends in `*` stands for all that begin so. */
export type ClaimRule = { readonly claim: string; readonly values: readonly string[] };

/** A workload whose token meets every rule acts as this service account. */
export type WorkloadMapping = {
  readonly serviceAccountId: string;
  readonly rules: readonly ClaimRule[];
  /** Claims that an operator says tell workloads apart, beside those that are known to. */
  readonly identifiedBy?: readonly string[];
};

export type Trust = {
  /** The `iss` of its assertions, compared as text. */
  readonly issuer: string;
  readonly profile: AssertionProfile;
  /** Its keys are pinned here, or published at `jwksUri`: one of the two. */
  readonly jwks?: { readonly keys: readonly Record<string, unknown>[] };
  readonly jwksUri?: string;
  /** By id (`kid`) or thumbprint (RFC 7638): keys that are not believed although they stand in the set. */
  readonly disabledKeys: readonly string[];
  /** Each `sub` that is accepted, compared as text; none is the issuer itself alone. */
  readonly subjects: readonly string[];
  /** The person in whose name the bearer acts; without one it is the issuer's own machine identity. */
  readonly accountId?: string;
  /** The clients that may present its assertions, and no other; none is whoever holds one, without a client. */
  readonly clientIds: readonly string[];
  /** Of a service account: the only API where what it signs and gets is good. */
  readonly resource?: string;
  /** With `workload`: who its tokens act as. */
  readonly mappings?: readonly WorkloadMapping[];
};
