// What would become of an assertion that came in now: the judgement of the token endpoint, for operators, and nothing is spent.
import type { AssertionProfile } from '../clients/trust.ts';
import { type AssertionFault, assertionFaults } from '../service-accounts/assertions.ts';
import type { AdminParts } from './parts.ts';

export type JudgedAssertion =
  | {
      accepted: false;
      reason: AssertionFault;
      words: string;
      issuer: string | null;
      client_id: string | null;
    }
  | {
      accepted: true;
      issuer: string;
      client_id: string;
      profile: AssertionProfile;
      /** Whom it speaks about; null is the issuer itself. */
      subject: string | null;
      /** In whose name it acts; null is the issuer's machine identity. */
      account_id: string | null;
      /** Who may present it; none is whoever holds it. */
      clients: readonly string[];
      scopes: readonly string[];
      key: string;
      /** When nobody takes it any more. */
      ends_at: number;
    };

/** What would become of it, by the rules of the token endpoint; it is not spent by being asked about. */
export async function testAssertion(
  { assertions, spentAssertions, accounts }: Pick<AdminParts, 'assertions' | 'spentAssertions' | 'accounts'>,
  text: string,
): Promise<JudgedAssertion> {
  const verdict = await assertions.judge(text);
  const { authority } = verdict.accepted ?? verdict;
  const about = { issuer: authority?.issuer ?? null, client_id: authority?.id ?? null };
  const refuse = (reason: AssertionFault) => {
    return { accepted: false as const, reason, words: assertionFaults[reason], ...about };
  };
  if (verdict.accepted === undefined) return refuse(verdict.fault);
  const { subject, jti, expiresAt, keyId } = verdict.accepted;
  const { id, issuer, profile, accountId, clientIds, scopes } = verdict.accepted.authority;
  if (accountId !== undefined && (await accounts.findActive(accountId)) === undefined)
    return refuse('account_not_active');
  if (jti !== undefined && (await spentAssertions.isSpent(issuer, jti))) return refuse('replayed');
  return {
    accepted: true,
    ...{ issuer, client_id: id, profile },
    subject: subject ?? null,
    account_id: accountId ?? null,
    ...{ clients: clientIds, scopes, key: keyId, ends_at: expiresAt },
  };
}
