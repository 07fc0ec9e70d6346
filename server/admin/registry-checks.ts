// What the doctor says of the clients, APIs and people of a deployment. Pure: facts in, findings out.
import type { Config } from '../../config/schema.ts';
import { type Client, isAllowed } from '../clients/clients.ts';
import { EVERY_SCOPE } from '../clients/ready-made.ts';
import { stateOf } from '../clients/team-owner.ts';
import { openidScopes } from '../protocol/catalog.ts';
import { managementScopes, ownScopes } from '../resources/management.ts';
import type { Resource } from '../resources/resources.ts';
import { type Finding, nameSome } from './finding.ts';

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

/** Fine where nothing is named, otherwise of this level with the names. */
function nameAll(
  check: string,
  names: readonly string[],
  { level = 'warning', fine, sentence }: { level?: Finding['level']; fine: string; sentence: string },
): Finding {
  return names.length === 0
    ? { check, level: 'ok', sentence: fine }
    : { check, level, sentence, values: nameSome(names) };
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
      .map((one) => one.id),
    ...resources
      .filter(
        (one) => one.isCovering || (one.source === 'database' && declaredIdentifiers.has(one.identifier)),
      )
      .map((one) => one.identifier),
  ];
  return nameAll('covered_entries', names, {
    fine: 'The file declares nothing that the database has too.',
    sentence:
      'The configuration file wins over what the database has of the same name: {names}{more, plural, =0 {} other { and # more}}.',
  });
}

function checkPkce({ clients }: Registry): Finding {
  const names = clients.filter((client) => !client.registration.needsPkce).map((client) => client.id);
  return nameAll('pkce', names, {
    fine: 'Every client needs PKCE.',
    sentence:
      'PKCE is switched off, which RFC 9700 section 2.1.1 asks for: {names}{more, plural, =0 {} other { and # more}}.',
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
      .map((scope) => `${scope} (${id})`),
  );
  return nameAll('scopes', names, {
    fine: 'Every scope of a client is known to an API.',
    sentence:
      'No API knows these scopes, so nobody gets them: {names}{more, plural, =0 {} other { and # more}}.',
  });
}

function checkDefaultResource({ resources }: Registry): Finding {
  const found = resources.find((resource) => resource.isDefault);
  const sentence =
    'No API is the default one: tokens of clients that send no resource open nothing. The command latchkey resources create --default makes one.';
  return found === undefined
    ? { check: 'default_resource', level: 'warning', sentence }
    : {
        ...{ check: 'default_resource', level: 'ok' },
        ...{
          sentence: 'Of clients that send no resource the API {api} is meant.',
          values: { api: found.identifier },
        },
      };
}

function checkServers({ clients, resources }: Registry): Finding {
  const served = new Set(clients.filter(isAllowed).map((client) => client.resource));
  const names = resources.map(({ identifier }) => identifier).filter((identifier) => !served.has(identifier));
  return nameAll('introspection', names, {
    fine: 'Every API can introspect.',
    sentence: 'Nobody can introspect for these APIs: {names}{more, plural, =0 {} other { and # more}}.',
  });
}

/** A client is blocked on purpose, and a second secret is there on purpose: named, so that neither is forgotten. */
function checkBlocked({ clients }: Registry): Finding {
  const names = clients.filter((client) => stateOf(client) === 'blocked').map((client) => client.id);
  return nameAll('blocked_clients', names, {
    level: 'ok',
    fine: 'No client is blocked.',
    sentence: 'These clients are blocked: {names}{more, plural, =0 {} other { and # more}}.',
  });
}

function checkAsking({ clients }: Registry): Finding {
  const names = clients.filter(({ owner }) => owner?.askedAt !== undefined).map((client) => client.id);
  return nameAll('apps_of_teams', names, {
    fine: 'No team waits for you to look at its app.',
    sentence:
      'Teams wait for you to look at these apps of theirs (latchkey clients list --pending): {names}{more, plural, =0 {} other { and # more}}.',
  });
}

function checkSecrets({ clients, now }: Registry): Finding {
  const names = clients
    .filter(({ registration }) => registration.secrets.some(({ expiresAt = 0 }) => expiresAt > now))
    .map((client) => client.id);
  return nameAll('second_secrets', names, {
    level: 'ok',
    fine: 'No client is changing its secret.',
    sentence:
      'The secret before is still good, for a day after the change: {names}{more, plural, =0 {} other { and # more}}.',
  });
}

function checkAdministrator({ hasAdministrator }: Registry): Finding {
  const check = 'first_administrator';
  const sentence =
    'There is no administrator. The server prints a link for the first when it starts; the command latchkey accounts create --admin makes one too.';
  return hasAdministrator
    ? { check, level: 'ok', sentence: 'There is an administrator.' }
    : { check, level: 'warning', sentence };
}

function checkAudit({ brokenChains }: Registry): Finding {
  const names = brokenChains.map(({ node, sequence }) => `${node} ${sequence}`);
  return nameAll('audit', names, {
    level: 'error',
    fine: 'Every chain of events is whole.',
    sentence:
      'Events were changed or taken out. The chain and its first wrong row: {names}{more, plural, =0 {} other { and # more}}.',
  });
}

/** People have said that a device was not theirs: somebody may be phishing with this client's codes. */
function checkReports({ reports }: Registry): Finding {
  const names = [...new Set(reports.map(({ clientId }) => clientId))];
  return nameAll('reported_devices', names, {
    fine: 'No report of a device stands.',
    sentence:
      'People have reported devices of these clients; latchkey devices blocks lists the reports: {names}{more, plural, =0 {} other { and # more}}.',
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
    checkAsking,
    checkSecrets,
    checkAudit,
    checkReports,
  ];
  return checks.map((check) => check(registry));
}
