// Rules on the claims of an outside issuer (OpenID Connect Core section 2): which of its workloads acts as which service
// account. Pure: claims in, the account out, or which rule stood in the way.
import type { ClaimRule, WorkloadMapping } from '../clients/trust.ts';
import type { Claims } from './claims.ts';

/**
 * The first rule of each mapping that a token did not meet; undefined where it met all. And what is wrong with the rules
 * themselves, in words: those count for nothing, however they came to be registered.
 */
export type RuleOutcome = {
  readonly serviceAccountId: string;
  readonly unmet: string | undefined;
  readonly fault: string | undefined;
};

/** What is wrong with rules, by claim, in words; which claims tell workloads apart is said by config/claim-rules.ts. */
export type FindRuleFault = (
  rules: Readonly<Record<string, readonly string[]>>,
  alsoIdentifying?: readonly string[],
) => string | undefined;

function isMet({ claim, values }: ClaimRule, claims: Claims): boolean {
  // RFC 7519 section 4.1.3: an audience may be a list; that it has one member was seen to before.
  const said = claims[claim];
  const text = claim === 'aud' && Array.isArray(said) ? said[0] : said;
  if (typeof text !== 'string') return false;
  return values.some((value) =>
    value.endsWith('*') ? text.startsWith(value.slice(0, -1)) && text.length >= value.length : text === value,
  );
}

/** What is wrong with the rules of a mapping by the law of today: it may have been registered under another. */
export function findMappingFault(
  { rules, identifiedBy }: WorkloadMapping,
  findFault: FindRuleFault,
): string | undefined {
  return findFault(Object.fromEntries(rules.map(({ claim, values }) => [claim, values])), identifiedBy);
}

/** For each mapping, in order, whether its rules are met. */
export function judgeRules(
  mappings: readonly WorkloadMapping[],
  claims: Claims,
  findFault: FindRuleFault,
): RuleOutcome[] {
  return mappings.map((mapping) => ({
    serviceAccountId: mapping.serviceAccountId,
    unmet: mapping.rules.find((rule) => !isMet(rule, claims))?.claim,
    fault: findMappingFault(mapping, findFault),
  }));
}

/** Why there is none, and to which of them the rules led that were met. */
export type Unmapped = {
  readonly fault: 'no_rule_matches' | 'rules_disagree' | 'rules_not_safe';
  readonly met: readonly string[];
};

/** The one service account that the rules lead to, or why there is none. */
export function findMapped(
  mappings: readonly WorkloadMapping[],
  claims: Claims,
  findFault: FindRuleFault,
): { readonly id: string; readonly fault?: never } | Unmapped {
  const met = judgeRules(mappings, claims, findFault).filter(({ unmet }) => unmet === undefined);
  const good = met.filter(({ fault }) => fault === undefined);
  const [id, ...others] = new Set(good.map(({ serviceAccountId }) => serviceAccountId));
  if (others.length === 0 && id !== undefined) return { id };
  const none = met.length === 0 ? 'no_rule_matches' : 'rules_not_safe';
  return {
    fault: id === undefined ? none : 'rules_disagree',
    met: [...new Set(met.map(({ serviceAccountId }) => serviceAccountId))],
  };
}

/** Each `aud` that one of the mappings takes. */
export function audiencesOf(mappings: readonly WorkloadMapping[]): string[] {
  return mappings.flatMap(({ rules }) => rules.flatMap((rule) => (rule.claim === 'aud' ? rule.values : [])));
}
