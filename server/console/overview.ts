// /admin: how the server is at a glance; and /admin/doctor: what the doctor can say in the middle of the work.

import { listAskingClients } from '../admin/app-review-commands.ts';
import { listAudit } from '../admin/audit-commands.ts';
import { listClientRequests } from '../admin/client-commands.ts';
import { examineRunning } from '../admin/doctor.ts';
import type { Finding } from '../admin/finding.ts';
import { checkTrustedIssuers } from '../admin/issuer-checks.ts';
import { tellEvents } from './audit-log.ts';
import type { ConsoleParts, ConsoleRoute } from './console-route.ts';
import { listAccountsById } from './people.ts';
import { createConsoleStore } from './store.ts';

/** Of each check that a page shows. */
const titles: Readonly<Record<string, string>> = {
  issuer: 'Address',
  mail: 'Mail',
  first_administrator: 'Administrators',
  covered_entries: 'File and database',
  default_resource: 'Default API',
  introspection: 'Introspection',
  pkce: 'PKCE',
  scopes: 'Scopes',
  blocked_clients: 'Blocked clients',
  second_secrets: 'Secrets that change',
  reported_devices: 'Reported devices',
  trusted_issuers: 'Trusted issuers',
  signing_keys: 'Signing keys',
  clients: 'Clients',
};

function withTitles(findings: readonly Finding[]) {
  return findings.map((finding) => ({ ...finding, title: titles[finding.check] ?? finding.check }));
}

const LATEST_PEOPLE = 5;
const LATEST_REQUESTS = 5;
const LATEST_EVENTS = 8;

async function loadOverview(parts: ConsoleParts) {
  const store = createConsoleStore(parts.database);
  const latest = await store.listPeople({ filter: 'everybody', after: '', limit: LATEST_PEOPLE });
  const countClients = await store.countClients();
  const events = await listAudit(parts, { limit: LATEST_EVENTS });
  const findings = await examineRunning(parts);
  return {
    counts: {
      people: await store.countPeople(),
      requests: await store.countRequests(),
      asking: await store.countAsking(),
      clients: { allowed: countClients('clients', false), blocked: countClients('clients', true) },
      issuers: { allowed: countClients('issuers', false), blocked: countClients('issuers', true) },
      service_accounts: {
        allowed: countClients('service_accounts', false),
        blocked: countClients('service_accounts', true),
      },
      apis: { count: (await parts.resources.list()).length, isMore: false },
    },
    people: await listAccountsById(parts, latest),
    requests: await listClientRequests(parts, { limit: LATEST_REQUESTS }),
    asking: await listAskingClients(parts, { limit: LATEST_REQUESTS }),
    events: await tellEvents(parts, events),
    findings: withTitles(findings.filter(({ level }) => level !== 'ok')),
  };
}

export const overview: readonly ConsoleRoute[] = [
  {
    ...{ kind: 'page', section: 'overview', path: '/admin', title: 'Administration' },
    ...{ view: 'console/overview', load: loadOverview },
  },
  {
    ...{ kind: 'page', section: 'doctor', path: '/admin/doctor', title: 'Doctor', view: 'console/doctor' },
    // Only here are the key addresses of others asked: they may be slow.
    load: async (parts) => ({
      findings: withTitles([...(await examineRunning(parts)), ...(await checkTrustedIssuers(parts))]),
    }),
  },
];
