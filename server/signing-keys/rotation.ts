// When a signing key is published, begins to sign, only verifies, and goes. Pure: keys and the time in, due steps out.

export const algorithms = ['RS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof algorithms)[number];

/** Published ahead of its use; signs; verifies what it has signed; is nobody's key any more. */
export type KeyState = 'next' | 'active' | 'passive' | 'retired';

/** The life of a key, without the key. */
export type KeyTimes = {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly createdAt: number;
  /** Since when it signs; of the next one, when it will at the earliest. */
  readonly activeAt: number;
  /** Since when it does not sign; of the next one, since when it is published. */
  readonly passiveAt: number | undefined;
  readonly retiredAt: number | undefined;
  /** The longest life of anything that was signed while it was active. */
  readonly longestSeconds: number;
};

export type RotationPolicy = {
  readonly rotateAfterSeconds: number;
  readonly publishAheadSeconds: number;
};

export type Step =
  | { readonly kind: 'publish'; readonly algorithm: Algorithm; readonly activeAt: number }
  | { readonly kind: 'activate'; readonly algorithm: Algorithm; readonly kid: string }
  | { readonly kind: 'retire'; readonly algorithm: Algorithm; readonly kid: string };

/** RFC 7517 section 5 and row M04: a set of keys is never cached for longer than this, and never longer than they are published ahead. */
const LONGEST_CACHE_SECONDS = 3600;
/** Beyond the last token: clocks that are off, requests that were under way, and caches that were filled late. */
const MARGIN_SECONDS = 3660;
/** A set of keys that nobody can read any more helps nobody: rotation waits until some of them have gone. */
export const MOST_KEYS = 100;

/** How long others may keep the published keys without asking again. */
export function cacheSeconds({ publishAheadSeconds }: RotationPolicy): number {
  return Math.min(LONGEST_CACHE_SECONDS, publishAheadSeconds);
}

export function stateOf({ activeAt, passiveAt, retiredAt }: KeyTimes): KeyState {
  if (retiredAt !== undefined) return 'retired';
  if (passiveAt === undefined) return 'active';
  return activeAt > passiveAt ? 'next' : 'passive';
}

/** When the key that signs should hand over. */
export function rotatesAt(active: KeyTimes, { rotateAfterSeconds }: RotationPolicy): number {
  return active.activeAt + rotateAfterSeconds;
}

function findSuccession(
  algorithm: Algorithm,
  keys: readonly KeyTimes[],
  { policy, now }: { policy: RotationPolicy; now: number },
): Step[] {
  const active = keys.find((key) => stateOf(key) === 'active');
  const next = keys.find((key) => stateOf(key) === 'next');
  if (active === undefined) return [];
  if (next !== undefined) {
    return now >= next.activeAt ? [{ kind: 'activate', algorithm, kid: next.kid }] : [];
  }
  const isDue = now >= rotatesAt(active, policy) - policy.publishAheadSeconds;
  if (!isDue || keys.length >= MOST_KEYS) return [];
  // A server that was away for long still publishes for the whole time before it signs.
  const activeAt = Math.max(now + policy.publishAheadSeconds, rotatesAt(active, policy));
  return [{ kind: 'publish', algorithm, activeAt }];
}

function hasServed(key: KeyTimes, now: number): boolean {
  const { passiveAt, longestSeconds } = key;
  return (
    stateOf(key) === 'passive' &&
    passiveAt !== undefined &&
    now >= passiveAt + longestSeconds + MARGIN_SECONDS
  );
}

/** What is to be done now; nothing where all is in order. */
export function findDueSteps(keys: readonly KeyTimes[], policy: RotationPolicy, now: number): Step[] {
  return algorithms.flatMap((algorithm) => {
    const own = keys.filter((key) => key.algorithm === algorithm && key.retiredAt === undefined);
    const served = own.filter((key) => hasServed(key, now));
    return [
      ...findSuccession(algorithm, own, { policy, now }),
      ...served.map(({ kid }) => ({ kind: 'retire' as const, algorithm, kid })),
    ];
  });
}
