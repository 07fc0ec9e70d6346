// What the doctor says of trusted issuers: which of them nobody can sign for, and whose person is gone. Asks their key addresses.
import { findMappingFault } from '../service-accounts/claim-rules.ts';
import type { TrustedIssuer } from '../service-accounts/registration.ts';
import type { KeyFault } from '../service-accounts/trusted-issuers.ts';
import { type Finding, nameSome } from './finding.ts';
import type { AdminParts } from './parts.ts';

const PAGE = 500;
const MOST_AT_ONCE = 10;

type Fault = KeyFault | 'nobody';

const sentences: Readonly<Record<Fault, string>> = {
  unreachable:
    'Nobody gets a token from these issuers, whose keys cannot be fetched: {names}{more, plural, =0 {} other { and # more}}.',
  none_usable:
    'Nobody gets a token from these issuers, all of whose keys have ended, are disabled or are of no use: {names}{more, plural, =0 {} other { and # more}}.',
  nobody:
    'Nobody gets a token from these issuers, since the account that they act for is disabled or gone: {names}{more, plural, =0 {} other { and # more}}.',
};

type Parts = Pick<AdminParts, 'trustedIssuers' | 'accounts' | 'findRuleFault'>;

async function listInForce({ trustedIssuers }: Pick<Parts, 'trustedIssuers'>): Promise<TrustedIssuer[]> {
  const all: TrustedIssuer[] = [];
  for (let after = ''; ; ) {
    const page = await trustedIssuers.list({ after, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all.filter(({ blockedAt }) => blockedAt === undefined);
    after = page.at(-1)?.id ?? '';
  }
}

async function findFault(
  { trustedIssuers, accounts }: Omit<Parts, 'findRuleFault'>,
  issuer: TrustedIssuer,
): Promise<Fault | undefined> {
  const { accountId } = issuer.registration.trust;
  const keyFault = await trustedIssuers.findKeyFault(issuer);
  if (keyFault !== undefined) return keyFault;
  const isNobodys = accountId !== undefined && (await accounts.findActive(accountId)) === undefined;
  return isNobodys ? 'nobody' : undefined;
}

/** Rules from before a law of safety was added: they let nobody in, and whoever relies on them should hear of it here first. */
function checkRules(
  issuers: readonly TrustedIssuer[],
  { findRuleFault }: Pick<Parts, 'findRuleFault'>,
): Finding[] {
  const unsafe = issuers.flatMap(({ registration: { trust } }) =>
    (trust.mappings ?? [])
      .filter((mapping) => findMappingFault(mapping, findRuleFault) !== undefined)
      .map(({ serviceAccountId }) => `${trust.issuer} (${serviceAccountId})`),
  );
  if (unsafe.length === 0) return [];
  const sentence =
    'The rules of these workloads say too little, so strangers would meet them, and let nobody in any more: {names}{more, plural, =0 {} other { and # more}}. Give others: latchkey issuers unmap and map.';
  return [{ check: 'workload_rules', level: 'warning', sentence, values: nameSome(unsafe) }];
}

export async function checkTrustedIssuers(parts: Parts): Promise<Finding[]> {
  const check = 'trusted_issuers';
  const issuers = await listInForce(parts);
  const named: Record<Fault, string[]> = { unreachable: [], none_usable: [], nobody: [] };
  for (let first = 0; first < issuers.length; first += MOST_AT_ONCE) {
    const some = issuers.slice(first, first + MOST_AT_ONCE);
    const found = await Promise.all(some.map((issuer) => findFault(parts, issuer)));
    some.forEach(({ registration: { trust } }, index) => {
      const fault = found[index];
      if (fault !== undefined) named[fault].push(trust.issuer);
    });
  }
  const faults = (Object.keys(named) as Fault[]).filter((fault) => named[fault].length > 0);
  const found: Finding[] = faults.map((fault) => ({
    ...{ check, level: 'warning', sentence: sentences[fault] },
    values: nameSome(named[fault]),
  }));
  const well: Finding = { check, level: 'ok', sentence: 'Every issuer that is trusted can sign.' };
  return [...(found.length === 0 ? [well] : found), ...checkRules(issuers, parts)];
}
