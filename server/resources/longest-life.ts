// Of all that a key signs, what must be verified for the longest: how long the key is still published when another one signs.
import type { Config } from '../../config/schema.ts';
import type { Resource } from './resources.ts';

/** In seconds, of what is signed today with this algorithm. */
export function longestLife(
  { tokens, sessions }: Config,
  resources: readonly Resource[],
  algorithm: string,
): number {
  const lives = resources.map((one) => one.registration.accessTokenSeconds ?? tokens.access_token_seconds);
  // An ID token comes back as a hint when its session ends (OpenID Connect RP-Initiated Logout 1.0 section 2).
  const hint = algorithm === 'RS256' ? Math.max(tokens.id_token_seconds, sessions.absolute_seconds) : 0;
  return Math.max(tokens.access_token_seconds, hint, ...lives);
}
