// An API key as it is shown: on the command line, in the JSON API, on pages. Its secret is in none of this.
import { type ApiKey, type KeyState, stateOf } from '../api-keys/api-key.ts';
import type { MadeKey, RotatedKey } from '../api-keys/api-keys.ts';
import { nowSeconds } from '../clock.ts';

export type ShownKey = {
  id: string;
  name: string;
  kind: 'personal' | 'team';
  state: KeyState;
  prefix: string;
  last_four: string;
  /** Of a personal key. */
  account_id: string | null;
  /** The team of a team key, or the only one where a personal key is good. */
  team_id: string | null;
  /** Who made it and answers for it; null where an operator did. */
  responsible_id: string | null;
  scopes: readonly string[];
  level: string | null;
  cidr: readonly string[];
  resource: string | null;
  created_at: number;
  expires_at: number | null;
  disabled_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
  last_used_address: string | null;
  last_used_program: string | null;
  last_used_resource: string | null;
};

/** With its secret, which is shown this once. */
export type ShownNewKey = ShownKey & { key: string };
export type ShownRotatedKey = ShownNewKey & { previous_expires_at: number };

export function showKey(key: ApiKey): ShownKey {
  const { owner, lastUse } = key;
  return {
    ...{ id: key.id, name: key.name, kind: owner.kind, state: stateOf(key, nowSeconds()) },
    ...{ prefix: key.prefix, last_four: key.lastFour },
    account_id: owner.kind === 'personal' ? owner.accountId : null,
    team_id: key.teamId ?? null,
    responsible_id: key.responsibleId ?? null,
    ...{ scopes: key.scopes, level: key.level ?? null, cidr: key.networks, resource: key.resource ?? null },
    ...{ created_at: key.createdAt, expires_at: key.expiresAt ?? null },
    ...{ disabled_at: key.disabledAt ?? null, revoked_at: key.revokedAt ?? null },
    last_used_at: lastUse?.at ?? null,
    last_used_address: lastUse?.address ?? null,
    last_used_program: lastUse?.program ?? null,
    last_used_resource: lastUse?.resource ?? null,
  };
}

export function showNewKey({ key, secret }: MadeKey): ShownNewKey {
  return { ...showKey(key), key: secret };
}

export function showRotatedKey({ previousEndsAt, ...made }: RotatedKey): ShownRotatedKey {
  return { ...showNewKey(made), previous_expires_at: previousEndsAt };
}
