// The engine's storage contract on our tables: one small adapter a model, chosen by name. Writes join the request's unit of work.
import { type Adapter, type AdapterPayload, Provider } from 'oidc-provider';
import type { Config } from '../../config/schema.ts';
import type { Audit } from '../audit/audit.ts';
import { listAssertionKeys } from '../clients/authentication.ts';
import { type Client, type Clients, isAllowed } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import type { Grants } from '../grants/grants.ts';
import type { RemoteKeys } from '../outbound/remote-keys.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { Artifacts } from '../storage/artifacts.ts';
import { orNothing } from '../storage/damage.ts';
import type { Database } from '../storage/database.ts';
import type { DeviceCodes } from '../storage/device-codes.ts';
import type { Replays } from '../storage/replays.ts';
import type { Sessions } from '../storage/sessions.ts';
import type { Tokens } from '../storage/tokens.ts';
import type { Holder, MayHold } from './acting.ts';
import { BEARER, bearerMetadata, NOBODY } from './bearer.ts';
import { toEngineMetadata } from './client-metadata.ts';
import { createDeviceCodeAdapter } from './device-adapter.ts';
import { createGrantAdapter } from './grant-adapter.ts';
import { PROOF } from './proofs.ts';
import { limitPushed } from './pushed-requests.ts';
import { createAccessTokenAdapter, createRefreshTokenAdapter } from './token-adapters.ts';
import { available } from './unavailable.ts';

export type AdapterParts = {
  database: Database;
  audit: Audit;
  tokens: Tokens;
  artifacts: Artifacts;
  sessions: Sessions;
  replays: Replays;
  grants: Grants;
  clients: Pick<Clients, 'find' | 'noteRequest'>;
  deviceCodes: DeviceCodes;
  remoteKeys: RemoteKeys;
  /** What whoever stands behind a grant may have now. */
  mayHoldOf: (holder: Holder) => MayHold;
  retryWindowSeconds: number;
  device: Pick<Config['device'], 'interval_seconds' | 'max_pending' | 'max_pending_per_network'>;
  limiter: Pick<Limiter, 'take'>;
  origin: () => { address: string | undefined; program: string | undefined } | undefined;
};

const LONGEST_AHEAD_SECONDS = 300;

type Methods = Partial<Adapter> & Pick<Adapter, 'find'>;

function notStored(): Promise<undefined> {
  return Promise.resolve(undefined);
}

function refuseCall(): never {
  throw new Error('the engine does not call this for that model');
}

/**
 * Fills in what a model never needs, and lets every storage fault out as 503. A damaged row is none to the engine: what
 * rests on it is refused in the words of its protocol (row F30).
 */
function complete(methods: Methods, database: Database): Adapter {
  const all: Adapter = {
    upsert: refuseCall,
    findByUserCode: notStored,
    findByUid: notStored,
    destroy: refuseCall,
    revokeByGrantId: notStored,
    consume: refuseCall,
    ...methods,
  };
  const guarded = Object.entries(all).map(([name, method]) => [
    name,
    (...input: unknown[]) => {
      const act = async () => (method as (...given: unknown[]) => Promise<unknown>)(...input);
      return available(() => (name.startsWith('find') ? orNothing(act, database.noteDamage) : act()));
    },
  ]);
  return Object.fromEntries(guarded) as Adapter;
}

/** Codes, interactions and whatever else lives for minutes. A save carries the version that was read. */
function createArtifactAdapter(model: string, parts: AdapterParts): Methods & Pick<Adapter, 'upsert'> {
  const { artifacts, database } = parts;
  const versionOf = (id: string) => `version ${model} ${id}`;

  return {
    async find(id) {
      const stored = await artifacts.find(model, id);
      if (stored === undefined) return undefined;
      database.memory()?.set(versionOf(id), stored.version);
      const consumed = stored.consumedAt === undefined ? {} : { consumed: stored.consumedAt };
      return { ...stored.payload, jti: id, exp: stored.expiresAt, ...consumed };
    },

    async upsert(id, payload, expiresIn) {
      const { jti, session, ...rest } = payload;
      // Not needed again, and the one replayable thing in it: the cookie of the session.
      const { cookie, ...kept } = (session ?? {}) as Record<string, unknown>;
      const record = {
        accountId: payload.accountId,
        clientId: payload.clientId,
        expiresAt: payload.exp ?? nowSeconds() + (expiresIn ?? 0),
        payload: session === undefined ? rest : { ...rest, session: kept },
      };
      const version = database.memory()?.get(versionOf(id));
      if (typeof version !== 'number') {
        artifacts.register(model, id, record);
        database.memory()?.set(versionOf(id), 1);
        return;
      }
      artifacts.replace(model, id, { ...record, version });
      database.memory()?.set(versionOf(id), version + 1);
    },

    consume: async (id) => artifacts.consume(model, id, nowSeconds()),
    destroy: async (id) => artifacts.remove(model, id),
  };
}

/** A save carries the id under which the session was read, so that a retired id is never good again. */
function createSessionAdapter({ sessions, origin, database }: AdapterParts): Methods {
  function note(session: AdapterPayload | undefined): AdapterPayload | undefined {
    if (session !== undefined) database.memory()?.set(`session ${session.uid}`, session.jti);
    return session;
  }

  return {
    find: async (id) => note(withId(await sessions.find(id), id)),
    findByUid: async (uid) => note((await sessions.findByUid(uid)) as AdapterPayload | undefined),

    async upsert(id, payload, expiresIn) {
      const from = origin();
      const read = database.memory()?.get(`session ${payload.uid}`) as string | undefined;
      note({ uid: payload.uid, jti: id });
      sessions.save(
        payload.uid as string,
        { read, new: id },
        {
          accountId: payload.accountId,
          amr: payload.amr,
          acr: payload.acr,
          authTime: payload.loginTs as number | undefined,
          expiresAt: payload.exp ?? nowSeconds() + (expiresIn ?? 0),
          payload: { ...payload },
          address: from?.address,
          program: from?.program?.slice(0, 300),
        },
      );
    },

    // Called before a save under a new id: the row is keyed by uid, so the save itself retires the old id.
    destroy: async () => undefined,
  };
}

function withId(payload: Record<string, unknown> | undefined, id: string): AdapterPayload | undefined {
  return payload === undefined ? undefined : { ...payload, jti: id };
}

function createReplayAdapter({ replays }: AdapterParts): Methods {
  return {
    find: async (id) => ((await replays.isUsed(id)) ? { jti: id, kind: 'ReplayDetection' } : undefined),
    // The engine takes a DPoP proof that is dated five minutes ahead, and keeps its id for five minutes from now (row X01).
    upsert: async (id, payload, expiresIn) =>
      replays.register(
        id,
        (payload.exp ?? nowSeconds() + (expiresIn ?? 0)) + LONGEST_AHEAD_SECONDS,
        payload.iss === PROOF ? PROOF : undefined,
      ),
  };
}

/** RFC 7523 section 3: the keys that may have signed what is presented now, where the client publishes them itself. */
async function listPublishedKeys({ remoteKeys }: AdapterParts, { registration }: Client) {
  const assertion = Provider.ctx?.oidc?.params?.client_assertion;
  if (registration.jwksUri === undefined || typeof assertion !== 'string') return {};
  return { jwks: { keys: await listAssertionKeys(registration, assertion, remoteKeys) } };
}

function createClientAdapter(parts: AdapterParts, knownScopes: readonly string[]): Methods {
  return {
    async find(id) {
      if (id === BEARER) return bearerMetadata() as AdapterPayload;
      if (id === NOBODY) return undefined;
      const memory = parts.database.memory();
      const known = memory?.get(`client ${id}`) as AdapterPayload | undefined;
      if (known !== undefined) return known;
      const client = await parts.clients.find(id);
      if (client === undefined && Provider.ctx?.oidc !== undefined) parts.clients.noteRequest(id);
      // A resource server can introspect and nothing else: to the engine it is nobody.
      if (client === undefined || !isAllowed(client) || client.registration.type === 'resource_server')
        return undefined;
      const published = await listPublishedKeys(parts, client);
      const metadata = { ...toEngineMetadata(client, knownScopes), ...published } as AdapterPayload;
      memory?.set(`client ${id}`, metadata);
      return metadata;
    },
  };
}

/** The adapter factory of the engine. `knownScopes` are those that need no `resource`. */
export function createAdapters(parts: AdapterParts, knownScopes: readonly string[]) {
  const { database } = parts;
  return function adapterFor(model: string): Adapter {
    switch (model) {
      case 'Grant':
        return complete(createGrantAdapter(parts), database);
      case 'AccessToken':
      case 'ClientCredentials':
        return complete(createAccessTokenAdapter(model, parts), database);
      case 'RefreshToken':
        return complete(createRefreshTokenAdapter(parts), database);
      case 'DeviceCode':
        return complete(createDeviceCodeAdapter(parts), database);
      case 'Session':
        return complete(createSessionAdapter(parts), database);
      case 'ReplayDetection':
        return complete(createReplayAdapter(parts), database);
      case 'Client':
        return complete(createClientAdapter(parts, knownScopes), database);
      case 'PushedAuthorizationRequest':
        return complete(limitPushed(createArtifactAdapter(model, parts), parts), database);
      default:
        return complete(createArtifactAdapter(model, parts), database);
    }
  };
}
