// What the doctor says of trusted issuers: which of them nobody can sign for, and whose person is gone. Asks their key addresses.
import type { TrustedIssuer } from '../service-accounts/registration.ts';
import type { KeyFault } from '../service-accounts/trusted-issuers.ts';
import type { Finding } from './finding.ts';
import type { AdminParts } from './parts.ts';

const PAGE = 500;
const MOST_AT_ONCE = 10;

const keyWords: Readonly<Record<KeyFault, string>> = {
  unreachable: 'its keys cannot be fetched',
  none_usable: 'all of its keys have ended, are disabled or are of no use',
};

type Parts = Pick<AdminParts, 'trustedIssuers' | 'accounts'>;

async function listInForce({ trustedIssuers }: Parts): Promise<TrustedIssuer[]> {
  const all: TrustedIssuer[] = [];
  for (let after = ''; ; ) {
    const page = await trustedIssuers.list({ after, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all.filter(({ blockedAt }) => blockedAt === undefined);
    after = page.at(-1)?.id ?? '';
  }
}

async function findFault({ trustedIssuers, accounts }: Parts, issuer: TrustedIssuer) {
  const { accountId } = issuer.registration.trust;
  const keyFault = await trustedIssuers.findKeyFault(issuer);
  if (keyFault !== undefined) return keyWords[keyFault];
  const isNobodys = accountId !== undefined && (await accounts.findActive(accountId)) === undefined;
  return isNobodys ? 'the account that it acts for is disabled or gone' : undefined;
}

export async function checkTrustedIssuers(parts: Parts): Promise<Finding[]> {
  const check = 'trusted_issuers';
  const issuers = await listInForce(parts);
  const faults: string[] = [];
  for (let first = 0; first < issuers.length; first += MOST_AT_ONCE) {
    const some = issuers.slice(first, first + MOST_AT_ONCE);
    const found = await Promise.all(some.map((issuer) => findFault(parts, issuer)));
    some.forEach(({ registration: { trust } }, index) => {
      if (found[index] !== undefined) faults.push(`${trust.issuer} (${found[index]})`);
    });
  }
  return faults.length === 0
    ? [{ check, level: 'ok', words: 'Every issuer that is trusted can sign.' }]
    : [{ check, level: 'warning', words: `Nobody gets a token from these issuers: ${faults.join(', ')}.` }];
}
