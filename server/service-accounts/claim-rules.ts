// Rules on the claims of an outside issuer (OpenID Connect Core section 2): which of its workloads acts as which service
// account. Pure: claims in, the account out, or which rule stood in the way.
import type { ClaimRule, WorkloadMapping } from '../clients/trust.ts';
import type { Claims } from './claims.ts';

/** The first rule of each mapping that a token did not meet; undefined where it met all. */
export type RuleOutcome = { readonly serviceAccountId: string; readonly unmet: string | undefined };

function isMet({ claim, values }: ClaimRule, claims: Claims): boolean {
  // RFC 7519 section 4.1.3: an audience may be a list; that it has one member was seen to before.
  const said = claims[claim];
  const text = claim === 'aud' && Array.isArray(said) ? said[0] : said;
  if (typeof text !== 'string') return false;
  return values.some((value) =>
    value.endsWith('*') ? text.startsWith(value.slice(0, -1)) && text.length >= value.length : text === value,
  );
}

/** For each mapping, in order, whether its rules are met. */
export function judgeRules(mappings: readonly WorkloadMapping[], claims: Claims): RuleOutcome[] {
  return mappings.map(({ serviceAccountId, rules }) => ({
    serviceAccountId,
    unmet: rules.find((rule) => !isMet(rule, claims))?.claim,
  }));
}

/** The one service account that the rules lead to, or why there is none. */
export function findMapped(
  mappings: readonly WorkloadMapping[],
  claims: Claims,
): { id: string } | 'no_rule_matches' | 'rules_disagree' {
  const met = judgeRules(mappings, claims).filter(({ unmet }) => unmet === undefined);
  const [id, ...others] = new Set(met.map(({ serviceAccountId }) => serviceAccountId));
  if (id === undefined) return 'no_rule_matches';
  return others.length === 0 ? { id } : 'rules_disagree';
}

/** Each `aud` that one of the mappings takes. */
export function audiencesOf(mappings: readonly WorkloadMapping[]): string[] {
  return mappings.flatMap(({ rules }) => rules.flatMap((rule) => (rule.claim === 'aud' ? rule.values : [])));
}
