// API keys at this server's own API, by the rules of introspection, with the address that we see ourselves.

import { formatKeyId } from '../api-keys/api-key.ts';
import { isWithin } from '../api-keys/key-networks.ts';
import type { KeyRights } from '../api-keys/key-rights.ts';
import { sha256 } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { type ApiKeyRow, endOf, holderOf, isOnPlan, namesOf, selectOwnKey } from './api-key.ts';
import type { InactiveReason } from './kinds.ts';
import { getRow } from './store.ts';

export type OwnKey = {
  readonly keyId: string;
  /** When the secret that was presented ends, with the key or before it. */
  readonly endsAt: number | undefined;
  /** What the key says and whoever it acts for may now. */
  readonly mayUse: (scope: string) => boolean;
};

/** A live key that is good for `audience` and from that address, or why it is none. */
export async function judgeOwnKey(
  database: Database,
  text: string,
  used: { audience: string; address: string; keyRights: KeyRights; now: number },
): Promise<OwnKey | InactiveReason> {
  const { audience, address, keyRights, now } = used;
  const row = (await getRow(
    database,
    selectOwnKey('', { secret_hash: sha256(text), audience }, now),
  )) as ApiKeyRow;
  if (row.ended !== null) return row.ended;
  if (!isOnPlan(row, keyRights)) return 'plan_required';
  if (!isWithin(namesOf(row.networks), address)) return 'address_not_allowed';
  const said = { scopes: namesOf(row.scope), level: row.level ?? undefined };
  return {
    keyId: formatKeyId(row.key_id),
    endsAt: endOf(row).exp,
    mayUse: (scope) => keyRights.says(said, scope) && keyRights.mayHold(holderOf(row), scope),
  };
}
