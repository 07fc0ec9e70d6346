// The rules that end a credential, as ordered lists: those of its own rows stand in the one read, those of clients beside it.
import type { InactiveReason } from './kinds.ts';
import type { Entry } from './registry.ts';

/** A condition over the tables of the one read; `:now` stands for the time in whole seconds. */
export type Rule = readonly [InactiveReason, condition: string];

/** Rules of every kind that has a grant and a person: t, g and a. The cheapest to explain come first. */
export const commonRules: readonly Rule[] = [
  ['expired', 't.expires_at <= :now'],
  ['revoked', 't.revoked_at IS NOT NULL'],
  // A grant that is gone, or ended, takes all of its tokens with it.
  ['revoked', 't.grant_id IS NOT NULL AND (g.id IS NULL OR g.revoked_at IS NOT NULL)'],
  ['expired', 'g.expires_at <= :now'],
  ['person_not_active', 't.account_id IS NOT NULL AND a.id IS NULL'],
  ['person_not_active', 'a.disabled_at IS NOT NULL OR a.deleted_at IS NOT NULL'],
];

/** `CASE` that answers the reason of the first rule that holds, or NULL while the credential lives. */
export function firstOf(rules: readonly Rule[]): string {
  const branches = rules.map(([reason, condition]) => `WHEN ${condition} THEN '${reason}'`);
  return `CASE ${branches.join(' ')} END`;
}

/** Is the client that the credential was issued to gone or blocked, or was it since? */
export function findClientEnd(client: Entry | undefined, issuedAt: number): InactiveReason | undefined {
  if (client === undefined || client.isBlocked) return 'client_not_active';
  // A block ends what was issued up to that second, also once the client is allowed again.
  return issuedAt <= client.revokedAt ? 'client_not_active' : undefined;
}
