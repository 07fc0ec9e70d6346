// How likely it is that anybody guesses a user code (RFC 8628 section 5.1): a matter of the settings together, so they are checked together.
import type { Config } from '../../config/schema.ts';
import type { Limit, Limits } from './limits.ts';

/** Eight letters of twenty. */
const USER_CODES = 20 ** 8;
/** RFC 8628 section 5.1, row D09. */
const MOST_LIKELY = 2 ** -20;

/**
 * Windows begin with the first try, so a life may touch one more than it is long. Where there are cool-downs, each
 * lets one more try through.
 */
function triesWithin(seconds: number, { max, windowSeconds, coolDownSeconds }: Limit): number {
  const windows = Math.ceil(seconds / windowSeconds) + 1;
  if (coolDownSeconds === undefined) return max * windows;
  return (max - 1) * windows + Math.ceil(seconds / coolDownSeconds) + 1;
}

/** Each code is open to the tries of everybody together, and beside these to those of the one network that asked for it. */
const HEARD = ['device_code.deployment', 'device_code.first_try', 'device_code.address'] as const;

/** The chance that one of the wrong codes that may be tried while a code lives is a waiting one. */
export function guessLikelihood(limits: Limits, device: Config['device']): number {
  const tries = HEARD.reduce((sum, name) => sum + triesWithin(device.code_seconds, limits[name]), 0);
  return (device.max_pending * tries) / USER_CODES;
}

/** Throws where a guess succeeds more often than once in 2^20 lives of a code. */
export function checkCodeGuessing(limits: Limits, device: Config['device']): void {
  const likelihood = guessLikelihood(limits, device);
  if (!device.enabled || likelihood <= MOST_LIKELY) return;
  const once = Math.floor(1 / likelihood);
  throw new Error(
    `device: with these settings somebody guesses a waiting code once in ${once} times, and it must be less than once in a million (RFC 8628 section 5.1); lower device.max_pending, device.code_seconds or the limits ${HEARD.join(', ')}`,
  );
}
