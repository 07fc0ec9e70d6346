// The parts that know no HTTP, made once from the ground up: what the server and the command line share.
import { findRuleFault } from '../config/claim-rules.ts';
import { judgeClient } from '../config/registrations.ts';
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
import { WARNING_DAYS } from './api-keys/key-terms.ts';
import { createOwnKeys } from './api-keys/own-keys.ts';
import { createSecretScanning } from './api-keys/secret-scanning.ts';
import { createKeyWarnings } from './api-keys/warnings.ts';
import { createClients } from './clients/clients.ts';
import { resourceServer } from './clients/ready-made.ts';
import { createFoundation, type Foundation } from './foundation.ts';
import { createGrants } from './grants/grants.ts';
import { openidScopes } from './protocol/catalog.ts';
import { createSignInThrottle } from './rate-limits/sign-in-throttle.ts';
import { longestLife } from './resources/longest-life.ts';
import { managementResource } from './resources/management.ts';
import { createResources } from './resources/resources.ts';
import { isServiceAccountId } from './service-accounts/account-registration.ts';
import { createAssertions } from './service-accounts/assertions.ts';
import { createEndedKeys } from './service-accounts/ended-keys.ts';
import { createServiceKeyWarnings } from './service-accounts/key-warnings.ts';
import { createSelfSigned } from './service-accounts/self-signed.ts';
import { createServiceAccounts } from './service-accounts/service-accounts.ts';
import { createSpentAssertions } from './service-accounts/spent-assertions.ts';
import { createTrustedIssuers } from './service-accounts/trusted-issuers.ts';
import { createSigningKeys } from './signing-keys/signing-keys.ts';
import { orNothing } from './storage/damage.ts';
import { createAppMail } from './team-apps/app-mail.ts';
import { createAppTerms } from './team-apps/app-terms.ts';
import { createAppReview } from './team-apps/review.ts';
import { createTeamApps } from './team-apps/team-apps.ts';
import { createAdmission } from './teams/admission.ts';
import { createInvitations } from './teams/invitations.ts';
import { createMembers } from './teams/members.ts';
import { createRights } from './teams/rights.ts';
import { createTeamMail } from './teams/team-mail.ts';
import { createTeams } from './teams/teams.ts';
import { allTexts, inEnglish } from './web/words.ts';

/** Who may be what: clients, APIs, keys, and the rights of people and teams. */
function createRegistry(foundation: Foundation, actor: string) {
  const { config, log, database, deployment, sealer, audit, deviceCodes } = foundation;
  const clients = createClients({
    ...{ database, audit, actor, onBlocked: deviceCodes.killOf },
    onFault: (error) => log.warn('client_requests.not_noted', { error }),
  });
  const rights = createRights(config);
  const admission = createAdmission({ database, rights });
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
  const keyFormats = createKeyFormats(config.api_keys);
  const apiKeys = createApiKeys({
    config: config.api_keys,
    formats: keyFormats,
    ...{ database, audit, rights, admission, resources },
  });
  const signingKeys = createSigningKeys({
    ...{ database, deployment, audit, sealer },
    policy: {
      rotateAfterSeconds: config.signing_keys.rotate_after_seconds,
      publishAheadSeconds: config.signing_keys.publish_ahead_seconds,
    },
    longestSeconds: async (algorithm) => longestLife(config, await resources.list(), algorithm),
  });
  const grants = createGrants({ database, audit });
  return { clients, rights, admission, resources, keyFormats, apiKeys, signingKeys, grants };
}

type Registry = ReturnType<typeof createRegistry>;

/** Machines that sign for themselves, and issuers whose word is believed. */
function createMachines(below: Foundation & Registry, actor: string) {
  const { config, database, audit, clients, rights, admission, resources, remoteKeys, replays } = below;
  const endedKeys = createEndedKeys({ database, clients });
  const trustedIssuers = createTrustedIssuers({ database, audit, clients, endedKeys, remoteKeys, actor });
  const serviceAccounts = createServiceAccounts({
    ...{ database, audit, clients, endedKeys, rights, admission, resources },
  });
  const assertions = createAssertions({
    findRuleFault,
    issuer: config.issuer,
    tokenEndpoint: `${config.issuer}/token`,
    skewSeconds: config.tokens.clock_skew_seconds,
    // Whose row is damaged is nobody: what it signs is refused.
    findAuthority: (issuer) =>
      orNothing(
        () => (isServiceAccountId(issuer) ? serviceAccounts : trustedIssuers).findAuthority(issuer),
        database.noteDamage,
      ),
  });
  const selfSigned = createSelfSigned({
    skewSeconds: config.tokens.clock_skew_seconds,
    longestSeconds: config.tokens.service_jwt_seconds,
  });
  const spentAssertions = createSpentAssertions({ replays });
  return {
    ...{ endedKeys, trustedIssuers, serviceAccounts, assertions },
    ...{ selfSigned, spentAssertions, findRuleFault },
  };
}

type Machines = ReturnType<typeof createMachines>;

/** What becomes of keys beside the will of their owners. */
function createKeyWatch(below: Foundation & Registry & Apps) {
  const { config, database, audit, log, limiter, fetcher, send, keyFormats, apiKeys } = below;
  const keyMail = createKeyMail({ send, issuer: config.issuer });
  const foundKeys = createFoundKeys({
    ...{ database, audit, apiKeys, limiter },
    ...{ formats: keyFormats, mail: keyMail },
  });
  const { secret_scanning: scanning } = config.api_keys;
  return {
    ...{ keyMail, foundKeys },
    keyWarnings: createKeyWarnings({ database, apiKeys, mail: keyMail, log }),
    serviceKeyWarnings: createServiceKeyWarnings({
      ...{ ...below, issuer: config.issuer, warningDays: WARNING_DAYS },
    }),
    secretScanning: scanning && createSecretScanning({ config: scanning, fetcher, foundKeys }),
    ownKeys: createOwnKeys({ database }),
  };
}

/** Apps of teams, and what operators are told by mail: of them, and of devices. */
function createApps(below: Foundation & Registry, actor: string) {
  const { config, database, limiter, send, resources } = below;
  const operatorMail = createOperatorMail({ database, limiter, send, operator: config.mail.operator });
  const app = {
    ...{ ...below, actor },
    terms: createAppTerms({ config, resources, judge: judgeClient, openidScopes: Object.keys(openidScopes) }),
    mail: createAppMail({ send, issuer: config.issuer, limiter, operatorMail }),
  };
  return { operatorMail, teamApps: createTeamApps(app), appReview: createAppReview(app) };
}

type Apps = ReturnType<typeof createApps>;

/** Teams: who is in them, and who is asked to come. */
function createTeamParts(below: Foundation & Registry & Machines & Apps) {
  const { config, database, audit, rights, admission, limiter, send } = below;
  // What belongs to a team, and ends with it.
  const dependents = [below.grants, below.apiKeys, below.serviceAccounts, below.teamApps];
  const team = { database, audit, rights, admission, dependents };
  return {
    teams: createTeams({ ...team, config }),
    members: createMembers(team),
    invitations: createInvitations({
      ...{ ...team, limiter, mail: createTeamMail({ send, issuer: config.issuer }) },
    }),
  };
}

type TeamParts = ReturnType<typeof createTeamParts>;

/** People: how they come in, stay, find their way back, and leave. */
function createPeople(below: Foundation & Registry & Apps & TeamParts) {
  const { config, database, audit, sessions, limiter, send, grants, apiKeys, teamApps, members } = below;
  const mail = createAccountMail({ send, issuer: config.issuer });
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
  return {
    ...{ mail, emailVerification, accounts },
    passwordReset: createPasswordReset({ database, audit, mail, accounts }),
    accountDeletion: createAccountDeletion({
      ...{ database, audit, sessions, mail },
      revokeGrants: grants.revokeAllOf,
      teams: members,
      forgetConsents(accountId) {
        grants.forgetAllOf(accountId);
        apiKeys.revokeAllOf({ kind: 'personal', accountId });
        apiKeys.forgetPerson(accountId);
        teamApps.forgetPerson(accountId);
      },
    }),
    accountImport: createAccountImport({ database, audit }),
    accountPlan: createAccountPlan({ database, audit }),
    firstAdministrator: createFirstAdministrator({ database, accounts, issuer: config.issuer }),
  };
}

/** Each layer is made of those below it. `actor` signs their acts in the audit log. */
export async function createParts(config: Config, { actor }: { actor: string }) {
  const foundation = await createFoundation(config);
  const registry = createRegistry(foundation, actor);
  const machines = createMachines({ ...foundation, ...registry }, actor);
  const apps = createApps({ ...foundation, ...registry }, actor);
  const teams = createTeamParts({ ...foundation, ...registry, ...machines, ...apps });
  const people = createPeople({ ...foundation, ...registry, ...apps, ...teams });
  const keyWatch = createKeyWatch({ ...foundation, ...registry, ...apps });

  return {
    ...{ ...foundation, ...registry, ...machines, ...apps, ...teams, ...people, ...keyWatch },
    async close(): Promise<void> {
      await registry.clients.flushRequests();
      await foundation.database.close();
    },
  };
}

export type Parts = Awaited<ReturnType<typeof createParts>>;
