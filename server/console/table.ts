// The table of the administrator's pages: every route, in the order of the navigation. The matrix of the tests is made from it.
import { audit } from './audit-log.ts';
import { clients, requests } from './clients.ts';
import type { ConsoleRoute } from './console-route.ts';
import { issuers, resources, serviceAccounts } from './machines.ts';
import { overview } from './overview.ts';
import { people } from './people.ts';

export const consoleRoutes: readonly ConsoleRoute[] = [
  ...overview,
  ...people,
  ...clients,
  ...requests,
  ...resources,
  ...issuers,
  ...serviceAccounts,
  ...audit,
];
