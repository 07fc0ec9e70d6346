// The personal keys of somebody, for their own copy of what is kept of them (GDPR article 15): without what opens anything.
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { stateOf } from './api-key.ts';
import { createApiKeyStore } from './store.ts';

const MOST_KEYS = 1000;

export function createOwnKeys({ database }: { database: Database }) {
  const store = createApiKeyStore(database);

  return {
    /** Times in whole seconds since 1970. */
    async exportOf(accountId: string) {
      const keys = await store.list({ kind: 'personal', accountId }, { before: undefined, limit: MOST_KEYS });
      return keys.map((key) => ({
        ...{ id: key.id, name: key.name, state: stateOf(key, nowSeconds()), team_id: key.teamId ?? null },
        ...{ prefix: key.prefix, last_four: key.lastFour, scopes: key.scopes, level: key.level ?? null },
        ...{ cidr: key.networks, created_at: key.createdAt, expires_at: key.expiresAt ?? null },
        last_used_at: key.lastUse?.at ?? null,
        last_used_address: key.lastUse?.address ?? null,
        last_used_program: key.lastUse?.program ?? null,
      }));
    },
  };
}
