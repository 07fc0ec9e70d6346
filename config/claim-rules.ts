// Which rules on the claims of an outside issuer are safe (OpenID Connect Core section 2): issuers are shared by strangers.

// What says nothing about who the workload is: with rules on these alone every workload of the issuer would be let in.
const SAYS_NOTHING = ['aud', 'iss', 'iat', 'exp', 'nbf', 'jti', 'typ', 'azp'];
// The part that is left open must begin where a name ends: `acme*` would let in `acme-evil`.
const SAFE_PREFIX = /^[^*]+[^*/:][^*]*[/:]\*$/;

/** What is wrong with the rules of one mapping, by claim, in words; undefined where nothing is. */
export function findRuleFault(rules: Readonly<Record<string, readonly string[]>>): string | undefined {
  const open = Object.entries(rules).flatMap(([claim, values]) =>
    values.filter((value) => value.includes('*')).map((value) => ({ claim, value })),
  );
  if (rules.aud === undefined) return 'must have a rule for aud: a token for somebody else is none for us';
  if (open.some(({ claim }) => claim === 'aud')) return 'must name the values of aud exactly';
  if (open.some(({ value }) => !SAFE_PREFIX.test(value)))
    return 'may leave a value open only at its end, after a / or a :, such as repo:acme/*';
  if (Object.keys(rules).every((claim) => SAYS_NOTHING.includes(claim)))
    return 'must have a rule that tells workloads apart, such as sub or repository';
  return undefined;
}
