// What would become of an assertion that came in now: the judgement of the token endpoint, for operators, and nothing is spent.
import type { AssertionProfile } from '../clients/trust.ts';
import { isServiceAccountId } from '../service-accounts/account-registration.ts';
import { type AssertionFault, assertionFaults } from '../service-accounts/assertions.ts';
import { type FindRuleFault, judgeRules } from '../service-accounts/claim-rules.ts';
import { readCompactJwt } from '../service-accounts/compact-jwt.ts';
import type { IssuerAuthority } from '../service-accounts/trusted-issuers.ts';
import type { AdminParts } from './parts.ts';

const AFTER_SIGNATURE: readonly AssertionFault[] = [
  'no_rule_matches',
  'rules_not_safe',
  'rules_disagree',
  'service_account_not_active',
  'replayed',
];

export type JudgedAssertion =
  | {
      accepted: false;
      reason: AssertionFault;
      words: string;
      issuer: string | null;
      client_id: string | null;
      /** Of workloads whose signature is right: which rules are met, and the first that is not. */
      rules?: ShownOutcome[];
    }
  | {
      accepted: true;
      issuer: string;
      /** The machine identity: its own, or the service account that the rules lead to. */
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
      rules?: ShownOutcome[];
    };

/** `unmet` is the claim of the first rule that is not met; null is all of them met. `fault`: they count for nothing. */
export type ShownOutcome = { service_account: string; unmet: string | null; fault?: string };

function showOutcomes(
  authority: IssuerAuthority,
  text: string,
  findRuleFault: FindRuleFault,
): { rules?: ShownOutcome[] } {
  const { mappings = [] } = authority;
  const { claims } = readCompactJwt(text) ?? {};
  if (mappings.length === 0 || claims === undefined) return {};
  const outcomes = judgeRules(mappings, claims, findRuleFault);
  return {
    rules: outcomes.map(({ serviceAccountId, unmet, fault }) => ({
      service_account: serviceAccountId,
      unmet: unmet ?? null,
      ...(fault === undefined ? {} : { fault: `Its rules ${fault}.` }),
    })),
  };
}

/** What would become of it, by the rules of the token endpoint; it is not spent by being asked about. */
export async function testAssertion(
  parts: Pick<
    AdminParts,
    'assertions' | 'findRuleFault' | 'spentAssertions' | 'accounts' | 'serviceAccounts'
  >,
  text: string,
): Promise<JudgedAssertion> {
  const { assertions, spentAssertions, accounts, findRuleFault } = parts;
  const verdict = await assertions.judge(text);
  const { authority } = verdict.accepted ?? verdict;
  const about = { issuer: authority?.issuer ?? null, client_id: authority?.id ?? null };
  // Before its rules are looked at, nobody knows whether it says what the issuer has signed.
  const outcomes = (reason: AssertionFault) =>
    authority !== undefined && AFTER_SIGNATURE.includes(reason)
      ? showOutcomes(authority, text, findRuleFault)
      : {};
  const refuse = (reason: AssertionFault) => {
    const words = assertionFaults[reason];
    return { accepted: false as const, reason, words, ...about, ...outcomes(reason) };
  };
  if (verdict.accepted === undefined) return refuse(verdict.fault);
  const { subject, jti, expiresAt, keyId, actsAs } = verdict.accepted;
  const { issuer, profile, accountId, clientIds, ...own } = verdict.accepted.authority;
  const machine = isServiceAccountId(actsAs) ? await parts.serviceAccounts.find(actsAs) : undefined;
  if (isServiceAccountId(actsAs) && machine?.isActive !== true) return refuse('service_account_not_active');
  if (accountId !== undefined && (await accounts.findActive(accountId)) === undefined)
    return refuse('account_not_active');
  if (jti !== undefined && (await spentAssertions.isSpent(issuer, jti))) return refuse('replayed');
  return {
    accepted: true,
    ...{ issuer, client_id: actsAs, profile },
    subject: subject ?? null,
    account_id: accountId ?? null,
    ...{ clients: clientIds, scopes: machine?.scopesNow ?? own.scopes, key: keyId, ends_at: expiresAt },
    ...showOutcomes(verdict.accepted.authority, text, findRuleFault),
  };
}
