// Who is calling: the client's address, behind trusted proxies too, in one canonical form (ASVS 4.1.3, row C07).
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const UNKNOWN = 'unknown';

/** The one way to write an address: IPv4 dotted, IPv6 as in RFC 5952, IPv4-mapped IPv6 as IPv4. */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const address = text.split('%', 1)[0] ?? '';
  if (!isIPv6(address)) return undefined;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!mapped) return canonical;
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The network a limit counts: whoever has one IPv6 address has its whole /64. */
export function networkOf(text: string): string {
  const address = canonicalAddress(text) ?? text;
  if (!isIPv6(address)) return address;
  const [left = '', right] = address.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right ? right.split(':') : [];
  const zeros: string[] = new Array(Math.max(0, 8 - head.length - tail.length)).fill('0');
  const prefix = [...head, ...zeros, ...tail].slice(0, 4).join(':');
  return `${canonicalAddress(`${prefix}::`) ?? prefix}/64`;
}

/** Whether it is an address of this machine itself. */
export function isLoopback(text: string): boolean {
  const address = canonicalAddress(text) ?? '';
  return address === '::1' || address.startsWith('127.');
}

function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop);
  if (bracketed) return bracketed[1] ?? '';
  return hop.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
}

/** Addresses and ranges in CIDR form (`10.0.0.0/8`, `::1`): our own proxies. */
export function createTrustedProxies(ranges: readonly string[]) {
  const list = new BlockList();
  for (const range of ranges) {
    const [text = '', prefix] = range.split('/');
    const family = isIPv6(text) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(text, family);
    else list.addSubnet(text, Number(prefix), family);
  }

  function isTrusted(address: string): boolean {
    return ranges.length > 0 && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /** The right-most address of the chain that is not one of ours; what stands left of it anybody may have written. */
  function clientAddress(peer: string | undefined, forwardedFor: string): string {
    let address = canonicalAddress(peer ?? '') ?? UNKNOWN;
    const hops = forwardedFor === '' ? [] : forwardedFor.split(',');
    while (hops.length > 0 && address !== UNKNOWN && isTrusted(address)) {
      const next = canonicalAddress(withoutPort((hops.pop() ?? '').trim()));
      if (next === undefined) break;
      address = next;
    }
    return address;
  }

  /** Whether the other end of the connection is one of our proxies. */
  function isTrustedPeer(peer: string | undefined): boolean {
    const address = canonicalAddress(peer ?? '');
    return address !== undefined && isTrusted(address);
  }

  return { clientAddress, isTrustedPeer };
}

export type TrustedProxies = ReturnType<typeof createTrustedProxies>;
