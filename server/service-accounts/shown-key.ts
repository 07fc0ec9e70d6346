// A public key of a machine, as people and operators see it.
import { nowSeconds } from '../clock.ts';
import { algorithmsOf, isDisabled, isInForce, type PublicKey, thumbprintOf } from './keys.ts';

export type ShownKey = {
  kid: string | null;
  thumbprint: string;
  algorithms: readonly string[];
  state: 'in_force' | 'disabled' | 'ended' | 'unusable';
  /** null: it stands in the configuration file, or has been there for longer than this is known. */
  added_at: number | null;
  expires_at: number | null;
};

export function showKey(key: PublicKey, disabled: readonly string[]): ShownKey {
  const algorithms = algorithmsOf(key);
  const [isOff, isGood] = [isDisabled(key, disabled), isInForce(key, nowSeconds())];
  const inUse = isOff ? 'disabled' : isGood ? 'in_force' : 'ended';
  return {
    kid: typeof key.kid === 'string' ? key.kid : null,
    thumbprint: thumbprintOf(key),
    algorithms,
    state: algorithms.length === 0 ? 'unusable' : inUse,
    added_at: typeof key.iat === 'number' ? key.iat : null,
    expires_at: typeof key.exp === 'number' ? key.exp : null,
  };
}
