// What the doctor says of the keys behind /jwks. Pure: facts in, findings out.
import {
  algorithms,
  type KeyTimes,
  type RotationPolicy,
  rotatesAt,
  stateOf,
} from '../signing-keys/rotation.ts';
import type { Finding } from './finding.ts';

// A running server looks every minute.
const PATIENCE_SECONDS = 3600;
const check = 'signing_keys';

function isOverdue(key: KeyTimes, policy: RotationPolicy, now: number): boolean {
  // Where no server ran for long the next key is published first.
  return now > rotatesAt(key, policy) + policy.publishAheadSeconds + PATIENCE_SECONDS;
}

export function checkSigningKeys(
  keys: readonly KeyTimes[],
  { policy, now }: { policy: RotationPolicy; now: number },
): Finding {
  const active = keys.filter((key) => stateOf(key) === 'active');
  if (active.length === 0) {
    return { check, level: 'ok', sentence: 'There are none yet; the first start of the server makes them.' };
  }
  const missing = algorithms.filter((algorithm) => !active.some((key) => key.algorithm === algorithm));
  if (missing.length > 0) {
    const sentence = 'No key signs {algorithms}. Start a server: it makes one.';
    return { check, level: 'error', sentence, values: { algorithms: missing.join(', ') } };
  }
  const overdue = active
    .filter((key) => isOverdue(key, policy, now))
    .map((key) => `${key.algorithm} (${key.kid})`);
  if (overdue.length > 0) {
    const sentence =
      'Rotation is overdue of {keys}. A running server does it by itself; look for signing_keys.rotation_failed in its log.';
    return { check, level: 'warning', sentence, values: { keys: overdue.join(', ') } };
  }
  const first = Math.min(...active.map((key) => rotatesAt(key, policy)));
  const day = new Date(first * 1000).toISOString().slice(0, 10);
  const sentence = 'They rotate by themselves; the next one takes over on {day} or soon after.';
  return { check, level: 'ok', sentence, values: { day } };
}
