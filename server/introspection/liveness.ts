// The rules that end a credential, as one ordered list: SQL says which is the first that holds, so one column tells the reason.
import type { InactiveReason } from './kinds.ts';

/** A condition over the tables of the one read; `:now` stands for the time in whole seconds. */
export type Rule = readonly [InactiveReason, condition: string];

/** Rules of every kind that has a grant, a person and a client: t, g, a and tc. The cheapest to explain come first. */
export const commonRules: readonly Rule[] = [
  ['expired', 't.expires_at <= :now'],
  ['revoked', 't.revoked_at IS NOT NULL'],
  // A grant that is gone, or ended, takes all of its tokens with it.
  ['revoked', 't.grant_id IS NOT NULL AND (g.id IS NULL OR g.revoked_at IS NOT NULL)'],
  ['expired', 'g.expires_at <= :now'],
  ['client_not_active', 'tc.id IS NULL OR tc.blocked_at IS NOT NULL'],
  // A block ends what was issued up to that second, also once the client is allowed again.
  ['client_not_active', 't.issued_at <= tc.revoked_at'],
  ['person_not_active', 't.account_id IS NOT NULL AND a.id IS NULL'],
  ['person_not_active', 'a.disabled_at IS NOT NULL OR a.deleted_at IS NOT NULL'],
];

/** `CASE` that answers the reason of the first rule that holds, or NULL while the credential lives. */
export function firstOf(rules: readonly Rule[]): string {
  const branches = rules.map(([reason, condition]) => `WHEN ${condition} THEN '${reason}'`);
  return `CASE ${branches.join(' ')} END`;
}
