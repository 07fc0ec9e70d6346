// What the doctor says of the clients, APIs and people of a deployment. Pure: facts in, findings out.
import type { Config } from '../../config/schema.ts';
import { type Client, isAllowed } from '../clients/clients.ts';
import { EVERY_SCOPE } from '../clients/ready-made.ts';
import { openidScopes } from '../protocol/catalog.ts';
import { managementScopes, ownScopes } from '../resources/management.ts';
import type { Resource } from '../resources/resources.ts';
import type { Finding } from './finding.ts';

export type Registry = {
  readonly config: Pick<Config, 'clients' | 'resources'>;
  readonly clients: readonly Client[];
  readonly resources: readonly Resource[];
  readonly hasAdministrator: boolean;
  readonly brokenChains: readonly { node: string; sequence: number }[];
  /** What people have reported and nobody has lifted, the latest first. */
  readonly reports: readonly { clientId: string }[];
  readonly now: number;
};

const MOST_NAMES = 20;

function nameSome(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return [...names.slice(0, MOST_NAMES), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

/** Fine where nothing is named, otherwise of this level with the names. */
function nameAll(
  check: string,
  names: readonly string[],
  { level = 'warning', fine, words }: { level?: Finding['level']; fine: string; words: string },
): Finding {
  return names.length === 0
    ? { check, level: 'ok', words: fine }
    : { check, level, words: `${words}: ${nameSome(names)}.` };
}

/** Entries of the database that the file's declaration of the same name hides; also where the server has not started since. */
function checkCovered({ config, clients, resources }: Registry): Finding {
  const declaredIds = new Set([
    ...config.clients.map((client) => client.client_id),
    ...config.resources.flatMap((resource) => resource.introspection?.client_id ?? []),
  ]);
  const declaredIdentifiers = new Set(config.resources.map((resource) => resource.identifier));
  const names = [
    ...clients
      .filter((one) => one.isCovering || (one.source === 'database' && declaredIds.has(one.id)))
      .map((one) => `client ${one.id}`),
    ...resources
      .filter(
        (one) => one.isCovering || (one.source === 'database' && declaredIdentifiers.has(one.identifier)),
      )
      .map((one) => `API ${one.identifier}`),
  ];
  return nameAll('covered_entries', names, {
    fine: 'The file declares nothing that the database has too.',
    words: 'The configuration file wins over an entry of the database of the same name',
  });
}

function checkPkce({ clients }: Registry): Finding {
  const names = clients.filter((client) => !client.registration.needsPkce).map((client) => client.id);
  return nameAll('pkce', names, {
    fine: 'Every client needs PKCE.',
    words: 'PKCE is switched off (RFC 9700 section 2.1.1 asks for it)',
  });
}

function checkScopes({ clients, resources }: Registry): Finding {
  const known = new Set([
    ...Object.keys(openidScopes),
    ...Object.keys(managementScopes),
    ...Object.keys(ownScopes),
    ...resources.flatMap((resource) => Object.keys(resource.registration.scopes)),
  ]);
  const names = clients.flatMap(({ id, registration }) =>
    registration.scopes
      .filter((scope) => scope !== EVERY_SCOPE && !known.has(scope))
      .map((scope) => `${scope} of ${id}`),
  );
  return nameAll('scopes', names, {
    fine: 'Every scope of a client is known to an API.',
    words: 'No API knows these scopes, so nobody gets them',
  });
}

function checkDefaultResource({ resources }: Registry): Finding {
  const found = resources.find((resource) => resource.isDefault);
  const words =
    'No API is the default one: tokens of clients that send no resource open nothing. Make one with: latchkey resources create --default';
  return found === undefined
    ? { check: 'default_resource', level: 'warning', words }
    : { check: 'default_resource', level: 'ok', words: `${found.identifier} is the default API.` };
}

function checkServers({ clients, resources }: Registry): Finding {
  const served = new Set(clients.filter(isAllowed).map((client) => client.resource));
  const names = resources.map(({ identifier }) => identifier).filter((identifier) => !served.has(identifier));
  return nameAll('introspection', names, {
    fine: 'Every API can introspect.',
    words: 'Nobody can introspect for these APIs',
  });
}

/** A client is blocked on purpose, and a second secret is there on purpose: named, so that neither is forgotten. */
function checkBlocked({ clients }: Registry): Finding {
  const names = clients.filter((client) => !isAllowed(client)).map((client) => client.id);
  return nameAll('blocked_clients', names, { level: 'ok', fine: 'No client is blocked.', words: 'Blocked' });
}

function checkSecrets({ clients, now }: Registry): Finding {
  const names = clients
    .filter(({ registration }) => registration.secrets.some(({ expiresAt = 0 }) => expiresAt > now))
    .map((client) => client.id);
  return nameAll('second_secrets', names, {
    level: 'ok',
    fine: 'No client is changing its secret.',
    words: 'The secret before is still good, for a day after the change',
  });
}

function checkAdministrator({ hasAdministrator }: Registry): Finding {
  const check = 'first_administrator';
  const words =
    'There is no administrator. Take the link that the server prints when it starts, or: latchkey accounts create --admin';
  return hasAdministrator
    ? { check, level: 'ok', words: 'There is an administrator.' }
    : { check, level: 'warning', words };
}

function checkAudit({ brokenChains }: Registry): Finding {
  const names = brokenChains.map(({ node, sequence }) => `${node} at ${sequence}`);
  return nameAll('audit', names, {
    level: 'error',
    fine: 'Every chain of events is whole.',
    words: 'Events were changed or taken out. The chain and its first wrong row',
  });
}

/** People have said that a device was not theirs: somebody may be phishing with this client's codes. */
function checkReports({ reports }: Registry): Finding {
  const names = [...new Set(reports.map(({ clientId }) => clientId))];
  return nameAll('reported_devices', names, {
    fine: 'No report of a device stands.',
    words: 'People have reported devices (latchkey devices blocks) of',
  });
}

export function checkRegistry(registry: Registry): Finding[] {
  const checks = [
    checkAdministrator,
    checkCovered,
    checkDefaultResource,
    checkServers,
    checkPkce,
    checkScopes,
    checkBlocked,
    checkSecrets,
    checkAudit,
    checkReports,
  ];
  return checks.map((check) => check(registry));
}
