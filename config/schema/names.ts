// Names and words that several sections use: scopes (RFC 6749 section 3.3), ids, and what people read.
import { z } from 'zod';

export const scopeName = z
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

/** What a service account may have: `*` is every scope but those of administration. */
export const accountScopeName = resourceScopeName.refine(
  (name) => !name.startsWith('latchkey:'),
  'is a right over this server, which no API has and no assertion gets',
);

/** A name that may be given away: `*` is no scope, and what is about this server itself is for clients and administrators. */
export const machineScopeName = accountScopeName.refine(
  (name) => name !== '*',
  'must be the name of a scope; * is none here: name each of them',
);

export const apiScopeName = machineScopeName.refine(
  (name) => !/^(?:keys|service-accounts|team-apps):(?:read|write)$/.test(name),
  'is a scope of this server itself and cannot be one of an API',
);

export const clientId = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 ASCII characters without spaces (RFC 6749 appendix A.1)');

// Joiners stay: Persian names and family emoji need them.
const unseen = /[[\p{C}\p{Zl}\p{Zp}]--[\u200c\u200d]]/v;

export const words = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => !unseen.test(text), 'must not have control characters or others that cannot be seen');

export const localizedWords = z
  .union([words, z.record(z.string().regex(/^[a-z]{2,3}$/, 'must be a language such as en or de'), words)], {
    // What is empty has words of its own, for every setting.
    error: ({ input }) =>
      input === null || input === undefined
        ? undefined
        : 'must be a text, or a mapping such as { en: Read your orders, de: Deine Bestellungen lesen }',
  })
  // What a reader sees for whose language there is nothing.
  .refine((text) => typeof text === 'string' || text.en !== undefined, 'needs en beside the other languages');

export const hostName = z
  .string()
  .regex(
    /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/,
    'must be a lower-case host name, with :port where there is one',
  );

/** What the operator calls one of several: a role, a plan. */
export const ownName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, 'must be lower-case letters, digits, _ and -');

export const everyScope = ['*'];

/** What may be used at the token endpoint (RFC 6749 section 1.3 and its extensions). */
export const grantTypes = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
] as const;
