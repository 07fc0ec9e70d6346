// The parts that know no HTTP, made once from the ground up: what the server and the command line share.
import { findRuleFault } from '../config/claim-rules.ts';
import type { Config } from '../config/schema.ts';
import { createAccountDeletion } from './accounts/account-deletion.ts';
import { createAccountImport } from './accounts/account-import.ts';
import { createAccountMail } from './accounts/account-mail.ts';
import { createAccountPlan } from './accounts/account-plan.ts';
import { createAccounts } from './accounts/accounts.ts';
import { throttleEmail } from './accounts/email.ts';
import { createEmailVerification } from './accounts/email-verification.ts';
import { createFirstAdministrator } from './accounts/first-administrator.ts';
import { createOperatorMail } from './accounts/operator-mail.ts';
import { createPasswordHasher } from './accounts/password.ts';
import { createPasswordPolicy } from './accounts/password-policy.ts';
import { createPasswordReset } from './accounts/password-reset.ts';
import { createApiKeys } from './api-keys/api-keys.ts';
import { createFoundKeys } from './api-keys/found-keys.ts';
import { createKeyFormats } from './api-keys/key-format.ts';
import { createKeyMail } from './api-keys/key-mail.ts';
import { createOwnKeys } from './api-keys/own-keys.ts';
import { createSecretScanning } from './api-keys/secret-scanning.ts';
import { createKeyWarnings } from './api-keys/warnings.ts';
import { createAudit } from './audit/audit.ts';
import { createClients } from './clients/clients.ts';
import { resourceServer } from './clients/ready-made.ts';
import { createGrants } from './grants/grants.ts';
import { createMail } from './mail/mail.ts';
import { createLog } from './observability/log.ts';
import { createFetcher } from './outbound/fetcher.ts';
import { createRemoteKeys } from './outbound/remote-keys.ts';
import { checkCodeGuessing } from './rate-limits/code-guessing.ts';
import { openLimiter } from './rate-limits/limiter.ts';
import { createLimits } from './rate-limits/limits.ts';
import { createSignInThrottle } from './rate-limits/sign-in-throttle.ts';
import { managementResource } from './resources/management.ts';
import { createResources, type Resource } from './resources/resources.ts';
import { isServiceAccountId } from './service-accounts/account-registration.ts';
import { createAssertions } from './service-accounts/assertions.ts';
import { createEndedKeys } from './service-accounts/ended-keys.ts';
import { createSelfSigned } from './service-accounts/self-signed.ts';
import { createServiceAccounts } from './service-accounts/service-accounts.ts';
import { createSpentAssertions } from './service-accounts/spent-assertions.ts';
import { createTrustedIssuers } from './service-accounts/trusted-issuers.ts';
import { createSigningKeys } from './signing-keys/signing-keys.ts';
import { createArtifacts } from './storage/artifacts.ts';
import { openDatabase } from './storage/database.ts';
import { createDeployment } from './storage/deployment.ts';
import { createDeviceCodes } from './storage/device-codes.ts';
import { migrate } from './storage/migrate.ts';
import { createOutbox } from './storage/outbox.ts';
import { createReplays } from './storage/replays.ts';
import { openSealer } from './storage/secrets-file.ts';
import { loadCookieKeys, loadServerKeys } from './storage/server-keys.ts';
import { createSessionClients } from './storage/session-clients.ts';
import { createSessions } from './storage/sessions.ts';
import { createTokens } from './storage/tokens.ts';
import { createAdmission } from './teams/admission.ts';
import { createInvitations } from './teams/invitations.ts';
import { createMembers } from './teams/members.ts';
import { createRights } from './teams/rights.ts';
import { createTeamMail } from './teams/team-mail.ts';
import { createTeams } from './teams/teams.ts';
import { allTexts, inEnglish } from './web/words.ts';

/** How long something that is signed today must be verified. */
function longestLife(
  { tokens, sessions }: Config,
  resources: readonly Resource[],
  algorithm: string,
): number {
  const lives = resources.map((one) => one.registration.accessTokenSeconds ?? tokens.access_token_seconds);
  // An ID token comes back as a hint when its session ends (OpenID Connect RP-Initiated Logout 1.0 section 2).
  const hint = algorithm === 'RS256' ? Math.max(tokens.id_token_seconds, sessions.absolute_seconds) : 0;
  return Math.max(tokens.access_token_seconds, hint, ...lives);
}

/** `actor` signs their acts in the audit log. */
export async function createParts(config: Config, { actor }: { actor: string }) {
  const log = createLog({ level: config.log.level });
  await migrate(config.database.url);
  const database = openDatabase({
    url: config.database.url,
    poolMax: config.database.pool_max,
    onDamage: (error) => log.error('row.damaged', { error }),
  });
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
  const sessionClients = createSessionClients(database);
  const tokens = createTokens(database);
  const replays = createReplays(database);
  const deviceCodes = createDeviceCodes({ database, key: keys.artifact[0], userCodeKey: keys.user_code[0] });

  const fetcher = createFetcher({ allowedHosts: config.outbound.allowed_hosts });
  const remoteKeys = createRemoteKeys({ fetcher });

  const limits = createLimits(config.limits);
  checkCodeGuessing(limits, config.device);
  const { limiter, sweep: sweepLimits } = await openLimiter({ counters: database.counters, limits });

  const clients = createClients({
    ...{ database, audit, actor, onBlocked: deviceCodes.killOf },
    onFault: (error) => log.warn('client_requests.not_noted', { error }),
  });
  const resources = createResources({
    database,
    deployment,
    audit,
    actor,
    builtIn: [managementResource(config.issuer, inEnglish(config.branding.name))],
    prepareServer: ({ identifier, name }, { auth, ...keys }) =>
      clients.prepare(resourceServer(name, auth, keys), { resource: identifier }),
    endOf(removed) {
      clients.removeServersOf(removed);
      apiKeys.endOfResource(removed.identifier);
    },
  });
  const rights = createRights(config);
  const admission = createAdmission({ database, rights });
  const signingKeys = createSigningKeys({
    ...{ database, deployment, audit, sealer },
    policy: {
      rotateAfterSeconds: config.signing_keys.rotate_after_seconds,
      publishAheadSeconds: config.signing_keys.publish_ahead_seconds,
    },
    longestSeconds: async (algorithm) => longestLife(config, await resources.list(), algorithm),
  });
  const grants = createGrants({ database, audit });
  const endedKeys = createEndedKeys({ database, clients });
  const trustedIssuers = createTrustedIssuers({ database, audit, clients, endedKeys, remoteKeys, actor });
  const serviceAccounts = createServiceAccounts({
    ...{ database, audit, clients, endedKeys, rights, admission, resources },
  });
  const assertions = createAssertions({
    issuer: config.issuer,
    tokenEndpoint: `${config.issuer}/token`,
    skewSeconds: config.tokens.clock_skew_seconds,
    findAuthority: (issuer) =>
      isServiceAccountId(issuer)
        ? serviceAccounts.findAuthority(issuer)
        : trustedIssuers.findAuthority(issuer),
    findRuleFault,
  });
  const selfSigned = createSelfSigned({
    skewSeconds: config.tokens.clock_skew_seconds,
    longestSeconds: config.tokens.service_jwt_seconds,
  });
  const spentAssertions = createSpentAssertions({ replays });
  const outbox = createOutbox({ database, key: keys.outbox[0] });
  const { send } = createMail({ outbox });
  const mail = createAccountMail({ send, issuer: config.issuer });
  const keyFormats = createKeyFormats(config.api_keys);
  const keyMail = createKeyMail({ send, issuer: config.issuer });
  const apiKeys = createApiKeys({
    config: config.api_keys,
    formats: keyFormats,
    ...{ database, audit, rights, admission, resources },
  });
  const foundKeys = createFoundKeys({
    ...{ database, audit, apiKeys, limiter },
    ...{ formats: keyFormats, mail: keyMail },
  });
  const keyWarnings = createKeyWarnings({ database, apiKeys, mail: keyMail, log });
  const { secret_scanning: scanning } = config.api_keys;
  const secretScanning = scanning && createSecretScanning({ config: scanning, fetcher, foundKeys });
  const operatorMail = createOperatorMail({ database, limiter, send, operator: config.mail.operator });
  const emailVerification = createEmailVerification({ database, audit, mail });
  const accounts = createAccounts({
    ...{ database, audit, sessions, mail },
    sendVerification: emailVerification.sendLink,
    hasher: createPasswordHasher(),
    policy: createPasswordPolicy({
      minLength: config.people.password_min_length,
      blockedWords: [...allTexts(config.branding.name), ...config.people.blocked_password_words],
    }),
    throttle: createSignInThrottle({ limiter, emailKey: throttleEmail }),
    revokeGrants: grants.revokeAllOf,
  });
  // What belongs to a team, and ends with it.
  const team = { database, audit, rights, admission, dependents: [grants, apiKeys, serviceAccounts] };
  const teams = createTeams({ ...team, config });
  const members = createMembers(team);
  const teamMail = createTeamMail({ send, issuer: config.issuer });
  const invitations = createInvitations({ ...team, limiter, mail: teamMail });
  const passwordReset = createPasswordReset({ database, audit, mail, accounts });
  const accountDeletion = createAccountDeletion({
    ...{ database, audit, sessions, mail },
    revokeGrants: grants.revokeAllOf,
    teams: members,
    forgetConsents(accountId) {
      grants.forgetAllOf(accountId);
      apiKeys.revokeAllOf({ kind: 'personal', accountId });
      apiKeys.forgetPerson(accountId);
    },
  });
  const accountImport = createAccountImport({ database, audit });
  const accountPlan = createAccountPlan({ database, audit });
  const firstAdministrator = createFirstAdministrator({ database, accounts, issuer: config.issuer });

  return {
    sealer,
    loadCookieKeys: () => loadCookieKeys(database, sealer, { keepSeconds: config.sessions.absolute_seconds }),
    ...{ config, log, database, keys, deployment, audit, artifacts, sessions, tokens, replays, deviceCodes },
    ...{ limiter, sweepLimits, clients, resources, signingKeys, grants, accounts, firstAdministrator },
    ...{
      outbox,
      mail,
      operatorMail,
      emailVerification,
      passwordReset,
      accountDeletion,
      accountImport,
      accountPlan,
    },
    ...{ fetcher, remoteKeys, sessionClients },
    ...{ trustedIssuers, serviceAccounts, endedKeys, selfSigned, assertions, findRuleFault, spentAssertions },
    ...{ rights, apiKeys, foundKeys, keyFormats, keyMail, keyWarnings, secretScanning },
    ...{ ownKeys: createOwnKeys({ database }) },
    ...{ teams, members, invitations },
    async close(): Promise<void> {
      await clients.flushRequests();
      await database.close();
    },
  };
}

export type Parts = Awaited<ReturnType<typeof createParts>>;
