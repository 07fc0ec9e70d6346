// Where a key may be used from: networks in CIDR form (RFC 4632, RFC 4291 section 2.3). Pure.
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { Refusal } from '../errors.ts';
import { canonicalAddress } from '../web/address.ts';

const MOST_NETWORKS = 20;

function refuse(text: string): never {
  throw new Refusal('invalid_request', {
    words:
      '{text} is no network such as 203.0.113.0/24 or 2001:db8::/32. Leave it out to allow every address.',
    values: { text: text.slice(0, 60) },
    param: 'cidr',
  });
}

/** An address as bits: those behind the prefix of a network are of hosts, and a slip of the pen. */
function bitsOf(address: string): string {
  if (isIPv4(address))
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [left = '', right] = address.split('::');
  const [head, tail] = [left, right ?? ''].map((half) => (half === '' ? [] : half.split(':'))) as [
    string[],
    string[],
  ];
  const zeros: string[] = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const groups = [...head, ...zeros, ...tail];
  return groups.map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0')).join('');
}

/** One network in one spelling; a single address is a network of itself. A prefix of 0 is everybody, and is refused. */
function readNetwork(text: string): string {
  const [, written = '', prefix] = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const address = canonicalAddress(written) ?? refuse(text);
  const longest = isIPv4(address) ? 32 : 128;
  const length = prefix === undefined ? longest : Number(prefix);
  const isNetwork = length >= 1 && length <= longest && !bitsOf(address).includes('1', length);
  return isNetwork ? `${address}/${length}` : refuse(text);
}

/** Refuses with invalid_request what is no network, and more of them than anybody can oversee. */
export function readNetworks(texts: readonly string[]): string[] {
  if (texts.length > MOST_NETWORKS) {
    const words = 'Give at most {most} networks.';
    throw new Refusal('invalid_request', { words, values: { most: MOST_NETWORKS }, param: 'cidr' });
  }
  return [...new Set(texts.map(readNetwork))];
}

/** Is every address of these networks in one of those? Without networks it is every address. */
export function isPartOf(networks: readonly string[], whole: readonly string[]): boolean {
  if (whole.length === 0) return true;
  const isCovered = (network: string): boolean => {
    const [address = '', length] = network.split('/');
    return whole.some((one) => Number(one.split('/')[1]) <= Number(length) && isWithin([one], address));
  };
  return networks.length > 0 && networks.every(isCovered);
}

/** May a key of these networks be used from there? Without networks from everywhere; otherwise never from nowhere. */
export function isWithin(networks: readonly string[], address: string | undefined): boolean {
  if (networks.length === 0) return true;
  const known = canonicalAddress(address ?? '');
  if (known === undefined) return false;
  const list = new BlockList();
  for (const network of networks) {
    const [text = '', length] = network.split('/');
    list.addSubnet(text, Number(length), isIPv6(text) ? 'ipv6' : 'ipv4');
  }
  return list.check(known, isIPv6(known) ? 'ipv6' : 'ipv4');
}
