// Every setting with its unit, its default and its reason, as one zod schema; docs/settings.md is printed from it.
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { findRuleFault } from './claim-rules.ts';

/** Which variable of the environment wins over which setting. Read in config/load.ts. */
export const environmentVariables = {
  ISSUER: 'issuer',
  HOST: 'listen.host',
  PORT: 'listen.port',
  TRUSTED_PROXIES: 'trusted_proxies',
  DATABASE_URL: 'database.url',
  LATCHKEY_SECRETS_FILE: 'secrets_file',
  DEVICE_AUTH_CLIENT_IDS: 'device.client_ids',
  LATCHKEY_SMTP_URL: 'mail.smtp_url',
} as const;

const TEN_YEARS_SECONDS = 315_360_000;
const clientTypes = ['web', 'native', 'browser', 'service'] as const;
const confidentialMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
const nativeLoopbackHosts = ['127.0.0.1', '[::1]', 'localhost'];
const scriptingSchemes = ['javascript:', 'data:', 'file:', 'vbscript:', 'about:', 'blob:'];
// RFC 7518 section 6: the members that only the owner of the key may know.
const privateJwkMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

export type ClientType = (typeof clientTypes)[number];

/** Is this host, as URL.hostname writes it, this machine and no other (RFC 6761 section 6.3)? */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true;
  return isIP(hostname) === 4 && hostname.startsWith('127.');
}

/**
 * Why this redirect URI may not be registered by a client of this type, in words; undefined when it may.
 * RFC 6749 section 3.1.2, RFC 8252 section 7, RFC 9700 section 4.1.
 */
export function findRedirectUriFault(uri: string, type: ClientType): string | undefined {
  const fault = findUriFault(uri);
  if (fault !== undefined) return fault;
  const { protocol, hostname } = new URL(uri);
  // The URL parser drops control characters and case, so this meets ` JaVaScRiPt:` too.
  if (scriptingSchemes.includes(protocol))
    return 'must not use a scheme that a browser runs or opens by itself';
  if (/^[^/?]*\/\/[^/?]*@/.test(uri)) return 'must not have a user name or password';
  if (uri.includes('*')) return 'must not have a wildcard: redirect URIs are compared exactly';
  if (protocol !== 'https:' && protocol !== 'http:') return findSchemeFault(protocol, type);
  if (!/^https?:\/\/[^/?]/.test(uri)) return 'must be written as https://host/path';
  return findWebUriFault(protocol, hostname, type);
}

function findUriFault(uri: string): string | undefined {
  if (/[^\x21-\x7e]|\\/.test(uri)) return 'must be plain ASCII without spaces and backslashes';
  if (!URL.canParse(uri)) return 'must be an absolute URI';
  return uri.includes('#') ? 'must not have a fragment' : undefined;
}

function findSchemeFault(protocol: string, type: ClientType): string | undefined {
  if (type !== 'native') return 'must be https, or http on a loopback host';
  // RFC 8252 section 7.1: a scheme like com.example.app belongs to whoever owns the domain; `app:` to nobody.
  return protocol.includes('.')
    ? undefined
    : 'needs a private-use scheme with a dot, such as com.example.app';
}

function findWebUriFault(protocol: string, hostname: string, type: ClientType): string | undefined {
  if (type === 'native' && nativeLoopbackHosts.includes(hostname)) {
    return protocol === 'http:'
      ? undefined
      : 'must be http on a loopback host: a native app has no certificate for it';
  }
  if (protocol === 'https:') return undefined;
  return type !== 'native' && isLoopbackHost(hostname)
    ? undefined
    : 'must be https unless its host is loopback';
}

function findIssuerFault(issuer: string): string | undefined {
  if (!URL.canParse(issuer)) return 'must be a URL such as https://id.example.com';
  const url = new URL(issuer);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return 'must be https, or http on a loopback host';
  if (issuer.includes('@')) return 'must not have a user name or password';
  if (issuer.includes('?')) return 'must not have a query (RFC 8414 section 2)';
  if (issuer.includes('#')) return 'must not have a fragment (RFC 8414 section 2)';
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    return 'must be https unless its host is loopback';
  if (url.pathname !== '/') return 'must not have a path: only a whole host is served so far';
  // Clients compare the issuer as text (RFC 8414 section 3.3), so there must be one way to write it.
  if (issuer.endsWith('/')) return 'must not end with a slash: clients compare it as text';
  if (issuer !== url.origin) return 'must be written with a lower-case host and without the default port';
  return undefined;
}

/**
 * Why this server may not call the address that a registration names, in words; undefined when it may.
 * `allowedHosts` are of the operator's own network: http is for these alone.
 */
export function findOutboundUriFault(uri: string, allowedHosts: readonly string[]): string | undefined {
  const fault = findUriFault(uri);
  if (fault !== undefined) return fault;
  const { protocol, host, port, username, password } = new URL(uri);
  if (username !== '' || password !== '') return 'must not have a user name or password';
  const isOwn = allowedHosts.includes(host) || (port === '' && allowedHosts.includes(`${host}:80`));
  if (protocol === 'https:' || (protocol === 'http:' && isOwn)) return undefined;
  return 'must be https, or http on a host that stands in outbound.allowed_hosts';
}

const outboundFields = ['jwks_uri', 'backchannel_logout_uri'] as const;

/** What is wrong with the addresses in one registration that this server would call. Trusts no shape. */
export function findOutboundFaults(
  registration: Readonly<Record<string, unknown>>,
  allowedHosts: readonly string[],
): { field: string; fault: string }[] {
  return outboundFields.flatMap((field) => {
    const uri = registration[field];
    const fault = typeof uri === 'string' ? findOutboundUriFault(uri, allowedHosts) : undefined;
    return fault === undefined ? [] : [{ field, fault }];
  });
}

function findOriginFault(origin: string): string | undefined {
  if (!URL.canParse(origin)) return 'must be an origin such as https://app.example.com';
  const url = new URL(origin);
  if (url.origin !== origin)
    return 'must be an origin: scheme, lower-case host and port, and nothing after them';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    return undefined;
  return 'must be https unless its host is loopback';
}

function findDatabaseUrlFault(value: string): string | undefined {
  if (value.startsWith('sqlite:')) {
    const path = value.slice('sqlite:'.length);
    if (path === '') return 'needs a path after sqlite:';
    return path === ':memory:' ? 'must name a file: a database in memory has no write-ahead log' : undefined;
  }
  if (!/^postgres(ql)?:\/\//.test(value)) return 'must begin with sqlite: or postgres://';
  return URL.canParse(value) ? undefined : 'must be a URL such as postgres://user:password@host:5432/name';
}

function findSmtpUrlFault(value: string): string | undefined {
  if (!/^smtps?:\/\/[^/]/.test(value) || !URL.canParse(value))
    return 'must be a URL such as smtps://user:password@mail.example.com';
  const { pathname, search, hash, username, password } = new URL(value);
  if (!['', '/'].includes(pathname) || search !== '' || hash !== '')
    return 'must have nothing after host and port';
  if ((username === '') !== (password === '')) return 'needs a user name and a password, or neither';
  return undefined;
}

function isNetwork(value: string): boolean {
  const [, address, prefix] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(value) ?? [];
  if (address === undefined || prefix === undefined) return false;
  const family = isIP(address);
  // A prefix of 0 is everybody, and whoever is a trusted proxy may claim any address.
  return family !== 0 && Number(prefix) >= 1 && Number(prefix) <= (family === 4 ? 32 : 128);
}

function isWebLink(value: string): boolean {
  return URL.canParse(value) && ['https:', 'http:', 'mailto:'].includes(new URL(value).protocol);
}

type FaultFinder = (value: string) => string | undefined;

function textWithout(findFault: FaultFinder) {
  return z.string().superRefine((value, context) => {
    const fault = findFault(value);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });
}

function whole(fallback: number, reason: string, { min = 1, max = 1_000_000 } = {}) {
  return z.int().min(min).max(max).default(fallback).describe(reason);
}

function seconds(fallback: number, reason: string, { min = 1, max = TEN_YEARS_SECONDS } = {}) {
  return whole(fallback, reason, { min, max });
}

function flag(fallback: boolean, reason: string) {
  return z.boolean().default(fallback).describe(reason);
}

function list<T extends z.ZodType>(item: T, reason: string) {
  return z.array(item).default([]).describe(reason);
}

/**
 * Runs a rule over several settings although another one of the section is at fault, so that every fault
 * is told at once: the rule is left out only when a setting that it reads is itself at fault.
 */
function reads(...fields: string[]) {
  return ({ issues }: z.core.ParsePayload): boolean =>
    !issues.some(({ path = [], code }) => {
      const field = path[0];
      return field === undefined ? code === 'invalid_type' : fields.includes(String(field));
    });
}

const scopeName = z
  .string()
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]+$/,
    'must be a scope name: no spaces, quotes or backslashes (RFC 6749 section 3.3)',
  );

// OpenID Connect Core sections 5.4 and 11: what these say is about the person, and no API can mean anything else by them.
const issuerScopes = ['openid', 'profile', 'email', 'offline_access'];

const resourceScopeName = scopeName.refine(
  (name) => !issuerScopes.includes(name),
  'is a scope of this server itself and cannot be one of an API',
);

/** A name that may be given away: `*` is no scope, and what is about this server itself is for clients and administrators. */
const machineScopeName = resourceScopeName
  .refine(
    (name) => !name.startsWith('latchkey:'),
    'is a right over this server, which no API has and no assertion gets',
  )
  .refine((name) => name !== '*', 'must be the name of a scope; * is none here: name each of them');

const apiScopeName = machineScopeName.refine(
  (name) => name !== 'keys:read' && name !== 'keys:write',
  'is a scope of this server itself and cannot be one of an API',
);

const clientId = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 ASCII characters without spaces (RFC 6749 appendix A.1)');

// Joiners stay: Persian names and family emoji need them.
const unseen = /[[\p{C}\p{Zl}\p{Zp}]--[\u200c\u200d]]/v;

const words = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !unseen.test(text), 'must not have control characters or others that cannot be seen');

const localizedWords = z
  .union([words, z.record(z.string().regex(/^[a-z]{2,3}$/, 'must be a language such as en or de'), words)], {
    error: 'must be a text, or a mapping such as { en: Read your orders, de: Deine Bestellungen lesen }',
  })
  // What a reader sees for whose language there is nothing.
  .refine((text) => typeof text === 'string' || text.en !== undefined, 'needs en beside the other languages');

const network = z.string().refine(isNetwork, 'must be a network such as 10.0.0.0/8 or fd00::/8');

const hostName = z
  .string()
  .regex(
    /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/,
    'must be a lower-case host name, with :port where there is one',
  );

const webLink = z.string().refine(isWebLink, 'must be an https, http or mailto link');

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

const jwks = z.strictObject({
  keys: z.array(publicKey).min(1).describe('Public keys as JWK (RFC 7517); private members are refused.'),
});

const listen = z.strictObject({
  host: z
    .string()
    .min(1)
    .optional()
    .meta({ fallback: 'localhost, or 0.0.0.0' })
    .describe(
      'Address to listen on. Only this machine while the issuer is loopback, otherwise every interface.',
    ),
  port: whole(3000, 'TCP port. 0 lets the system choose one, for tests.', { min: 0, max: 65_535 }),
});

const database = z.strictObject({
  url: textWithout(findDatabaseUrlFault)
    .default('sqlite:data/latchkey.sqlite')
    .describe(
      '`sqlite:PATH` (one machine) or `postgres://…` (several). The path is relative to the working directory.',
    ),
  pool_max: whole(8, 'Connections to PostgreSQL at most, for one process. SQLite has a single writer.', {
    max: 1000,
  }),
});

const branding = z.strictObject({
  name: localizedWords
    .default('Latchkey')
    .describe(
      'The name that people read on every page and in every message; a text, or one for each language.',
    ),
  accent_color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'must be a colour such as "#1f6feb"')
    .optional()
    .describe('Colour of buttons and links; unset is the colour of the stylesheet.'),
  support_url: webLink.optional().describe('Where people find help; unset shows no link.'),
  privacy_url: webLink.optional().describe('The privacy policy; unset shows no link.'),
  terms_url: webLink.optional().describe('The terms of use; unset shows no link.'),
});

const people = z.strictObject({
  sign_up: flag(true, 'May people make an account themselves? Otherwise an operator makes it.'),
  password_min_length: whole(
    12,
    'Characters of a new password. Length is what counts; nothing else is asked (ASVS 6.2.1).',
    {
      min: 8,
      max: 64,
    },
  ),
  blocked_password_words: list(
    z.string().min(3),
    'Words that no password may be built upon, such as the name of the product (ASVS 6.2.11).',
  ),
});

const mailAddress = z
  .string()
  .regex(/^[^\s"(),:;<>@[\\\]]+@[a-z0-9.-]+$/i, 'must be one e-mail address, without a name');

const mail = z.strictObject({
  from: mailAddress
    .optional()
    .meta({ fallback: 'no-reply@ the host of the issuer' })
    .describe('Who messages come from, under the name of branding.name.'),
  operator: mailAddress
    .optional()
    .describe(
      'Who is told when a person reports a device, beside the administrators whose address is confirmed. Unset: these alone.',
    ),
  smtp_url: textWithout(findSmtpUrlFault)
    .optional()
    .describe(
      '`smtps://user:password@host` or `smtp://…` (STARTTLS, unless the host is this machine). Unset: on a loopback issuer people find their messages at /mail, elsewhere nobody gets any.',
    ),
});

const sessions = z
  .strictObject({
    idle_seconds: seconds(1_209_600, 'A person who stays away this long (14 days) signs in again.'),
    absolute_seconds: seconds(2_592_000, 'After this long (30 days) everybody signs in again, however busy.'),
    admin_idle_seconds: seconds(
      1800,
      'The same for administrators (30 minutes): an open door there costs more.',
    ),
    admin_absolute_seconds: seconds(43_200, 'The same for administrators (12 hours): a working day.'),
    step_up_seconds: seconds(
      300,
      'How long ago the password may have been given when something dangerous is done.',
    ),
  })
  .refine((section) => section.idle_seconds <= section.absolute_seconds, {
    path: ['idle_seconds'],
    error: 'must not be longer than absolute_seconds',
    when: reads('idle_seconds', 'absolute_seconds'),
  })
  .refine((section) => section.admin_idle_seconds <= section.admin_absolute_seconds, {
    path: ['admin_idle_seconds'],
    error: 'must not be longer than admin_absolute_seconds',
    when: reads('admin_idle_seconds', 'admin_absolute_seconds'),
  });

const tokens = z
  .strictObject({
    access_token_seconds: seconds(3600, 'Life of an access token; a resource may set its own.'),
    authorization_code_seconds: seconds(60, 'Life of a code: one redirect and one call (ASVS 10.4.3).', {
      max: 60,
    }),
    id_token_seconds: seconds(600, 'Life of an ID token: it tells of a sign-in, it is no key to anything.'),
    interaction_seconds: seconds(1800, 'How long sign-in and consent may take; a stale page is a trap.', {
      max: 1800,
    }),
    refresh_idle_seconds: seconds(2_592_000, 'A refresh token that is not used this long (30 days) is dead.'),
    refresh_absolute_seconds: seconds(
      31_536_000,
      'After this long (365 days) the person is asked again, however busy.',
    ),
    refresh_retry_window_seconds: seconds(
      10,
      'The same refresh sent again within this time gets the same successor: an answer lost on the way logs nobody out. 0 is never.',
      { min: 0, max: 60 },
    ),
    tombstone_seconds: seconds(
      86_400,
      'How long spent and revoked rows are kept, so that a replay is known as one.',
    ),
    service_jwt_seconds: seconds(
      3600,
      'The longest life of a JWT that a service account signs itself and sends to an API.',
      { max: 3600 },
    ),
    clock_skew_seconds: seconds(15, 'How far the clocks of others may be off when they sign a time.', {
      min: 0,
      max: 15,
    }),
  })
  .refine((section) => section.refresh_idle_seconds <= section.refresh_absolute_seconds, {
    path: ['refresh_idle_seconds'],
    error: 'must not be longer than refresh_absolute_seconds',
    when: reads('refresh_idle_seconds', 'refresh_absolute_seconds'),
  });

const limit = z.strictObject({
  max: z.int().min(1).describe('How many in one window.'),
  window_seconds: z.int().min(1).max(TEN_YEARS_SECONDS).describe('How long the window is.'),
  cool_down_seconds: z
    .int()
    .min(1)
    .max(86_400)
    .optional()
    .describe(
      'The last try and each one beyond it are followed by so long a pause. Default: as it is built in.',
    ),
});

const device = z.strictObject({
  enabled: flag(true, 'false: no client can pair with a code, whatever it is registered for.'),
  client_ids: z
    .array(clientId)
    .default(['latchkey-cli'])
    .describe(
      'Device clients that are allowed by their id alone, without a registration. In the environment: separated by commas.',
    ),
  code_seconds: seconds(600, 'How long a code may be entered: long enough for a phone (RFC 10027).', {
    max: 900,
  }),
  interval_seconds: seconds(5, 'The pace of polling that clients are told (RFC 8628 section 3.5).', {
    max: 60,
  }),
  max_pending: whole(
    100,
    'Codes that may wait at once. With the limits on wrong codes it bounds guessing to one in a million.',
    { min: 1, max: 100_000 },
  ),
  max_pending_per_network: whole(
    25,
    'Codes that may wait at once from one network (an IPv4 address, an IPv6 /64), so that one does not take the places of all.',
    { min: 1, max: 100_000 },
  ),
});

const server = z
  .strictObject({
    headers_timeout_seconds: seconds(10, 'A caller who sends its headers slower than this is cut off.'),
    request_timeout_seconds: seconds(15, 'The same for the whole request: no slow body holds a connection.'),
    keep_alive_seconds: seconds(5, 'How long an idle connection stays open.'),
    shutdown_seconds: seconds(
      10,
      'How long running requests may take to end when the server is told to stop.',
    ),
    max_connections_per_address: whole(
      512,
      'Open connections from one address, so that one caller cannot take all.',
    ),
    body_bytes: whole(57_344, 'Largest body of a request, in bytes (56 KiB).', { min: 1024, max: 1_048_576 }),
  })
  .refine((section) => section.headers_timeout_seconds <= section.request_timeout_seconds, {
    path: ['headers_timeout_seconds'],
    error: 'must not be longer than request_timeout_seconds',
    when: reads('headers_timeout_seconds', 'request_timeout_seconds'),
  });

const outbound = z.strictObject({
  allowed_hosts: list(
    hostName,
    'Hosts of your own network that clients and issuers may name (jwks_uri, logout): http and inner addresses are allowed for exactly these. Without a port it is 80 for http and 443 for https.',
  ),
});

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

const apiKeys = z
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

const credentials = {
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

const fittingSecret = {
  path: ['secret_sha256'],
  error: 'is needed with client_secret_basic and client_secret_post, and only there',
  when: reads('auth', 'secret_sha256'),
};

const fittingKeys = {
  path: ['jwks'],
  error: 'is needed with private_key_jwt, or jwks_uri',
  when: reads('auth', 'jwks', 'jwks_uri'),
};

const keysOnce = {
  path: ['jwks_uri'],
  error: 'must not be there beside jwks',
  when: reads('jwks', 'jwks_uri'),
};

function isSubset(part: string[], all: string[]): boolean {
  return part.every((name) => all.includes(name));
}

type Uris = { type: ClientType; redirect_uris: string[]; post_logout_redirect_uris: string[] };

function refineUris(field: 'redirect_uris' | 'post_logout_redirect_uris') {
  return (client: Uris, context: z.RefinementCtx): void => {
    client[field].forEach((uri, index) => {
      const fault = findRedirectUriFault(uri, client.type);
      if (fault !== undefined) context.addIssue({ code: 'custom', path: [field, index], message: fault });
    });
  };
}

/** One OAuth client, as the file declares it (RFC 7591 section 2 gives the meanings). */
export const clientSchema = z
  .strictObject({
    client_id: clientId.describe('The public name of the client in the protocol; never reused.'),
    name: words.describe('What people read when they are asked to consent.'),
    type: z
      .enum(clientTypes)
      .describe('web: a server with pages. native: an app. browser: script in a page. service: no people.'),
    grants: z
      .array(
        z.enum([
          'authorization_code',
          'refresh_token',
          'client_credentials',
          'urn:ietf:params:oauth:grant-type:device_code',
          'urn:ietf:params:oauth:grant-type:jwt-bearer',
        ]),
      )
      .min(1)
      .describe('The grants that it may use, and no other.'),
    redirect_uris: list(
      z.string(),
      'Where people are sent back to, compared exactly (RFC 9700 section 4.1.3).',
    ),
    post_logout_redirect_uris: list(z.string(), 'The same after signing out.'),
    origins: list(
      textWithout(findOriginFault),
      'Web origins whose scripts may call the token endpoint (CORS).',
    ),
    scopes: list(scopeName, 'Every scope that it may ever ask for.'),
    default_scopes: list(scopeName, 'What a request without scope asks for.'),
    optional_scopes: list(scopeName, 'Scopes that a person may leave out when consenting.'),
    auth: z
      .enum(['none', ...confidentialMethods])
      .describe('How it proves who it is. Always none for browser, never none for service.'),
    ...credentials,
    pkce: flag(
      true,
      'Is PKCE required? Only a client that proves who it is may do without (RFC 9700 section 2.1.1).',
    ),
    id_token_claims: flag(
      false,
      'Put name and e-mail into the ID token too, for clients that never call userinfo.',
    ),
    backchannel_logout_uri: z
      .string()
      .optional()
      .describe(
        'Where it is told that a session ended, by us and without a browser (OpenID Connect Back-Channel Logout 1.0).',
      ),
    backchannel_logout_session_required: flag(
      false,
      'Tell it which session (sid, in the ID token too); otherwise only whose it was.',
    ),
    allowed: flag(true, 'false blocks the client, and with it every token that it has.'),
    first_party: flag(false, 'Is it part of the product itself?'),
    verified: flag(
      false,
      'Have you checked who runs it? People read so when they consent; for a device only where the client proves who it is.',
    ),
    require_pushed_authorization_requests: flag(
      false,
      'Must it push every authorization request first? Then nobody can change one in the browser (RFC 9126).',
    ),
    dpop_bound_access_tokens: flag(
      false,
      'Must every token be bound to a key of the client? Then a stolen one is of no use (RFC 9449).',
    ),
  })
  .superRefine(refineUris('redirect_uris'), { when: reads('type', 'redirect_uris') })
  .superRefine(refineUris('post_logout_redirect_uris'), { when: reads('type', 'post_logout_redirect_uris') })
  .refine((client) => client.type !== 'browser' || client.auth === 'none', {
    path: ['auth'],
    error: 'must be none for a browser client, which cannot keep a secret',
    when: reads('auth', 'type'),
  })
  .refine((client) => client.type !== 'service' || client.auth !== 'none', {
    path: ['auth'],
    error: 'must not be none for a service client, which acts in its own name',
    when: reads('auth', 'type'),
  })
  .refine((client) => client.pkce || client.auth !== 'none', {
    path: ['pkce'],
    error: 'may be false only for a client with an auth other than none',
    when: reads('auth', 'pkce'),
  })
  .refine((client) => !client.grants.includes('authorization_code') || client.redirect_uris.length > 0, {
    path: ['redirect_uris'],
    error: 'needs at least one entry for the authorization_code grant',
    when: reads('grants', 'redirect_uris'),
  })
  .refine((client) => !client.grants.includes('client_credentials') || client.auth !== 'none', {
    path: ['grants'],
    error: 'must not have client_credentials while auth is none (RFC 6749 section 4.4)',
    when: reads('grants', 'auth'),
  })
  .refine((client) => isSubset(client.default_scopes, client.scopes), {
    path: ['default_scopes'],
    error: 'must stand in scopes too',
    when: reads('default_scopes', 'scopes'),
  })
  .refine((client) => isSubset(client.optional_scopes, client.scopes), {
    path: ['optional_scopes'],
    error: 'must stand in scopes too',
    when: reads('optional_scopes', 'scopes'),
  })
  .refine((client) => !client.backchannel_logout_session_required || hasLogoutUri(client), {
    path: ['backchannel_logout_session_required'],
    error: 'needs backchannel_logout_uri',
    when: reads('backchannel_logout_uri', 'backchannel_logout_session_required'),
  })
  .refine(hasFittingSecret, fittingSecret)
  .refine(hasFittingKeys, fittingKeys)
  .refine(hasKeysOnce, keysOnce);

function hasLogoutUri(client: { backchannel_logout_uri?: string | undefined }): boolean {
  return client.backchannel_logout_uri !== undefined;
}

const introspection = z
  .strictObject({
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
  })
  .refine(hasFittingSecret, fittingSecret)
  .refine(hasFittingKeys, fittingKeys)
  .refine(hasKeysOnce, keysOnce);

/** One API that trusts this server (RFC 8707). */
export const resourceSchema = z
  .strictObject({
    identifier: textWithout(findUriFault).describe(
      'Absolute URI without fragment: the audience of its tokens (RFC 8707).',
    ),
    name: words.describe('What people read when they are asked to consent.'),
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

const SERVICE_ACCOUNT_ID = /^sa_[A-Za-z0-9_-]{3,60}$/;

const serviceAccountId = z
  .string()
  .regex(SERVICE_ACCOUNT_ID, 'must be sa_ and 3 to 60 letters, digits, _ and -');

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

/** One service account of the operator: a machine that signs for itself. */
export const serviceAccountSchema = z.strictObject({
  id: serviceAccountId.describe('Its name in the protocol, and the `iss` of what it signs; never reused.'),
  name: words.describe('What operators read.'),
  scopes: z
    .array(machineScopeName)
    .min(1)
    .describe('Every scope that it may get; all of them where none is asked for.'),
  plan: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,63}$/, 'must be lower-case letters, digits, _ and -')
    .optional()
    .describe('An entry of plans, whose scopes are its ceiling. Unset: no ceiling.'),
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

const role = z.strictObject({
  scopes: z.array(scopeName).describe('Scopes that a person in this role may hand on; `*` is all.'),
});

const ownName = z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/, 'must be lower-case letters, digits, _ and -');

const teamRole = z.strictObject({
  scopes: z
    .array(scopeName)
    .describe('Scopes that a member in this role may hand on for the team, within its plan; `*` is all.'),
  manages: flag(
    false,
    'Do they manage the team: members, invitations, keys and apps? Nobody gives a role beyond their own.',
  ),
});

const everyScope = ['*'];

const teams = z
  .strictObject({
    made_by_people: flag(true, 'May people make teams themselves? Otherwise an operator makes them.'),
    max_owned: whole(20, 'Teams that one person may make: each sends invitations to strangers.', {
      max: 10_000,
    }),
    roles: z
      .record(ownName, teamRole)
      .prefault({
        owner: { scopes: everyScope, manages: true },
        admin: { scopes: everyScope, manages: true },
        member: { scopes: everyScope, manages: false },
      })
      .describe('Roles within a team. `owner` must be there and manage: every team has one.'),
  })
  .refine(({ roles }) => roles.owner?.manages === true, {
    path: ['roles'],
    error: 'must have owner, with manages: true',
    when: reads('roles'),
  });

const plan = z.strictObject({
  scopes: z
    .array(scopeName)
    .default(everyScope)
    .describe('No more than these, whatever the role; `*` is all.'),
  max_personal_keys: whole(100, 'Personal API keys of one person on this plan; 0 is none.', {
    min: 0,
    max: 10_000,
  }),
  max_team_keys: whole(100, 'API keys of one team on this plan; 0 is none.', { min: 0, max: 10_000 }),
  max_members: whole(500, 'Members of one team on this plan.', { max: 10_000 }),
});

const defaultPlans = z.strictObject({
  person: ownName.default('standard').describe('The plan of a person for whom none was chosen.'),
  team: ownName.default('standard').describe('The same for a team.'),
});

/** The file and the environment, before the defaults that follow from other settings are filled in. */
export const settingsSchema = z
  .strictObject({
    version: z.literal(1).describe('The version of this format. The only setting that must be there.'),
    issuer: textWithout(findIssuerFault)
      .optional()
      .meta({ fallback: 'http://localhost:PORT' })
      .describe(
        'The public address of this server, as clients see it. https unless loopback; no path, no last slash.',
      ),
    listen: listen.prefault({}),
    allowed_hosts: list(
      hostName,
      'Host headers to answer beside the one of the issuer; any other is refused.',
    ),
    trusted_proxies: list(
      network,
      'Networks of the proxies in front, whose X-Forwarded headers are believed. In the environment: separated by commas.',
    ),
    database: database.prefault({}),
    secrets_file: z
      .string()
      .min(1)
      .optional()
      .meta({ fallback: 'secrets beside the SQLite file, or data/secrets' })
      .describe(
        'The key that opens the keys in the database. Made at the first start, for its owner only (mode 0600).',
      ),
    log: z
      .strictObject({
        level: z
          .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
          .default('info')
          .describe('The least that is written. Secrets are written at no level.'),
      })
      .prefault({}),
    branding: branding.prefault({}),
    people: people.prefault({}),
    mail: mail.prefault({}),
    sessions: sessions.prefault({}),
    tokens: tokens.prefault({}),
    limits: z
      .record(z.string().regex(/^[a-z][a-z0-9_.]*$/, 'is not the name of a limit'), limit)
      .default({})
      .describe('Other numbers for a limit of server/rate-limits/limits.ts, by its name.'),
    device: device.prefault({}),
    server: server.prefault({}),
    outbound: outbound.prefault({}),
    api_keys: apiKeys.prefault({}),
    clients: list(clientSchema, 'Clients declared here win over those of the same id in the database.'),
    resources: list(
      resourceSchema,
      'APIs declared here win over those of the same identifier in the database.',
    ),
    trusted_issuers: list(
      trustedIssuerSchema,
      'Issuers declared here win over those of the same name in the database.',
    ),
    service_accounts: list(
      serviceAccountSchema,
      'Service accounts declared here win over those of the same id in the database.',
    ),
    roles: z
      .record(ownName, role)
      .prefault({ member: { scopes: everyScope } })
      .describe('What people may hand on to clients outside of any team, by the role of their account.'),
    teams: teams.prefault({}),
    plans: z
      .record(ownName, plan)
      .prefault({ standard: {} })
      .describe(
        'Ceilings for people and teams, by name: computed at each use, so a smaller plan is felt at once.',
      ),
    default_plans: defaultPlans.prefault({}),
  })
  .superRefine(refineIdentities, { when: reads() })
  .superRefine(refineOutboundUris, { when: reads('outbound') })
  .refine(({ issuer, resources }) => !resources.some((one) => one.identifier === `${issuer}/v1`), {
    path: ['resources'],
    error: 'must not have the management API of this server itself: it is there without registration',
    when: reads('issuer', 'resources'),
  })
  .refine(({ issuer, trusted_issuers: trusted }) => !trusted.some((one) => one.issuer === issuer), {
    path: ['trusted_issuers'],
    error: 'must not have this server itself: its tokens are no assertions',
    when: reads('issuer', 'trusted_issuers'),
  })
  .superRefine(refineDefaultPlans, { when: reads('plans', 'default_plans') })
  .refine(({ issuer, listen }) => issuer !== undefined || listen.port !== 0, {
    path: ['issuer'],
    error: 'must be set where the port is 0: others must know under which port to find us',
    when: reads('listen'),
  });

/** Every name in clients and resources means one thing. Runs over half-valid input, so it trusts no shape. */
function refineIdentities(
  settings: { clients: unknown; resources: unknown; trusted_issuers: unknown; service_accounts: unknown },
  context: z.RefinementCtx,
): void {
  const clients = entries(settings.clients);
  const resources = entries(settings.resources);
  const issuers = entries(settings.trusted_issuers).map(({ issuer: value }, index) => ({
    value,
    path: ['trusted_issuers', index, 'issuer'],
  }));
  const serviceAccounts = entries(settings.service_accounts);
  const callers = resources.map((resource) => entry(resource.introspection));
  const clientIds = [
    ...serviceAccounts.map(({ id: value }, index) => ({ value, path: ['service_accounts', index, 'id'] })),
    ...clients.map((client, index) => ({ value: client.client_id, path: ['clients', index, 'client_id'] })),
    ...callers.map(({ client_id: value }, index) => ({
      value,
      path: ['resources', index, 'introspection', 'client_id'],
    })),
  ];
  const identifiers = resources.map(({ identifier: value }, index) => ({
    value,
    path: ['resources', index, 'identifier'],
  }));
  const defaults = resources.map((resource, index) => ({
    value: resource.default === true ? 'default' : undefined,
    path: ['resources', index, 'default'],
  }));
  const schemes = clients.flatMap((client, index) => {
    // An id that is used twice is told as such.
    const isFirst = clients.findIndex((other) => other.client_id === client.client_id) === index;
    const claimed = isFirst ? privateUseSchemes(client.redirect_uris) : [];
    return claimed.map((value) => ({ value, path: ['clients', index, 'redirect_uris'] }));
  });
  refineUnique(clientIds, 'is used twice; an id is for one client or one API', context);
  refineUnique(schemes, 'has a private-use scheme of another client', context);
  refineUnique(identifiers, 'is used twice', context);
  refineUnique(issuers, 'is used twice', context);
  refineUnique(defaults, 'may be true for one resource only', context);
}

function refineDefaultPlans(
  { plans, default_plans: chosen }: { plans: object; default_plans: { person: string; team: string } },
  context: z.RefinementCtx,
): void {
  for (const holder of ['person', 'team'] as const) {
    if (Object.hasOwn(plans, chosen[holder])) continue;
    const message = 'must stand in plans';
    context.addIssue({ code: 'custom', path: ['default_plans', holder], message });
  }
}

/** Whatever is called is judged by the hosts of the operator's own network, which stand in another section. */
function refineOutboundUris(
  settings: {
    clients: unknown;
    resources: unknown;
    trusted_issuers: unknown;
    api_keys: unknown;
    outbound: { allowed_hosts: readonly string[] };
  },
  context: z.RefinementCtx,
): void {
  const { public_keys_uri: scanner } = entry(entry(settings.api_keys).secret_scanning);
  const fault =
    typeof scanner === 'string' ? findOutboundUriFault(scanner, settings.outbound.allowed_hosts) : undefined;
  if (fault !== undefined) {
    const path = ['api_keys', 'secret_scanning', 'public_keys_uri'];
    context.addIssue({ code: 'custom', path, message: fault });
  }
  const callers = entries(settings.resources).map((resource) => entry(resource.introspection));
  const registrations = [
    ...entries(settings.clients).map((value, index) => ({ value, path: ['clients', index] })),
    ...callers.map((value, index) => ({ value, path: ['resources', index, 'introspection'] })),
    ...entries(settings.trusted_issuers).map((value, index) => ({ value, path: ['trusted_issuers', index] })),
  ];
  for (const { value, path } of registrations) {
    for (const { field, fault } of findOutboundFaults(value, settings.outbound.allowed_hosts))
      context.addIssue({ code: 'custom', path: [...path, field], message: fault });
  }
}

/** The schemes that an app claims on the machines it is installed on (RFC 8252 section 7.1), each once, with their colon. */
function privateUseSchemes(uris: unknown): string[] {
  const texts = Array.isArray(uris) ? uris.map(String) : [];
  const schemes = texts.flatMap((uri) => URL.parse(uri)?.protocol ?? []);
  return [...new Set(schemes)].filter((scheme) => scheme !== 'https:' && scheme !== 'http:');
}

type Place = { value: unknown; path: (string | number)[] };

function refineUnique(places: Place[], message: string, context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const { value, path } of places) {
    if (typeof value !== 'string') continue;
    if (seen.has(value)) context.addIssue({ code: 'custom', path, message });
    seen.add(value);
  }
}

function entries(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(entry) : [];
}

function entry(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function fillDerived(settings: z.output<typeof settingsSchema>) {
  // By way of URL, so that port 80 gives the address as clients write it.
  const issuer = settings.issuer ?? new URL(`http://localhost:${settings.listen.port}`).origin;
  const host = settings.listen.host ?? (isLoopbackHost(new URL(issuer).hostname) ? 'localhost' : '0.0.0.0');
  const secretsFile = settings.secrets_file ?? join(findDataFolder(settings.database.url), 'secrets');
  const mail = { ...settings.mail, from: settings.mail.from ?? `no-reply@${new URL(issuer).hostname}` };
  return { ...settings, issuer, listen: { ...settings.listen, host }, secrets_file: secretsFile, mail };
}

function findDataFolder(databaseUrl: string): string {
  return databaseUrl.startsWith('sqlite:') ? dirname(databaseUrl.slice('sqlite:'.length)) : 'data';
}

/** From settings as written to the whole configuration; refusals are zod issues by path. */
export const configSchema = settingsSchema.transform(fillDerived);

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** The whole configuration, frozen. Keys are those of the file. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;
