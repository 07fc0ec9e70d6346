// Where a request may go at all, as far as its URL says: https, a sane port, no address of our own network.
import { isIP } from 'node:net';
import { isPublicAddress } from './addresses.ts';
import { OutboundFailure } from './failure.ts';

const LOWEST_FREE_PORT = 1024;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

export type Target = {
  readonly url: URL;
  /** Host and port, always with the port: whose circuit it is. */
  readonly host: string;
  /** The operator's own network: http and inner addresses may be. */
  readonly isTrusted: boolean;
};

function forbid(reason: string): never {
  throw new OutboundFailure('forbidden', reason);
}

/** The URL as a target. `allowedHosts`: `host`, which is its default port, or `host:port`. Throws OutboundFailure. */
export function readTarget(text: string, allowedHosts: readonly string[]): Target {
  if (!URL.canParse(text)) forbid('no absolute URL');
  const url = new URL(text);
  const port = Number(url.port) || DEFAULT_PORTS[url.protocol];
  if (port === undefined) forbid(`the scheme ${url.protocol} is not https`);
  if (url.username !== '' || url.password !== '') forbid('a user name or password in the URL');
  const host = `${url.hostname}:${port}`;
  if (allowedHosts.includes(url.host) || allowedHosts.includes(host)) return { url, host, isTrusted: true };
  if (url.protocol !== 'https:') forbid(`the scheme ${url.protocol} is not https`);
  // Below are the services of the machine itself: mail, SSH and the like, which might take our words for theirs.
  if (port !== DEFAULT_PORTS['https:'] && port < LOWEST_FREE_PORT) forbid(`the port ${port}`);
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && !isPublicAddress(literal)) forbid(`the inner address ${literal}`);
  return { url, host, isTrusted: false };
}
