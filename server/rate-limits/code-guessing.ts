// How likely it is that anybody guesses a user code (RFC 8628 section 5.1): a matter of the settings together, so they are checked together.
import type { Config } from '../../config/schema.ts';
import type { Limit, Limits } from './limits.ts';

/** Eight letters of twenty. */
const USER_CODES = 20 ** 8;
/** RFC 8628 section 5.1, row D09. */
const MOST_LIKELY = 2 ** -20;

/** Windows begin with the first try, so a life may touch one more than it is long. */
function triesWithin(seconds: number, { max, windowSeconds }: Limit): number {
  return max * (Math.ceil(seconds / windowSeconds) + 1);
}

/**
 * The chance that one of the wrong codes that may be tried while a code lives is a waiting one. Each code is open to
 * the tries of everybody together, and beside these to those of the one network that asked for it.
 */
export function guessLikelihood(limits: Limits, device: Config['device']): number {
  const tries =
    triesWithin(device.code_seconds, limits['device_code.deployment']) +
    triesWithin(device.code_seconds, limits['device_code.address']);
  return (device.max_pending * tries) / USER_CODES;
}

/** Throws where a guess succeeds more often than once in 2^20 lives of a code. */
export function checkCodeGuessing(limits: Limits, device: Config['device']): void {
  const likelihood = guessLikelihood(limits, device);
  if (!device.enabled || likelihood <= MOST_LIKELY) return;
  const once = Math.floor(1 / likelihood);
  throw new Error(
    `device: with these settings somebody guesses a waiting code once in ${once} times, and it must be less than once in a million (RFC 8628 section 5.1); lower device.max_pending, device.code_seconds, limits["device_code.deployment"] or limits["device_code.address"]`,
  );
}
