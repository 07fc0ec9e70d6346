// Where a client may have people sent back to, by its type (RFC 6749 section 3.1.2, RFC 8252 section 7).
import { findUriFault, isLoopbackHost } from './uris.ts';

export const clientTypes = ['web', 'native', 'browser', 'service'] as const;

const nativeLoopbackHosts = ['127.0.0.1', '[::1]', 'localhost'];
const scriptingSchemes = ['javascript:', 'data:', 'file:', 'vbscript:', 'about:', 'blob:'];

export type ClientType = (typeof clientTypes)[number];

/**
 * Why this redirect URI may not be registered by a client of this type, in words; undefined when it may.
 * RFC 6749 section 3.1.2, RFC 8252 section 7, RFC 9700 section 4.1.
 */
export function findRedirectUriFault(uri: string, type: ClientType): string | undefined {
  const fault = findUriFault(uri);
  if (fault !== undefined) return fault;
  const { protocol, hostname } = new URL(uri);
  // The URL parser drops control characters and case, so this meets ` JaVaScRiPt:` too.
  if (scriptingSchemes.includes(protocol))
    return 'must not use a scheme that a browser runs or opens by itself';
  if (/^[^/?]*\/\/[^/?]*@/.test(uri)) return 'must not have a user name or password';
  if (uri.includes('*')) return 'must not have a wildcard: redirect URIs are compared exactly';
  if (protocol !== 'https:' && protocol !== 'http:') return findSchemeFault(protocol, type);
  if (!/^https?:\/\/[^/?]/.test(uri)) return 'must be written as https://host/path';
  return findWebUriFault(protocol, hostname, type);
}

function findSchemeFault(protocol: string, type: ClientType): string | undefined {
  if (type !== 'native') return 'must be https, or http on a loopback host';
  // RFC 8252 section 7.1: a scheme like com.example.app belongs to whoever owns the domain; `app:` to nobody.
  return protocol.includes('.')
    ? undefined
    : 'needs a private-use scheme with a dot, such as com.example.app';
}

function findWebUriFault(protocol: string, hostname: string, type: ClientType): string | undefined {
  if (type === 'native' && nativeLoopbackHosts.includes(hostname)) {
    return protocol === 'http:'
      ? undefined
      : 'must be http on a loopback host: a native app has no certificate for it';
  }
  if (protocol === 'https:') return undefined;
  return type !== 'native' && isLoopbackHost(hostname)
    ? undefined
    : 'must be https unless its host is loopback';
}
