// Keys for scripts, and who may tell us that one leaked: `api_keys`.
import { z } from 'zod';
import { flag, list, reads, refineUnique, seconds, TEN_YEARS_SECONDS, whole } from './elements.ts';
import { scopeName, words } from './names.ts';

// Characters of each alphabet. A checksum of 32 bits takes as many characters as it needs in it (server/api-keys/key-format.ts).
const keyAlphabets = { hex: 16, base62: 62, base64url: 64 } as const;
const CHECKSUM_BITS = 32;
const LEAST_KEY_BITS = 128;
// What begins like this is another credential of this server.
const reservedPrefixes = ['lka_', 'lkr_', 'lkc_', 'lkd_', 'lks_'];

type KeyShape = { alphabet: keyof typeof keyAlphabets; length: number; checksum: boolean };

/** Bits of a key that nobody can guess: of its characters, without those of the checksum. */
function keyBits({ alphabet, length, checksum }: KeyShape): number {
  const each = Math.log2(keyAlphabets[alphabet]);
  return (length - (checksum ? Math.ceil(CHECKSUM_BITS / each) : 0)) * each;
}

function apiKeyKind(prefix: string, whose: string) {
  return z
    .strictObject({
      enabled: flag(
        true,
        `May there be keys ${whose}? false: none is made, and none that was made is active.`,
      ),
      prefix: z
        .string()
        .regex(
          /^(?=.{3,24}$)[a-z][a-z0-9]*(_[a-z0-9]+)*_$/,
          'must be 3 to 24 lower-case letters and digits, with _ between words and at the end',
        )
        .default(prefix)
        .describe(
          'What they begin with: by it scanners find keys that leaked. Another one ends the keys of before.',
        ),
      alphabet: z.enum(['hex', 'base62', 'base64url']).default('base62').describe('What follows the prefix.'),
      length: whole(36, 'Characters after the prefix, those of the checksum among them.', {
        min: 16,
        max: 128,
      }),
      checksum: flag(
        true,
        'Are the last characters a checksum? Then a key that is none is refused without a look into the database. false lets in keys that were made elsewhere.',
      ),
    })
    .superRefine(
      (kind, context) => {
        const bits = Math.floor(keyBits(kind));
        if (bits >= LEAST_KEY_BITS) return;
        const message = `leaves ${bits} bits that nobody knows, and a key needs ${LEAST_KEY_BITS}`;
        context.addIssue({ code: 'custom', path: ['length'], message });
      },
      { when: reads('alphabet', 'length', 'checksum') },
    )
    .refine(
      (kind) => !reservedPrefixes.some((one) => one.startsWith(kind.prefix) || kind.prefix.startsWith(one)),
      {
        path: ['prefix'],
        error: `must not look like one of ours: ${reservedPrefixes.join(', ')}`,
        when: reads('prefix'),
      },
    )
    .prefault({});
}

const secretScanning = z
  .strictObject({
    found: z
      .enum(['revoke', 'notify'])
      .default('revoke')
      .describe('What becomes of a key that was found: its end, or a mail to whoever answers for it.'),
    public_keys: list(
      z.strictObject({
        key_identifier: z
          .string()
          .min(1)
          .max(255)
          .describe('Its name in the Github-Public-Key-Identifier header.'),
        key: z
          .string()
          .regex(/^-----BEGIN PUBLIC KEY-----\n/, 'must be a public key in PEM')
          .describe('The key, in PEM.'),
      }),
      'Keys of the scanner, pinned: ECDSA over P-256.',
    ),
    public_keys_uri: z
      .string()
      .optional()
      .describe('Where it publishes them, such as https://api.github.com/meta/public_keys/secret_scanning.'),
  })
  .refine((section) => section.public_keys.length > 0 || section.public_keys_uri !== undefined, {
    path: ['public_keys'],
    error: 'is needed, or public_keys_uri',
    when: reads('public_keys', 'public_keys_uri'),
  });

export const apiKeys = z
  .strictObject({
    personal: apiKeyKind('lk_', 'that act as their owner'),
    team: apiKeyKind('lkt_', 'that act for a team'),
    default_scopes: list(
      scopeName,
      'What a new key may do when nothing is asked for, such as ["*"]. None: scopes or a level must be given.',
    ),
    explicit_scopes: list(
      scopeName,
      'Scopes of administration: a key has them by name only, never by `*`. Those of this server are always such.',
    ),
    levels: list(
      z.strictObject({
        level: z
          .string()
          .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must be lower-case letters, digits, _ and -')
          .describe('The name by which a key has it.'),
        name: words.describe('What people read when they choose it.'),
        scopes: z
          .array(scopeName)
          .min(1)
          .describe('What it stands for: a change here is felt by every key that has it.'),
      }),
      'Named sets of scopes that a key may have instead, the least first.',
    ),
    longest_seconds: z
      .int()
      .min(3600)
      .max(TEN_YEARS_SECONDS)
      .optional()
      .describe(
        'No key lives longer, and one that is made without an end gets this one. Unset: a key may have no end.',
      ),
    managed_by_keys: flag(
      false,
      'May a key with the scope for it make and end keys? Whoever finds such a key makes others that outlive it.',
    ),
    keep_seconds: seconds(
      7_776_000,
      'How long ended keys are kept (90 days), so that their owner sees them and APIs that may know hear why they ended.',
    ),
    secret_scanning: secretScanning
      .optional()
      .describe('Who may tell us, at /secret-scanning, of keys that were found in public. Unset: nobody.'),
  })
  .refine(
    ({ personal, team }) =>
      !personal.prefix.startsWith(team.prefix) && !team.prefix.startsWith(personal.prefix),
    {
      path: ['team', 'prefix'],
      error: 'must not begin like the one of personal keys, nor that like this one',
      when: reads('personal', 'team'),
    },
  )
  .superRefine(
    ({ levels }, context) =>
      refineUnique(
        levels.map(({ level }, index) => ({ value: level, path: ['levels', index, 'level'] })),
        'is used twice',
        context,
      ),
    { when: reads('levels') },
  );
