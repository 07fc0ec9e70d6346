// OAuth clients (RFC 6749 section 2): who may ask for tokens, with what, and since when not any more.

import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { randomSecret, sha256Hex } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { createClientStore } from './store.ts';

export type ClientType = 'web' | 'native' | 'browser' | 'service' | 'resource_server';
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
};

export type Client = {
  readonly id: string;
  readonly source: 'file' | 'database';
  readonly registration: Registration;
  /** The file's declaration covers an entry of the database: the doctor names such pairs. */
  readonly isCovering: boolean;
  /** The API whose resource server this is, if it is one. */
  readonly resource: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly blockedAt: number | undefined;
  /** Everything issued to it up to this second is dead. */
  readonly revokedAt: number | undefined;
};

/** An id that is not registered and came asking. */
export type ClientRequest = {
  readonly id: string;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
};

const MOST_REQUESTS = 1000;
const LONGEST_ID = 255;
const ROTATION_SECONDS = 86_400;
const KEPT_SECRETS = 2;

function createSecret(): { secret: string; stored: StoredSecret } {
  const secret = `lks_${randomSecret()}`;
  return { secret, stored: { sha256: sha256Hex(secret) } };
}

export function needsSecret(auth: AuthMethod): boolean {
  return auth === 'client_secret_basic' || auth === 'client_secret_post';
}

/** `allowed` by the operator, and not blocked since. */
export function isAllowed(client: Client): boolean {
  return client.blockedAt === undefined;
}

/** RFC 8628 section 3.4. */
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Stands for every scope of the issuer and of the default API: for device clients that are allowed by their id alone. */
export const EVERY_SCOPE = '*';

export function mayAskFor(registration: Registration, scope: string): boolean {
  return registration.scopes.includes(scope) || registration.scopes.includes(EVERY_SCOPE);
}

export function createClients(options: {
  database: Database;
  audit: Audit;
  actor: string;
  /** Ends what waits for it elsewhere, in the unit of the block itself. */
  onBlocked?: (id: string) => void;
}) {
  const { database, audit, actor, onBlocked = () => undefined } = options;
  const store = createClientStore(database);

  async function get(id: string): Promise<Client> {
    const client = await store.find(id);
    if (client === undefined)
      throw new Refusal('not_found', { words: `There is no client ${id}.`, param: 'client_id' });
    return client;
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

  return {
    find: store.find,
    get,
    list: store.list,

    /** Registers and answers the secret, which is shown this once; undefined where the client has none. */
    async register(
      registration: Omit<Registration, 'secrets'>,
      choice: { id?: string | undefined; resource?: string | undefined } = {},
    ): Promise<{ id: string; secret: string | undefined }> {
      const id = choice.id ?? `client_${randomSecret(12)}`;
      const made = needsSecret(registration.auth) ? createSecret() : undefined;
      const secrets = made === undefined ? [] : [made.stored];
      try {
        await database.transact(() => {
          store.register(id, { ...registration, secrets }, choice.resource);
          audit.record('client.created', { actor, clientId: id, details: { name: registration.name } });
        });
      } catch (error) {
        if (error instanceof Conflict) {
          throw new Refusal('already_exists', {
            words: `The client ${id} exists already.`,
            param: 'client_id',
            cause: error,
          });
        }
        throw error;
      }
      return { id, secret: made?.secret };
    },

    /** A second secret; the one before stays good for a day, older ones end. */
    async rotateSecret(id: string): Promise<{ secret: string; previousExpiresAt: number }> {
      const client = await get(id);
      if (!needsSecret(client.registration.auth)) {
        throw new Refusal('invalid_request', {
          words: `The client ${id} has no secret.`,
          param: 'client_id',
        });
      }
      if (client.source === 'file') {
        throw new Refusal('invalid_request', {
          words: `The client ${id} is declared in the configuration file; change it there.`,
        });
      }
      const previousExpiresAt = nowSeconds() + ROTATION_SECONDS;
      const { secret, stored } = createSecret();
      const ending = client.registration.secrets.slice(0, KEPT_SECRETS - 1).map((one) => ({
        ...one,
        expiresAt: Math.min(one.expiresAt ?? previousExpiresAt, previousExpiresAt),
      }));
      await database.transact(() => {
        store.replace(client, { ...client.registration, secrets: [stored, ...ending] });
        audit.record('client.secret_rotated', { actor, clientId: id });
      });
      return { secret, previousExpiresAt };
    },

    block: (id: string) => changeState(id, () => block(id), 'client.blocked'),
    allow: (id: string) => changeState(id, () => store.allow(id), 'client.allowed'),

    /** In the open unit: an operator may want to allow it. */
    noteRequest(id: string): void {
      if (id.length <= LONGEST_ID && /^[\x21-\x7e]+$/.test(id)) store.noteRequest(id, MOST_REQUESTS);
    },
    listRequests: store.listRequests,

    /** Allows an id that came asking, as a device client (RFC 8628) with every scope of the default API. */
    async allowDevice(id: string): Promise<void> {
      await database.transact(() => {
        store.register(id, deviceClient(id), undefined);
        store.forgetRequest(id);
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

/** The registration of a client that introspects and can do nothing else. */
export function resourceServer(
  name: string,
  auth: AuthMethod,
  jwks: Jwks | undefined,
): Omit<Registration, 'secrets'> {
  return {
    name,
    type: 'resource_server',
    auth,
    ...(jwks === undefined ? {} : { jwks }),
    grants: [],
    redirectUris: [],
    postLogoutRedirectUris: [],
    origins: [],
    scopes: [],
    defaultScopes: [],
    optionalScopes: [],
    needsPkce: true,
    hasIdTokenClaims: false,
    isFirstParty: true,
  };
}

/** The registration of a device client that is allowed by its id alone: public, and asks for what the default API has. */
export function deviceClient(id: string): Registration {
  return {
    name: id,
    type: 'native',
    auth: 'none',
    secrets: [],
    grants: [DEVICE_GRANT, 'refresh_token'],
    redirectUris: [],
    postLogoutRedirectUris: [],
    origins: [],
    scopes: [EVERY_SCOPE],
    defaultScopes: [EVERY_SCOPE],
    optionalScopes: [],
    needsPkce: true,
    hasIdTokenClaims: false,
    isFirstParty: false,
  };
}
