// The rules that end a credential, as one ordered list: SQL says which is the first that holds, so one column tells the reason.
import type { InactiveReason } from './kinds.ts';

/** A condition over the credential's row `t`; `:now` stands for the time in whole seconds, `:caller` for who asks. */
export type Rule = readonly [InactiveReason, condition: string];

export const teamRule: Rule = [
  'team_not_active',
  't.team_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM teams x WHERE x.id = t.team_id AND x.deleted_at IS NULL)',
];

/** Rules of what acts on behalf of a team, where it does: before those of the grant, which ends with the membership. */
export const teamRules: readonly Rule[] = [
  teamRule,
  [
    'not_a_member',
    `t.team_id IS NOT NULL AND t.account_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM memberships m WHERE m.team_id = t.team_id AND m.account_id = t.account_id)`,
  ],
];

/** Rules of every kind that has a grant, a person and a client. The cheapest to explain come first. */
export const commonRules: readonly Rule[] = [
  ['expired', 't.expires_at <= :now'],
  ['revoked', 't.revoked_at IS NOT NULL'],
  ...teamRules,
  // A grant that is gone, or ended, takes all of its tokens with it.
  [
    'revoked',
    `t.grant_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM grants g WHERE g.id = t.grant_id AND g.revoked_at IS NULL AND g.expires_at > :now)`,
  ],
  // A block ends what was issued up to that second, also once the client is allowed again.
  [
    'client_not_active',
    `NOT EXISTS (SELECT 1 FROM clients c WHERE c.id = t.client_id AND c.blocked_at IS NULL
      AND (c.revoked_at IS NULL OR c.revoked_at < t.issued_at))`,
  ],
  [
    'person_not_active',
    `t.account_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM accounts a WHERE a.id = t.account_id AND a.disabled_at IS NULL AND a.deleted_at IS NULL)`,
  ],
];

/** Of access tokens alone, which may live without a grant. */
export const accessTokenRules: readonly Rule[] = [
  // What a stolen key has signed is nobody's word any more. A key that has only served outlives all that it signed.
  [
    'signing_key_retired',
    'EXISTS (SELECT 1 FROM signing_keys k WHERE k.kid = :kid AND k.retired_at IS NOT NULL)',
  ],
  // One that rests on the word of an issuer ends with the trust in it, whoever got it.
  [
    'client_not_active',
    `t.asserted_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM clients c WHERE c.id = t.asserted_by
      AND c.blocked_at IS NULL AND (c.revoked_at IS NULL OR c.revoked_at < t.issued_at))`,
  ],
  // Also one that was issued at the moment at which the key was disabled.
  [
    'revoked',
    `t.asserted_by IS NOT NULL AND EXISTS (SELECT 1 FROM ended_keys k WHERE k.client_id = t.asserted_by
      AND (k.key_name = t.asserted_key OR k.key_name = t.asserted_thumbprint))`,
  ],
  // A person who may sign in again does not get back what ended when they were disabled. Ids ascend with time.
  [
    'person_not_active',
    't.id < (SELECT a.ended_before FROM accounts a WHERE a.id = t.account_id AND a.ended_before IS NOT NULL)',
  ],
];

/** `CASE` that answers the reason of the first rule that holds, or NULL while the credential lives. */
export function firstOf(rules: readonly Rule[]): string {
  const branches = rules.map(([reason, condition]) => `WHEN ${condition} THEN '${reason}'`);
  return `CASE ${branches.join(' ')} END`;
}
