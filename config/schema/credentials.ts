// How clients and APIs prove who they are: hashes of secrets, or public keys (RFC 7591 section 2).
import { z } from 'zod';
import { reads } from './elements.ts';

export const confidentialMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;

// RFC 7518 section 6: the members that only the owner of the key may know.
const privateJwkMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

const secretHash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in 64 lower-case hex digits, never the secret itself');

const publicKey = z
  .looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']).describe('The kind of key.') })
  .superRefine(
    (key, context) => {
      for (const member of privateJwkMembers.filter((name) => Object.hasOwn(key, name))) {
        context.addIssue({
          code: 'custom',
          path: [member],
          message: 'is a private member: register the public key only',
        });
      }
    },
    { when: reads() },
  );

export const jwks = z.strictObject({
  keys: z.array(publicKey).min(1).describe('Public keys as JWK (RFC 7517); private members are refused.'),
});

export const credentials = {
  secret_sha256: z
    .array(secretHash)
    .max(2)
    .default([])
    .describe('SHA-256 of the secret, never the secret; two while it is being changed.'),
  jwks: jwks.optional().describe('Public keys for private_key_jwt.'),
  jwks_uri: z
    .string()
    .optional()
    .describe('Where it publishes them instead (RFC 7517 section 5): a new key is known within a minute.'),
};

type Credentials = {
  auth: string;
  secret_sha256: string[];
  jwks?: unknown;
  jwks_uri?: string | undefined;
};

function hasFittingSecret({ auth, secret_sha256 }: Credentials): boolean {
  return auth.startsWith('client_secret_') === secret_sha256.length > 0;
}

function hasFittingKeys({ auth, jwks, jwks_uri: uri }: Credentials): boolean {
  return auth !== 'private_key_jwt' || jwks !== undefined || uri !== undefined;
}

/** RFC 7591 section 2: never both. */
function hasKeysOnce({ jwks, jwks_uri: uri }: Credentials): boolean {
  return jwks === undefined || uri === undefined;
}

/** The rules on the credentials of a section that has them. */
export function withFittingCredentials<T extends z.ZodType<Credentials>>(section: T): T {
  return section
    .refine(hasFittingSecret, {
      path: ['secret_sha256'],
      error: 'is needed with client_secret_basic and client_secret_post, and only there',
      when: reads('auth', 'secret_sha256'),
    })
    .refine(hasFittingKeys, {
      path: ['jwks'],
      error: 'is needed with private_key_jwt, or jwks_uri',
      when: reads('auth', 'jwks', 'jwks_uri'),
    })
    .refine(hasKeysOnce, {
      path: ['jwks_uri'],
      error: 'must not be there beside jwks',
      when: reads('jwks', 'jwks_uri'),
    });
}
