// Every setting with its unit, its default and its reason: one zod schema of the sections in config/schema/. docs/settings.md is printed from it.
import { join } from 'node:path';
import { z } from 'zod';
import { refineIdentities, refineOutboundUris } from './schema/across-sections.ts';
import { apiKeys } from './schema/api-keys.ts';
import { branding } from './schema/branding.ts';
import { clientSchema } from './schema/clients.ts';
import { database, findDataFolder } from './schema/database.ts';
import { device } from './schema/device.ts';
import { list, reads, textWithout } from './schema/elements.ts';
import { limit } from './schema/limits.ts';
import { mail } from './schema/mail.ts';
import { everyScope, hostName, ownName } from './schema/names.ts';
import { outbound } from './schema/outbound.ts';
import { people, sessions } from './schema/people.ts';
import { resourceSchema } from './schema/resources.ts';
import { listen, network, server } from './schema/server.ts';
import { serviceAccountSchema } from './schema/service-accounts.ts';
import { signingKeys } from './schema/signing-keys.ts';
import { defaultPlans, plan, refineDefaultPlans, role, teams } from './schema/teams.ts';
import { tokens } from './schema/tokens.ts';
import { trustedIssuerSchema } from './schema/trusted-issuers.ts';
import { findIssuerFault, isLoopbackHost } from './schema/uris.ts';

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
    signing_keys: signingKeys.prefault({}),
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

function fillDerived(settings: z.output<typeof settingsSchema>) {
  // By way of URL, so that port 80 gives the address as clients write it.
  const issuer = settings.issuer ?? new URL(`http://localhost:${settings.listen.port}`).origin;
  const host = settings.listen.host ?? (isLoopbackHost(new URL(issuer).hostname) ? 'localhost' : '0.0.0.0');
  const secretsFile = settings.secrets_file ?? join(findDataFolder(settings.database.url), 'secrets');
  const mail = { ...settings.mail, from: settings.mail.from ?? `no-reply@${new URL(issuer).hostname}` };
  return { ...settings, issuer, listen: { ...settings.listen, host }, secrets_file: secretsFile, mail };
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
