// Issuers whose assertions are believed: `trusted_issuers[]`.
import { z } from 'zod';
import { findRuleFault } from '../claim-rules.ts';
import { jwks } from './credentials.ts';
import { flag, list, reads } from './elements.ts';
import { clientId, machineScopeName, words } from './names.ts';
import { serviceAccountId } from './service-accounts.ts';

/** Rules on claims that say too little would let in every workload of an issuer that strangers use too. */
function refineRules(
  { rules, identified_by }: { rules: Record<string, string[]>; identified_by: string[] },
  context: z.RefinementCtx,
): void {
  const fault = findRuleFault(rules, identified_by);
  if (fault !== undefined) context.addIssue({ code: 'custom', path: ['rules'], message: fault });
}

const workloadMapping = z
  .strictObject({
    id: serviceAccountId.describe('The service account as which they act.'),
    rules: z
      .record(z.string().min(1).max(255), z.array(z.string().min(1).max(255)).min(1))
      .describe(
        'By claim, the values it may have: a text that is equal, or one that ends in /* or :* and stands for all that begin so. All must be met, aud among them.',
      ),
    identified_by: list(
      z.string().min(1).max(255),
      'Claims of this issuer, beside those that are known, of which an exact value says who the workload is: no stranger can have it.',
    ),
  })
  .superRefine(refineRules, { when: reads('rules', 'identified_by') });

/** One issuer whose assertions are believed (RFC 7523 section 2.1): machines get tokens without a secret of ours. */
export const trustedIssuerSchema = z
  .strictObject({
    issuer: z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 ASCII characters without spaces')
      .refine(
        (issuer) => !issuer.startsWith('sa_'),
        'must not begin with sa_: so service accounts are called',
      )
      .describe('The `iss` of its assertions, compared as text: a URL, or the e-mail of a service account.'),
    name: words.optional().meta({ fallback: 'the issuer' }).describe('What operators read.'),
    profile: z
      .enum(['strict', 'service-account', 'workload'])
      .default('strict')
      .describe(
        "strict: RFC 7523 drawn narrow, single use, minutes. service-account: what Google's libraries send, with an hour and no jti. workload: ID tokens of somebody else's issuer, let in by rules.",
      ),
    jwks: jwks
      .optional()
      .describe('Its public keys, pinned. A key may end by itself: `exp`, in seconds since 1970.'),
    jwks_uri: z.string().optional().describe('Where it publishes them instead (RFC 7517 section 5).'),
    disabled_keys: list(
      z.string().min(1),
      'Keys that are not believed although they stand there, by kid or thumbprint (RFC 7638).',
    ),
    subjects: list(
      z.string().min(1).max(255),
      'Each `sub` that it may speak about, compared as text. None: only itself.',
    ),
    account: z
      .string()
      .regex(
        /^[\x21-\x3f\x41-\x7e]{1,255}$/,
        'must be the id of an account: an e-mail may pass to somebody else',
      )
      .optional()
      .meta({ fallback: 'its own machine identity' })
      .describe('The id of the person in whose name its assertions act.'),
    clients: list(
      clientId,
      'The clients that may present its assertions, and then no other. None: whoever holds one, naming no client.',
    ),
    scopes: list(
      machineScopeName,
      'Every scope that its assertions may get; all of them where none is asked for. With workload: those of the service account.',
    ),
    service_accounts: list(
      workloadMapping,
      'With workload, and only there: as which service account a workload acts, by rules on its claims.',
    ),
    allowed: flag(true, 'false disables it, and with it every token that was issued on its word.'),
  })
  .refine(({ profile, scopes }) => profile === 'workload' || scopes.length > 0, {
    path: ['scopes'],
    error: 'must have at least 1 entry',
    when: reads('profile', 'scopes'),
  })
  .refine(({ profile, service_accounts: mapped }) => (profile === 'workload') === mapped.length > 0, {
    path: ['service_accounts'],
    error: 'is needed with the profile workload, and only there',
    when: reads('profile', 'service_accounts'),
  })
  .refine(
    ({ profile, account, clients, scopes }) =>
      profile !== 'workload' || (account === undefined && clients.length + scopes.length === 0),
    {
      path: ['profile'],
      error: 'workload leaves no room for account, clients or scopes: its tokens act as a service account',
      when: reads('profile', 'account', 'clients', 'scopes'),
    },
  )
  .refine(({ jwks, jwks_uri: uri }) => (jwks === undefined) !== (uri === undefined), {
    path: ['jwks'],
    error: 'is needed, or jwks_uri, and never both',
    when: reads('jwks', 'jwks_uri'),
  });
