// The engine's adapters on an opened database, and what the engine gives them: one sample payload of every model.
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { createAudit } from '../../server/audit/audit.ts';
import { createClients } from '../../server/clients/clients.ts';
import { nowSeconds } from '../../server/clock.ts';
import { createGrants, formatGrantId } from '../../server/grants/grants.ts';
import { createAdapters } from '../../server/protocol/adapter.ts';
import { createArtifacts } from '../../server/storage/artifacts.ts';
import type { Database } from '../../server/storage/database.ts';
import { createDeviceCodes } from '../../server/storage/device-codes.ts';
import { nextId } from '../../server/storage/ids.ts';
import { createReplays } from '../../server/storage/replays.ts';
import { createSessions } from '../../server/storage/sessions.ts';
import {
  createAccessTokenText,
  createCodeText,
  createRefreshTokenText,
} from '../../server/storage/token-format.ts';
import { createTokens } from '../../server/storage/tokens.ts';

export const ADA = 'acct_ada';
export const APP = 'app';
export const WINDOW_SECONDS = 10;
export const LIFE_SECONDS = 600;

const key = Buffer.alloc(32, 7);
const origin = { address: '192.0.2.7', program: 'Ada at the loom' };

/** All of it on this opening: the adapters, and the parts that they stand on. */
export function createAdapterWorld(database: Database, { retryWindowSeconds = WINDOW_SECONDS } = {}) {
  const audit = createAudit({ database });
  const parts = {
    database,
    audit,
    tokens: createTokens(database),
    artifacts: createArtifacts({ database, key }),
    sessions: createSessions({ database, key, admin: { idleSeconds: 1800, absoluteSeconds: 43_200 } }),
    replays: createReplays(database),
    grants: createGrants({ database, audit }),
    clients: createClients({ database, audit, actor: 'operator' }),
    deviceCodes: createDeviceCodes({ database, key, userCodeKey: key }),
    remoteKeys: { list: async () => [] },
    mayHoldOf: () => () => true,
    retryWindowSeconds,
    device: { interval_seconds: 5, max_pending: 100, max_pending_per_network: 25 },
    limiter: { take: async () => ({ isAllowed: true, remaining: 1, isFirst: true, retryAfterSeconds: 0 }) },
    origin: () => origin,
  };
  const adapterFor = createAdapters(parts, ['openid', 'read:tasks']);

  /** One call in a unit of its own, as a request that does nothing else. */
  function within<T>(model: string, act: (adapter: Adapter) => Promise<T>): Promise<T> {
    return database.transact(() => act(adapterFor(model)));
  }

  return {
    ...{ database, parts, adapterFor, within },
    find: (model: string, id: string) => within(model, async (adapter) => adapter.find(id)),
    save: (model: string, id: string, payload: AdapterPayload) =>
      within(model, async (adapter) => adapter.upsert(id, payload, LIFE_SECONDS)),
    consume: (model: string, id: string) => within(model, async (adapter) => adapter.consume(id)),
    destroy: (model: string, id: string) => within(model, async (adapter) => adapter.destroy(id)),
  };
}

export type AdapterWorld = ReturnType<typeof createAdapterWorld>;

/** Models of the engine with an id of the kind that each of them gets. Device codes have rules of their own. */
export const samples: Record<string, () => string> = {
  AccessToken: createAccessTokenText,
  ClientCredentials: createAccessTokenText,
  RefreshToken: createRefreshTokenText,
  Grant: () => formatGrantId(nextId()),
  Session: () => createCodeText('session_'),
  AuthorizationCode: () => createCodeText('lkc_'),
  Interaction: () => createCodeText('interaction_'),
  PushedAuthorizationRequest: () => createCodeText('par_'),
  ReplayDetection: () => createCodeText('jti_'),
};

/** What the engine gives the adapter of that model to keep. */
export function payloadOf(model: string, id: string, change: Partial<AdapterPayload> = {}): AdapterPayload {
  const now = nowSeconds();
  const common = { jti: id, kind: model, iat: now, exp: now + LIFE_SECONDS, clientId: APP };
  const owned = { ...common, accountId: ADA, scope: 'openid read:tasks', grantId: formatGrantId(nextId()) };
  const shapes: Record<string, AdapterPayload> = {
    ClientCredentials: { ...common, scope: 'read:tasks', aud: 'https://api.example.com/' },
    Grant: { ...common, accountId: ADA, openid: { scope: 'openid' } },
    Session: {
      ...{ jti: id, kind: model, iat: now, exp: now + LIFE_SECONDS, uid: createCodeText('uid_') },
      ...{ accountId: ADA, loginTs: now, amr: ['pwd'], authorizations: { [APP]: { sid: 'a-sid' } } },
    },
    ReplayDetection: { jti: id, kind: model, iss: APP },
    Interaction: {
      ...{ jti: id, kind: model, exp: now + LIFE_SECONDS, returnTo: '/authorize/one' },
      ...{ params: { state: 'a-state' }, session: { accountId: ADA, uid: 'a-uid', cookie: 'a-cookie' } },
    },
    AccessToken: {
      ...owned,
      aud: 'https://api.example.com/',
      gty: 'authorization_code',
      extra: { team: 'x' },
    },
    RefreshToken: { ...owned, gty: 'authorization_code', iiat: now, rotations: 0 },
  };
  return { ...(shapes[model] ?? { ...owned, codeChallenge: 'a-challenge' }), ...change };
}
