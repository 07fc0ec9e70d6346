// Registered APIs (RFC 8707): identifier, scopes with words for people, token format and life, and who introspects for them.
import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import type { Deployment } from '../storage/deployment.ts';
import { Conflict } from '../storage/faults.ts';
import { inEnglish, type Localized } from '../web/words.ts';
import { createResourceStore } from './store.ts';

/** What was registered. `scopes`: name to words, in the order in which people read them. */
export type ResourceRegistration = {
  readonly name: Localized;
  readonly scopes: Readonly<Record<string, Localized>>;
  readonly tokenFormat: 'opaque' | 'jwt';
  /** What signs its JWTs; ES256 where nothing is said. */
  readonly tokenAlg?: 'ES256' | 'RS256' | 'EdDSA';
  readonly accessTokenSeconds?: number;
  /** Do apps act there on behalf of one team, which the person chooses? */
  readonly isTeamScoped?: boolean;
};

export type Resource = {
  /** An absolute URI without fragment: what clients send as `resource`, and the audience of the tokens. */
  readonly identifier: string;
  /** `server`: this server's own (management.ts). */
  readonly source: 'file' | 'database' | 'server';
  readonly registration: ResourceRegistration;
  readonly isCovering: boolean;
  /** Tokens of clients that send no `resource` are for this API. */
  readonly isDefault: boolean;
  readonly createdAt: number;
};

export type NewResource = Pick<Resource, 'identifier' | 'isDefault' | 'registration'>;

/** The client with which it introspects; the secret is shown this once. */
export type RegisteredResource = { identifier: string; clientId: string; secret: string | undefined };

/** With what an API authenticates when it introspects. */
export type Introspection = {
  readonly auth: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  readonly jwks?: { readonly keys: readonly Record<string, unknown>[] } | undefined;
  readonly jwksUri?: string | undefined;
  readonly clientIp?: boolean | undefined;
  readonly inactiveReason?: boolean | undefined;
};

export function createResources(options: {
  database: Database;
  deployment: Deployment;
  audit: Audit;
  /** The API's credentials: its client, and the secret that is shown once. `record` writes them, in the open unit. */
  prepareServer: (
    resource: { identifier: string; name: string },
    introspection: Introspection,
  ) => { id: string; secret: string | undefined; record(): void };
  /** Ends what is good at this API alone, in the unit of its removal. */
  endOf: (resource: { identifier: string; name: string }) => void;
  /** There without registration, and for nobody to register. */
  builtIn?: readonly Resource[];
  actor: string;
}) {
  const { database, deployment, audit, actor, builtIn = [] } = options;
  const store = createResourceStore(database);

  function findBuiltIn(identifier: string): Resource | undefined {
    return builtIn.find((one) => one.identifier === identifier);
  }

  async function get(identifier: string): Promise<Resource> {
    const found = findBuiltIn(identifier) ?? (await store.find(identifier));
    if (found !== undefined) return found;
    throw new Refusal('not_found', { words: `There is no API ${identifier}.`, param: 'identifier' });
  }

  /** What is not the database's is changed elsewhere, or not at all. */
  function checkOwn({ identifier, source }: Resource): void {
    if (source === 'database') return;
    const whose =
      source === 'file' ? 'declared in the configuration file; change it there' : 'this server itself';
    throw new Refusal('invalid_request', {
      words: `The API ${identifier} is ${whose}.`,
      param: 'identifier',
    });
  }

  return {
    builtIn,
    find: store.find,
    list: store.list,
    get,

    /**
     * Registers an API and the credentials with which it introspects, shown this once.
     * `alsoInUnit` may add writes of its own to the registration.
     */
    async register(
      resource: NewResource,
      introspection: Introspection,
      alsoInUnit?: (made: RegisteredResource) => void,
    ): Promise<RegisteredResource> {
      const { identifier } = resource;
      const name = inEnglish(resource.registration.name);
      const server = options.prepareServer({ identifier, name }, introspection);
      const made = { identifier, clientId: server.id, secret: server.secret };
      try {
        if (findBuiltIn(identifier) !== undefined) throw new Conflict('resource');
        await database.transact(() => {
          // First, since it makes changes of the catalog wait for each other: then there is one default API.
          deployment.bumpCatalog();
          if (resource.isDefault) store.clearDefault();
          store.register(resource);
          audit.record('resource.created', { actor, details: { identifier } });
          server.record();
          alsoInUnit?.(made);
        });
      } catch (error) {
        if (error instanceof Conflict && error.label === 'resource') {
          throw new Refusal('already_exists', {
            words: 'An API with this identifier exists already, or was removed.',
            param: 'identifier',
            cause: error,
          });
        }
        throw error;
      }
      return made;
    },

    /**
     * Another registration in place of the one that was read; Conflict where somebody else was faster.
     * `alsoInUnit` may add writes of its own to the change.
     */
    async update(
      before: Resource,
      registration: ResourceRegistration,
      {
        isDefault = before.isDefault,
        alsoInUnit,
      }: { isDefault?: boolean | undefined; alsoInUnit?: () => void } = {},
    ): Promise<Resource> {
      const { identifier } = before;
      checkOwn(before);
      await database.transact(() => {
        deployment.bumpCatalog();
        if (isDefault && !before.isDefault) store.clearDefault();
        store.replace(before, { registration, isDefault });
        audit.record('resource.updated', { actor, details: { identifier } });
        alsoInUnit?.();
      });
      return get(identifier);
    },

    /** Its server introspects no longer, and keys for it alone are dead. Its identifier is never registered again. */
    async remove(identifier: string): Promise<void> {
      const before = await get(identifier);
      checkOwn(before);
      await database.transact(() => {
        deployment.bumpCatalog();
        store.remove(before);
        options.endOf({ identifier, name: inEnglish(before.registration.name) });
        audit.record('resource.removed', { actor, details: { identifier } });
      });
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
        for (const one of declared) store.declare(one);
        for (const { identifier } of gone) store.undeclare(identifier, covered.get(identifier));
      });
    },
  };
}

export type Resources = ReturnType<typeof createResources>;
