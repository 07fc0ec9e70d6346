// OAuth clients (RFC 6749 section 2): who may ask for tokens, with what, and since when not any more.

import type { Audit } from '../audit/audit.ts';
import { Refusal } from '../errors.ts';
import { randomSecret } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { createClientChanges } from './changes.ts';
import { createClaims } from './claims.ts';
import { deviceClient, EVERY_SCOPE } from './ready-made.ts';
import { createClientRequests } from './requests.ts';
import { addSecret, withSecrets } from './secrets.ts';
import { createClientStore } from './store.ts';
import type { TeamOwner } from './team-owner.ts';
import type { Trust } from './trust.ts';

/** `removed`: what is left of a client, so that its id and its tokens stay dead. */
export type ClientType =
  | 'web'
  | 'native'
  | 'browser'
  | 'service'
  | 'resource_server'
  | 'trusted_issuer'
  | 'service_account'
  | 'removed';
export type AuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
export type Jwks = { readonly keys: readonly Record<string, unknown>[] };

/** SHA-256 (hex) of a secret, and until when it is good (undefined: until it is replaced). */
export type StoredSecret = { readonly sha256: string; readonly expiresAt?: number };

/** What was registered: the same for a client of the file and one of the database. */
export type Registration = {
  readonly name: string;
  readonly type: ClientType;
  readonly auth: AuthMethod;
  readonly secrets: readonly StoredSecret[];
  readonly jwks?: Jwks;
  /** Where its keys are published instead (RFC 7517 section 5). */
  readonly jwksUri?: string;
  /** Where it is told that a session ended, and whether it must be told which one. */
  readonly backchannelLogout?: { readonly uri: string; readonly needsSid: boolean };
  readonly grants: readonly string[];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly origins: readonly string[];
  readonly scopes: readonly string[];
  readonly defaultScopes: readonly string[];
  readonly optionalScopes: readonly string[];
  readonly needsPkce: boolean;
  readonly hasIdTokenClaims: boolean;
  readonly isFirstParty: boolean;
  /** The operator has checked who runs it. */
  readonly isVerified?: boolean;
  /** RFC 9126 section 6: every authorization request is pushed. */
  readonly needsPushedRequest?: boolean;
  /** RFC 9449 section 5.2: every token is bound to a key. */
  readonly needsDpop?: boolean;
  /** Pages about it, for people (RFC 7591 section 2). */
  readonly clientUri?: string;
  readonly policyUri?: string;
  readonly tosUri?: string;
  /** Of an app of a team: its name as an operator last saw it, which people are shown. */
  readonly teamName?: string;
  /** Of a trusted issuer: whose assertions are believed, and about whom. */
  readonly trust?: Trust;
  /** Of a resource server: it says from which address a credential came to it, and is believed. */
  readonly seesClients?: boolean;
  /** Of a resource server: it is told why a credential of its own is not active. */
  readonly learnsWhy?: boolean;
};

export type Client = {
  readonly id: string;
  readonly source: 'file' | 'database';
  readonly registration: Registration;
  /** The file's declaration covers an entry of the database: the doctor names such pairs. */
  readonly isCovering: boolean;
  /** The API whose resource server this is, if it is one. */
  readonly resource: string | undefined;
  /** The team that it belongs to, if it does. */
  readonly owner: TeamOwner | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly blockedAt: number | undefined;
  /** Everything issued to it up to this second is dead. */
  readonly revokedAt: number | undefined;
};

/** A secret is shown this once; undefined where the client has none. */
export type NewClient = { readonly id: string; readonly secret: string | undefined };
export type RotatedSecret = { readonly secret: string; readonly previousExpiresAt: number };

/** `allowed` by the operator, and not blocked since. */
export function isAllowed(client: Client): boolean {
  return client.blockedAt === undefined;
}

export function mayAskFor(registration: Registration, scope: string): boolean {
  return registration.scopes.includes(scope) || registration.scopes.includes(EVERY_SCOPE);
}

export function createClients(options: {
  database: Database;
  audit: Audit;
  actor: string;
  /** Ends what waits for it elsewhere, in the unit of the block itself. */
  onBlocked?: (id: string) => void;
  /** Told of what could not be noted of unknown ids. */
  onFault?: (error: unknown) => void;
}) {
  const { database, audit, actor, onBlocked = () => undefined, onFault = () => undefined } = options;
  const store = createClientStore(database);
  const requests = createClientRequests({ database, onFault });

  async function get(id: string): Promise<Client> {
    const client = await store.find(id);
    if (client === undefined || client.registration.type === 'removed')
      throw new Refusal('not_found', { words: `There is no client ${id}.`, param: 'client_id' });
    return client;
  }

  /** Refuses with invalid_request one of the file, which only the file changes. */
  async function getOwn(id: string): Promise<Client> {
    const client = await get(id);
    if (client.source === 'database') return client;
    throw new Refusal('invalid_request', {
      words: `The client ${id} is declared in the configuration file; change it there.`,
      param: 'client_id',
    });
  }

  async function changeState(
    id: string,
    change: () => void,
    type: 'client.blocked' | 'client.allowed',
  ): Promise<Client> {
    await get(id);
    await database.transact(() => {
      change();
      audit.record(type, { actor, clientId: id });
    });
    return get(id);
  }

  function block(id: string): void {
    store.block(id);
    onBlocked(id);
  }

  /** A new client with its secret; `record` writes it, in the open unit. */
  function prepare(
    registration: Omit<Registration, 'secrets'>,
    choice: { id?: string | undefined; resource?: string | undefined } = {},
  ): NewClient & { record(): void } {
    const id = choice.id ?? `client_${randomSecret(12)}`;
    const { registration: whole, secret } = withSecrets(registration, []);
    return {
      id,
      secret,
      record() {
        store.register(id, whole, choice.resource);
        audit.record('client.created', { actor, clientId: id, details: { name: registration.name } });
      },
    };
  }

  const changes = createClientChanges({ database, audit, actor, store, getOwn, block });

  return {
    find: store.find,
    get,
    list: store.list,
    /** Those of teams for which something waits for an operator, the longest first. */
    listAsking: store.listAsking,
    listTrusting: store.listTrusting,

    ...createClaims(store),

    ...changes,
    prepare,

    /**
     * Registers and answers the secret, which is shown this once; undefined where the client has none.
     * `alsoInUnit` may add writes of its own to the registration.
     */
    async register(
      registration: Omit<Registration, 'secrets'>,
      choice: { id?: string | undefined; alsoInUnit?: ((made: NewClient) => void) | undefined } = {},
    ): Promise<NewClient> {
      const { record, ...made } = prepare(registration, choice);
      const { id } = made;
      try {
        await database.transact(() => {
          record();
          choice.alsoInUnit?.(made);
        });
      } catch (error) {
        if (error instanceof Conflict && error.label === 'client_id') {
          throw new Refusal('already_exists', {
            words: `The client ${id} exists already.`,
            param: 'client_id',
            cause: error,
          });
        }
        throw error;
      }
      return made;
    },

    /** A second secret; the one before stays good for a day, older ones end. */
    async rotateSecret(id: string, alsoInUnit?: (made: RotatedSecret) => void): Promise<RotatedSecret> {
      const client = await getOwn(id);
      const { registration, made } = addSecret(client);
      await database.transact(() => {
        store.replace(client, registration);
        audit.record('client.secret_rotated', { actor, clientId: id });
        alsoInUnit?.(made);
      });
      return made;
    },

    block: (id: string) => changeState(id, () => block(id), 'client.blocked'),
    /** Refuses with conflict an app of a team that nobody has looked at yet: server/team-apps/review.ts allows it. */
    async allow(id: string): Promise<Client> {
      if ((await get(id)).owner?.isPending !== true)
        return changeState(id, () => store.allow(id), 'client.allowed');
      throw new Refusal('conflict', {
        words: 'Its team waits for you to look at it: allow it with the revision that you have seen.',
        param: 'revision',
      });
    },

    /** The writes of the acts above, for whoever has a unit of work of its own open. */
    inUnit: {
      register: (id: string, registration: Registration) => store.register(id, registration, undefined),
      replace: store.replace,
      block,
      allow: store.allow,
      end: changes.end,
    },

    noteRequest: requests.note,
    flushRequests: requests.flush,
    listRequests: requests.list,
    listRequestsById: requests.listById,

    /** Allows an id that came asking, as a device client (RFC 8628) with every scope of the default API. */
    async allowDevice(id: string): Promise<void> {
      await database.transact(() => {
        store.register(id, deviceClient(id), undefined);
        requests.forget(id);
        audit.record('client.created', { actor, clientId: id, details: { name: id } });
      });
    },

    /** Brings the table in line with what the configuration file declares. */
    async declare(
      declared: readonly {
        id: string;
        registration: Registration;
        resource: string | undefined;
        isAllowed: boolean;
      }[],
      deviceIds: readonly string[] = [],
    ): Promise<void> {
      const gone = new Set(await store.listDeclaredIds());
      const named = new Set(declared.map((one) => one.id));
      const byId = deviceIds.filter((id) => !named.has(id));
      for (const id of [...named, ...byId]) gone.delete(id);
      await database.transact(() => {
        for (const one of declared) {
          store.declare(one.id, one.registration, one.resource);
          if (one.isAllowed) continue;
          store.withhold(one.id);
          onBlocked(one.id);
        }
        for (const id of byId) {
          store.uncover(id);
          store.declareById(id, deviceClient(id));
        }
        for (const id of gone) {
          store.withdraw(id);
          store.uncover(id);
          onBlocked(id);
        }
      });
    },
  };
}

export type Clients = ReturnType<typeof createClients>;
