// Registered APIs (RFC 8707): identifier, scopes with words for people, token format and life, and who introspects for them.
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import type { Deployment } from '../storage/deployment.ts';
import { Conflict } from '../storage/faults.ts';
import { createResourceStore } from './store.ts';

/** What was registered. `scopes`: name to words, in the order in which people read them. */
export type ResourceRegistration = {
  readonly name: string;
  readonly scopes: Readonly<Record<string, string>>;
  readonly tokenFormat: 'opaque' | 'jwt';
  readonly accessTokenSeconds?: number;
};

export type Resource = {
  /** An absolute URI without fragment: what clients send as `resource`, and the audience of the tokens. */
  readonly identifier: string;
  readonly source: 'file' | 'database';
  readonly registration: ResourceRegistration;
  readonly isCovering: boolean;
  /** Tokens of clients that send no `resource` are for this API. */
  readonly isDefault: boolean;
  readonly createdAt: number;
};

/** With what an API authenticates when it introspects. */
export type Introspection = {
  readonly auth: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  readonly jwks?: { readonly keys: readonly Record<string, unknown>[] } | undefined;
};

export function createResources(options: {
  database: Database;
  deployment: Deployment;
  audit: Audit;
  /** Makes the API's credentials: its client, and the secret that is shown once. */
  registerServer: (
    resource: { identifier: string; name: string },
    introspection: Introspection,
  ) => Promise<{ id: string; secret: string | undefined }>;
  actor: string;
}) {
  const { database, deployment, audit, actor } = options;
  const store = createResourceStore(database);

  return {
    find: store.find,
    list: store.list,

    /** Registers an API and the credentials with which it introspects, shown this once. */
    async register(
      resource: { identifier: string; isDefault: boolean; registration: ResourceRegistration },
      introspection: Introspection,
    ): Promise<{ identifier: string; clientId: string; secret: string | undefined }> {
      try {
        await database.transact(() => {
          // First, since it makes changes of the catalog wait for each other: then there is one default API.
          deployment.bumpCatalog();
          if (resource.isDefault) store.clearDefault();
          store.register(resource.identifier, resource.registration, resource.isDefault);
          audit.record('resource.created', { actor, details: { identifier: resource.identifier } });
        });
      } catch (error) {
        if (error instanceof Conflict) {
          throw new Refusal('already_exists', {
            words: 'An API with this identifier exists already.',
            param: 'identifier',
            cause: error,
          });
        }
        throw error;
      }
      const server = { identifier: resource.identifier, name: resource.registration.name };
      const { id, secret } = await options.registerServer(server, introspection);
      return { identifier: resource.identifier, clientId: id, secret };
    },

    /** Brings the table in line with what the configuration file declares. */
    async declare(
      declared: readonly { identifier: string; isDefault: boolean; registration: ResourceRegistration }[],
    ): Promise<void> {
      const [before, covered] = await Promise.all([store.list(), store.listCovered()]);
      const ids = new Set(declared.map((one) => one.identifier));
      const gone = before.filter((one) => one.source === 'file' && !ids.has(one.identifier));
      await database.transact(() => {
        deployment.bumpCatalog();
        if (declared.some((one) => one.isDefault)) store.clearDefault();
        for (const one of declared) store.declare(one.identifier, one.registration, one.isDefault);
        for (const { identifier } of gone) store.undeclare(identifier, covered.get(identifier));
      });
    },
  };
}

export type Resources = ReturnType<typeof createResources>;
