// The rules that end a token whatever its kind, in the order in which they are cheapest to explain.
import type { Circumstances, InactiveReason } from './kinds.ts';
import type { TokenRow } from './store.ts';

type Rule = readonly [InactiveReason, (row: TokenRow, now: number) => boolean];

const rules: readonly Rule[] = [
  ['unknown', (row) => row.token_client_id === null],
  ['expired', (row, now) => (row.expires_at ?? 0) <= now],
  ['revoked', (row) => row.revoked_at !== null],
  // A grant that is gone, or ended, takes all of its tokens with it.
  ['revoked', (row) => row.grant_id !== null && (row.grant_row === null || row.grant_revoked_at !== null)],
  ['expired', (row, now) => row.grant_expires_at !== null && row.grant_expires_at <= now],
  ['client_not_active', (row) => row.client_row === null || row.client_blocked_at !== null],
  // A block ends what was issued up to that second, also once the client is allowed again.
  [
    'client_not_active',
    (row) => row.client_revoked_at !== null && (row.issued_at ?? 0) <= row.client_revoked_at,
  ],
  ['person_not_active', (row) => row.account_id !== null && row.account_row === null],
  ['person_not_active', (row) => row.disabled_at !== null || row.deleted_at !== null],
];

/** The first rule that ends this token, or undefined while it lives. */
export function findEnd(row: TokenRow, { now }: Circumstances): InactiveReason | undefined {
  return rules.find(([, isEnded]) => isEnded(row, now))?.[0];
}
