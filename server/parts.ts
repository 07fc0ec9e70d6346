// The parts that know no HTTP, made once from the ground up: what the server and the command line share.
import type { Config } from '../config/schema.ts';
import { createAccountDeletion } from './accounts/account-deletion.ts';
import { createAccountMail } from './accounts/account-mail.ts';
import { createAccounts } from './accounts/accounts.ts';
import { throttleEmail } from './accounts/email.ts';
import { createEmailVerification } from './accounts/email-verification.ts';
import { createFirstAdministrator } from './accounts/first-administrator.ts';
import { createPasswordHasher } from './accounts/password.ts';
import { createPasswordPolicy } from './accounts/password-policy.ts';
import { createPasswordReset } from './accounts/password-reset.ts';
import { createRoles } from './accounts/roles.ts';
import { createAudit } from './audit/audit.ts';
import { createClients, resourceServer } from './clients/clients.ts';
import { createGrants } from './grants/grants.ts';
import { createMail } from './mail/mail.ts';
import { createLog } from './observability/log.ts';
import { checkCodeGuessing } from './rate-limits/code-guessing.ts';
import { openLimiter } from './rate-limits/limiter.ts';
import { createLimits } from './rate-limits/limits.ts';
import { createSignInThrottle } from './rate-limits/sign-in-throttle.ts';
import { createResources } from './resources/resources.ts';
import { createSigningKeys } from './signing-keys/signing-keys.ts';
import { createArtifacts } from './storage/artifacts.ts';
import { openDatabase } from './storage/database.ts';
import { createDeployment } from './storage/deployment.ts';
import { createDeviceCodes } from './storage/device-codes.ts';
import { migrate } from './storage/migrate.ts';
import { createOutbox } from './storage/outbox.ts';
import { createReplays } from './storage/replays.ts';
import { openSealer } from './storage/secrets-file.ts';
import { loadServerKeys } from './storage/server-keys.ts';
import { createSessions } from './storage/sessions.ts';
import { createTokens } from './storage/tokens.ts';

/** `actor` signs their acts in the audit log. */
export async function createParts(config: Config, { actor }: { actor: string }) {
  const log = createLog({ level: config.log.level });
  await migrate(config.database.url);
  const database = openDatabase({ url: config.database.url, poolMax: config.database.pool_max });
  const sealer = await openSealer(config.secrets_file, database);
  const keys = await loadServerKeys(database, sealer);
  const deployment = createDeployment(database);
  const audit = createAudit({ database });
  const artifacts = createArtifacts({ database, key: keys.artifact[0] });
  const sessions = createSessions({
    database,
    key: keys.artifact[0],
    admin: {
      idleSeconds: config.sessions.admin_idle_seconds,
      absoluteSeconds: config.sessions.admin_absolute_seconds,
    },
  });
  const tokens = createTokens(database);
  const replays = createReplays(database);
  const deviceCodes = createDeviceCodes({ database, key: keys.artifact[0], userCodeKey: keys.user_code[0] });

  const limits = createLimits(config.limits);
  checkCodeGuessing(limits, config.device);
  const { limiter, sweep: sweepLimits } = await openLimiter({ counters: database.counters, limits });

  const clients = createClients({ database, audit, actor, onBlocked: deviceCodes.killOf });
  const resources = createResources({
    database,
    deployment,
    audit,
    actor,
    registerServer: ({ identifier, name }, { auth, jwks }) =>
      clients.register(resourceServer(name, auth, jwks), { resource: identifier }),
  });
  const signingKeys = createSigningKeys({ database, deployment, audit, sealer });
  const grants = createGrants({ database, audit });
  const outbox = createOutbox({ database, key: keys.outbox[0] });
  const mail = createAccountMail({ send: createMail({ outbox }).send, issuer: config.issuer });
  const emailVerification = createEmailVerification({ database, audit, mail });
  const accounts = createAccounts({
    ...{ database, audit, sessions, mail },
    sendVerification: emailVerification.sendLink,
    hasher: createPasswordHasher(),
    policy: createPasswordPolicy({
      minLength: config.people.password_min_length,
      blockedWords: [config.branding.name, ...config.people.blocked_password_words],
    }),
    throttle: createSignInThrottle({ limiter, emailKey: throttleEmail }),
    revokeGrants: grants.revokeAllOf,
  });
  const passwordReset = createPasswordReset({ database, audit, mail, accounts });
  const accountDeletion = createAccountDeletion({
    ...{ database, audit, sessions, mail },
    revokeGrants: grants.revokeAllOf,
    forgetConsents: grants.forgetAllOf,
  });
  const roles = createRoles(config.roles);
  const firstAdministrator = createFirstAdministrator({ database, accounts, issuer: config.issuer });

  return {
    ...{ config, log, database, keys, deployment, audit, artifacts, sessions, tokens, replays, deviceCodes },
    ...{ limiter, sweepLimits, clients, resources, signingKeys, grants, roles, accounts, firstAdministrator },
    ...{ outbox, mail, emailVerification, passwordReset, accountDeletion },
    close: () => database.close(),
  };
}

export type Parts = Awaited<ReturnType<typeof createParts>>;
