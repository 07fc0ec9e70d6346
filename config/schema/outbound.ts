// Whom this server may call: `outbound`.
import { z } from 'zod';
import { list } from './elements.ts';
import { hostName } from './names.ts';
import { findUriFault } from './uris.ts';

export const outbound = z.strictObject({
  allowed_hosts: list(
    hostName,
    'Hosts of your own network that clients and issuers may name (jwks_uri, logout): http and inner addresses are allowed for exactly these. Without a port it is 80 for http and 443 for https.',
  ),
});

/**
 * Why this server may not call the address that a registration names, in words; undefined when it may.
 * `allowedHosts` are of the operator's own network: http is for these alone.
 */
export function findOutboundUriFault(uri: string, allowedHosts: readonly string[]): string | undefined {
  const fault = findUriFault(uri);
  if (fault !== undefined) return fault;
  const { protocol, host, port, username, password } = new URL(uri);
  if (username !== '' || password !== '') return 'must not have a user name or password';
  const isOwn = allowedHosts.includes(host) || (port === '' && allowedHosts.includes(`${host}:80`));
  if (protocol === 'https:' || (protocol === 'http:' && isOwn)) return undefined;
  return 'must be https, or http on a host that stands in outbound.allowed_hosts';
}

const outboundFields = ['jwks_uri', 'backchannel_logout_uri'] as const;

/** What is wrong with the addresses in one registration that this server would call. Trusts no shape. */
export function findOutboundFaults(
  registration: Readonly<Record<string, unknown>>,
  allowedHosts: readonly string[],
): { field: string; fault: string }[] {
  return outboundFields.flatMap((field) => {
    const uri = registration[field];
    const fault = typeof uri === 'string' ? findOutboundUriFault(uri, allowedHosts) : undefined;
    return fault === undefined ? [] : [{ field, fault }];
  });
}
