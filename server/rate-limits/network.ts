// Whether two callers are of one network: the one that limits count by (web/address.ts).
import { isLoopback, networkOf } from '../web/address.ts';

/** A machine that speaks to itself may do so in either family. */
export function isSameNetwork(one: string, other: string): boolean {
  return networkOf(one) === networkOf(other) || (isLoopback(one) && isLoopback(other));
}
