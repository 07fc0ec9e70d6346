// Which rules on the claims of an outside issuer are safe (OpenID Connect Core section 2): issuers are shared by strangers.

// Strangers meet a rule on any other claim: what happened, on which branch, in which environment. Not job_workflow_ref either:
// a workflow that everybody can read everybody can call.
const IDENTIFYING = [
  ...['sub', 'azp', 'client_id', 'email'],
  ...['repository', 'repository_id', 'repository_owner', 'repository_owner_id'],
  ...['project_path', 'project_id', 'namespace_path', 'namespace_id'],
  ...['workspace_id', 'terraform_workspace_id', 'terraform_organization_id'],
];
// The part that is left open must begin where a name ends: `acme*` would let in `acme-evil`.
const SAFE_PREFIX = /^[^*]+[^*/:][^*]*[/:]\*$/;
// What of a sub names the workload before anything is left open: a repository, a project, a namespace of a cluster.
const IDENTIFYING_HEAD =
  /^(?:repo:[^*:/]+\/[^*:/]+|project_path:[^*:/]+(?:\/[^*:/]+)+|system:serviceaccount:[^*:/]+|organization:[^*:/]+:project:[^*:/]+):/;

type Rules = Readonly<Record<string, readonly string[]>>;

function isOpen(value: string): boolean {
  return value.includes('*');
}

function saysWhoItIs(claim: string, value: string): boolean {
  return !isOpen(value) || (claim === 'sub' && IDENTIFYING_HEAD.test(value));
}

/** What is wrong with the rules of one mapping, by claim, in words; undefined where nothing is. */
export function findRuleFault(rules: Rules, alsoIdentifying: readonly string[] = []): string | undefined {
  const open = Object.entries(rules).flatMap(([claim, values]) =>
    values.filter(isOpen).map((value) => ({ claim, value })),
  );
  if (rules.aud === undefined) return 'must have a rule for aud: a token for somebody else is none for us';
  if (open.some(({ claim }) => claim === 'aud')) return 'must name the values of aud exactly';
  if (open.some(({ value }) => !SAFE_PREFIX.test(value)))
    return 'may leave a value open only at its end, after a / or a :, such as refs/tags/*';
  const identifying = [...IDENTIFYING, ...alsoIdentifying].filter((claim) => claim !== 'aud');
  const isClosed = identifying.some(
    (claim) => Object.hasOwn(rules, claim) && rules[claim]?.every((value) => saysWhoItIs(claim, value)),
  );
  if (!isClosed)
    return 'must have a rule that tells workloads apart, such as repository=acme/shop or sub=repo:acme/shop:*: others are met by strangers of the same issuer';
  return undefined;
}
