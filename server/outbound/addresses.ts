// Which addresses are of the world outside: everything else is of this machine, this network or its provider (RFC 6890).
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const INNER_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Azure's own services answer every machine there, at an address that looks public.
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

// Within 2000::/3: what carries an IPv4 address inside (Teredo, 6to4), and what is for documents only.
const INNER_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const innerIPv4 = new BlockList();
for (const [address, prefix] of INNER_IPV4) innerIPv4.addSubnet(address, prefix, 'ipv4');
const innerIPv6 = new BlockList();
for (const [address, prefix] of INNER_IPV6) innerIPv6.addSubnet(address, prefix, 'ipv6');
const globalIPv6 = new BlockList();
globalIPv6.addSubnet('2000::', 3, 'ipv6');

/** Whether anybody on the internet may be reached at this address. What is no address is not one of them. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !innerIPv4.check(address, 'ipv4');
  // Mapped and translated IPv4 lies outside of 2000::/3, as do link-local (with its zone), unique local and multicast.
  if (!isIPv6(address) || address.includes('%')) return false;
  return globalIPv6.check(address, 'ipv6') && !innerIPv6.check(address, 'ipv6');
}
