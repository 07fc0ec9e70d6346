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

/** One network in one spelling; a single address is a network of itself. A prefix of 0 is everybody, and is refused. */
function readNetwork(text: string): string {
  const [, written = '', prefix] = /^([0-9a-fA-F:.]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const address = canonicalAddress(written) ?? refuse(text);
  const longest = isIPv4(address) ? 32 : 128;
  const length = prefix === undefined ? longest : Number(prefix);
  return length >= 1 && length <= longest ? `${address}/${length}` : refuse(text);
}

/** Refuses with invalid_request what is no network, and more of them than anybody can oversee. */
export function readNetworks(texts: readonly string[]): string[] {
  if (texts.length > MOST_NETWORKS) {
    const words = 'Give at most {most} networks.';
    throw new Refusal('invalid_request', { words, values: { most: MOST_NETWORKS }, param: 'cidr' });
  }
  return [...new Set(texts.map(readNetwork))];
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
