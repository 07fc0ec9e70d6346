// Rules that read several sections: every name means one thing, and every address that is called may be called.
import type { z } from 'zod';
import { refineUnique } from './elements.ts';
import { findOutboundFaults, findOutboundUriFault } from './outbound.ts';

/** Every name in clients and resources means one thing. Runs over half-valid input, so it trusts no shape. */
export function refineIdentities(
  settings: { clients: unknown; resources: unknown; trusted_issuers: unknown; service_accounts: unknown },
  context: z.RefinementCtx,
): void {
  const clients = entries(settings.clients);
  const resources = entries(settings.resources);
  const issuers = entries(settings.trusted_issuers).map(({ issuer: value }, index) => ({
    value,
    path: ['trusted_issuers', index, 'issuer'],
  }));
  const serviceAccounts = entries(settings.service_accounts);
  const callers = resources.map((resource) => entry(resource.introspection));
  const clientIds = [
    ...serviceAccounts.map(({ id: value }, index) => ({ value, path: ['service_accounts', index, 'id'] })),
    ...clients.map((client, index) => ({ value: client.client_id, path: ['clients', index, 'client_id'] })),
    ...callers.map(({ client_id: value }, index) => ({
      value,
      path: ['resources', index, 'introspection', 'client_id'],
    })),
  ];
  const identifiers = resources.map(({ identifier: value }, index) => ({
    value,
    path: ['resources', index, 'identifier'],
  }));
  const defaults = resources.map((resource, index) => ({
    value: resource.default === true ? 'default' : undefined,
    path: ['resources', index, 'default'],
  }));
  const schemes = clients.flatMap((client, index) => {
    // An id that is used twice is told as such.
    const isFirst = clients.findIndex((other) => other.client_id === client.client_id) === index;
    const claimed = isFirst ? privateUseSchemes(client.redirect_uris) : [];
    return claimed.map((value) => ({ value, path: ['clients', index, 'redirect_uris'] }));
  });
  refineUnique(clientIds, 'is used twice; an id is for one client or one API', context);
  refineUnique(schemes, 'has a private-use scheme of another client', context);
  refineUnique(identifiers, 'is used twice', context);
  refineUnique(issuers, 'is used twice', context);
  refineUnique(defaults, 'may be true for one resource only', context);
}

/** Whatever is called is judged by the hosts of the operator's own network, which stand in another section. */
export function refineOutboundUris(
  settings: {
    clients: unknown;
    resources: unknown;
    trusted_issuers: unknown;
    api_keys: unknown;
    outbound: { allowed_hosts: readonly string[] };
  },
  context: z.RefinementCtx,
): void {
  const { public_keys_uri: scanner } = entry(entry(settings.api_keys).secret_scanning);
  const fault =
    typeof scanner === 'string' ? findOutboundUriFault(scanner, settings.outbound.allowed_hosts) : undefined;
  if (fault !== undefined) {
    const path = ['api_keys', 'secret_scanning', 'public_keys_uri'];
    context.addIssue({ code: 'custom', path, message: fault });
  }
  const callers = entries(settings.resources).map((resource) => entry(resource.introspection));
  const registrations = [
    ...entries(settings.clients).map((value, index) => ({ value, path: ['clients', index] })),
    ...callers.map((value, index) => ({ value, path: ['resources', index, 'introspection'] })),
    ...entries(settings.trusted_issuers).map((value, index) => ({ value, path: ['trusted_issuers', index] })),
  ];
  for (const { value, path } of registrations) {
    for (const { field, fault } of findOutboundFaults(value, settings.outbound.allowed_hosts))
      context.addIssue({ code: 'custom', path: [...path, field], message: fault });
  }
}

/** The schemes that an app claims on the machines it is installed on (RFC 8252 section 7.1), each once, with their colon. */
function privateUseSchemes(uris: unknown): string[] {
  const texts = Array.isArray(uris) ? uris.map(String) : [];
  const schemes = texts.flatMap((uri) => URL.parse(uri)?.protocol ?? []);
  return [...new Set(schemes)].filter((scheme) => scheme !== 'https:' && scheme !== 'http:');
}

function entries(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(entry) : [];
}

function entry(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
