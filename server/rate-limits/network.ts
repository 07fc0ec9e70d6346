// The network that an address belongs to, as a key to count by: an IPv4 address, or the /64 of an IPv6 one.
import { isIPv6 } from 'node:net';

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): string[] {
  // The URL parser writes every spelling of an address in the one of RFC 5952.
  const [head = '', tail = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter((group) => group !== '');
  const right = tail.split(':').filter((group) => group !== '');
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
}

/** Whoever has one address of a /64 has all of them, so these count as one; ::ffff:192.0.2.1 is 192.0.2.1. */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return plain;
  const groups = groupsOf(plain);
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') {
    const bytes = groups
      .slice(6)
      .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
    return bytes.join('.');
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function isLoopback(address: string): boolean {
  return address === '::1' || networkOf(address).startsWith('127.');
}

/** Whether both are of one network; a machine that speaks to itself may do so in either family. */
export function isSameNetwork(one: string, other: string): boolean {
  return networkOf(one) === networkOf(other) || (isLoopback(one) && isLoopback(other));
}
