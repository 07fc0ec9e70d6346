// Machines that sign for themselves: `service_accounts[]`.
import { z } from 'zod';
import { jwks } from './credentials.ts';
import { flag, list } from './elements.ts';
import { accountScopeName, ownName, words } from './names.ts';

const SERVICE_ACCOUNT_ID = /^sa_[A-Za-z0-9_-]{3,60}$/;

export const serviceAccountId = z
  .string()
  .regex(SERVICE_ACCOUNT_ID, 'must be sa_ and 3 to 60 letters, digits, _ and -');

/** One service account of the operator: a machine that signs for itself. */
export const serviceAccountSchema = z.strictObject({
  id: serviceAccountId.describe('Its name in the protocol, and the `iss` of what it signs; never reused.'),
  name: words.describe('What operators read.'),
  scopes: z
    .array(accountScopeName)
    .min(1)
    .describe(
      'Every scope that it may get; all of them where none is asked for. `*` is every scope but those of administration (`api_keys.explicit_scopes`).',
    ),
  plan: ownName.optional().describe('An entry of plans, whose scopes are its ceiling. Unset: no ceiling.'),
  resource: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('The identifier of the only API where what it signs and gets is good. Unset: every API.'),
  profile: z
    .enum(['strict', 'service-account'])
    .default('service-account')
    .describe("How it asks for tokens: service-account is what Google's libraries send."),
  jwks: jwks
    .optional()
    .describe('Its public keys, each with a kid. A key may end by itself: `exp`, in seconds since 1970.'),
  disabled_keys: list(z.string().min(1), 'Keys that are not believed although they stand there, by kid.'),
  allowed: flag(true, 'false disables it, and with it everything that it signed or got.'),
});
