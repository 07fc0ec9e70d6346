// Clients and APIs as tests register and declare them, and the parts to do so with on an opened database.
import { createAudit } from '../../server/audit/audit.ts';
import { createClients, type Registration } from '../../server/clients/clients.ts';
import { resourceServer } from '../../server/clients/ready-made.ts';
import { createResources, type ResourceRegistration } from '../../server/resources/resources.ts';
import type { Database } from '../../server/storage/database.ts';
import { createDeployment } from '../../server/storage/deployment.ts';

export function createRegistry(database: Database) {
  const audit = createAudit({ database });
  const deployment = createDeployment(database);
  const clients = createClients({ database, audit, actor: 'operator' });
  const resources = createResources({
    ...{ database, deployment, audit, actor: 'operator' },
    prepareServer: ({ identifier, name }, { auth, ...keys }) =>
      clients.prepare(resourceServer(name, auth, keys), { resource: identifier }),
    endOf: clients.removeServersOf,
  });
  return { audit, deployment, clients, resources };
}

export type Registry = ReturnType<typeof createRegistry>;

export const looms: Omit<Registration, 'secrets'> = {
  name: 'Looms',
  type: 'web',
  auth: 'client_secret_basic',
  grants: ['authorization_code', 'refresh_token'],
  redirectUris: ['https://looms.example.com/cb'],
  postLogoutRedirectUris: [],
  origins: [],
  scopes: ['openid', 'read:tasks'],
  defaultScopes: [],
  optionalScopes: [],
  needsPkce: true,
  hasIdTokenClaims: false,
  isFirstParty: false,
};

/** The registration of a client in the configuration file. */
export function declaredClient(id: string, change: Partial<Registration> = {}, isAllowed = true) {
  const registration: Registration = { ...looms, name: 'From the file', secrets: [], ...change };
  return { id, registration, resource: undefined, isAllowed };
}

export const tasks: ResourceRegistration = {
  name: 'Tasks',
  scopes: { 'read:tasks': 'Read your tasks' },
  tokenFormat: 'opaque',
};
