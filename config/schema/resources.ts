// APIs that trust this server: `resources[]`.
import { z } from 'zod';
import { confidentialMethods, credentials, withFittingCredentials } from './credentials.ts';
import { flag, reads, TEN_YEARS_SECONDS, textWithout } from './elements.ts';
import { apiScopeName, clientId, localizedWords } from './names.ts';
import { findUriFault } from './uris.ts';

const introspection = withFittingCredentials(
  z.strictObject({
    client_id: clientId.describe('The name under which the API calls; apart from every client_id.'),
    auth: z.enum(confidentialMethods).describe('How the API proves who it is.'),
    ...credentials,
    client_ip: flag(
      false,
      'Is it believed when it says from which address a credential came (client_ip)? Keys bound to addresses are good only where one is.',
    ),
    inactive_reason: flag(
      false,
      'Is it told why a credential of its own is not active (inactive_reason)? For APIs that tell people what to do.',
    ),
  }),
);

/** One API that trusts this server (RFC 8707). */
export const resourceSchema = z
  .strictObject({
    identifier: textWithout(findUriFault).describe(
      'Absolute URI without fragment: the audience of its tokens (RFC 8707).',
    ),
    name: localizedWords.describe(
      'What people read when they are asked to consent: a text, or one for each language.',
    ),
    scopes: z
      .record(apiScopeName, localizedWords)
      .describe(
        'Name of each scope, and the words in which people are asked for it: a text, or one for each language.',
      ),
    token_format: z
      .enum(['opaque', 'jwt'])
      .default('opaque')
      .describe(
        'opaque: revocation is felt at once. jwt: the API verifies alone, and feels it when the token ends.',
      ),
    token_alg: z
      .enum(['ES256', 'RS256', 'EdDSA'])
      .optional()
      .meta({ fallback: 'ES256' })
      .describe('With jwt: what signs them. ES256 is small and quick; RS256 every verifier has (RFC 9068).'),
    access_token_seconds: z
      .int()
      .min(1)
      .max(TEN_YEARS_SECONDS)
      .optional()
      .meta({ fallback: 'tokens.access_token_seconds' })
      .describe('Life of an access token for this API.'),
    default: flag(false, 'Is it meant by clients that name no resource? At most one.'),
    team_scoped: flag(
      false,
      'Does an app act at it on behalf of one team? Then people choose which, and tokens carry team_id.',
    ),
    introspection: introspection
      .optional()
      .describe('Who may ask about tokens for this API (RFC 7662 section 2.1).'),
  })
  .refine((resource) => resource.token_alg === undefined || resource.token_format === 'jwt', {
    path: ['token_alg'],
    error: 'may be there only with token_format jwt',
    when: reads('token_alg', 'token_format'),
  });
