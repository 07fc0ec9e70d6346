// Addresses: what is wrong with one, in words, and which are this machine.
import { isIP } from 'node:net';

/** Is this host, as URL.hostname writes it, this machine and no other (RFC 6761 section 6.3)? */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}

export function findUriFault(uri: string): string | undefined {
  if (/[^\x21-\x7e]|\\/.test(uri)) return 'must be plain ASCII without spaces and backslashes';
  if (!URL.canParse(uri)) return 'must be an absolute URI';
  return uri.includes('#') ? 'must not have a fragment' : undefined;
}

export function findIssuerFault(issuer: string): string | undefined {
  if (!URL.canParse(issuer)) return 'must be a URL such as https://id.example.com';
  const url = new URL(issuer);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return 'must be https, or http on a loopback host';
  if (issuer.includes('@')) return 'must not have a user name or password';
  if (issuer.includes('?')) return 'must not have a query (RFC 8414 section 2)';
  if (issuer.includes('#')) return 'must not have a fragment (RFC 8414 section 2)';
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    return 'must be https unless its host is loopback';
  if (url.pathname !== '/') return 'must not have a path: only a whole host is served so far';
  // Clients compare the issuer as text (RFC 8414 section 3.3), so there must be one way to write it.
  if (issuer.endsWith('/')) return 'must not end with a slash: clients compare it as text';
  if (issuer !== url.origin) return 'must be written with a lower-case host and without the default port';
  return undefined;
}
