// What the acts of an operator need: the parts of the program, and the rules by which registrations are judged.

import type { Config } from '../../config/schema.ts';
import type { AccountDeletion } from '../accounts/account-deletion.ts';
import type { AccountImport } from '../accounts/account-import.ts';
import type { AccountPlan } from '../accounts/account-plan.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { KeyFormats } from '../api-keys/key-format.ts';
import type { Audit } from '../audit/audit.ts';
import type { Clients } from '../clients/clients.ts';
import type { Judged } from '../clients/judged.ts';
import type { Grants } from '../grants/grants.ts';
import type { Resources } from '../resources/resources.ts';
import type { Assertions } from '../service-accounts/assertions.ts';
import type { FindRuleFault } from '../service-accounts/claim-rules.ts';
import type { SelfSignedJwts } from '../service-accounts/self-signed.ts';
import type { ServiceAccounts } from '../service-accounts/service-accounts.ts';
import type { SpentAssertions } from '../service-accounts/spent-assertions.ts';
import type { IssuerAuthority, TrustedIssuers } from '../service-accounts/trusted-issuers.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import type { Database } from '../storage/database.ts';
import type { Deployment } from '../storage/deployment.ts';
import type { Sealer } from '../storage/server-keys.ts';
import type { Tokens } from '../storage/tokens.ts';
import type { AppReview } from '../team-apps/review.ts';
import type { TeamApps } from '../team-apps/team-apps.ts';
import type { Invitations } from '../teams/invitations.ts';
import type { Members } from '../teams/members.ts';
import type { Rights } from '../teams/rights.ts';
import type { Teams } from '../teams/teams.ts';

/** Who acts on the command line, as the audit log names it. */
export const OPERATOR = 'operator';

type DeclaredClient = Config['clients'][number];
type DeclaredResource = Config['resources'][number];
type DeclaredIssuer = Config['trusted_issuers'][number];
type DeclaredServiceAccount = Config['service_accounts'][number];
type DeclaredServer = NonNullable<DeclaredResource['introspection']>;

export type JudgedClient = Omit<DeclaredClient, 'secret_sha256'>;
export type JudgedResource = Omit<DeclaredResource, 'introspection'> & {
  readonly introspection: Omit<DeclaredServer, 'secret_sha256'>;
};

type Settings = Readonly<Record<string, unknown>>;

/** config/registrations.ts: below app.ts nobody may import it, so it is handed down. */
export type RegistrationRules = {
  judgeClient(settings: Settings, allowedHosts: readonly string[]): Judged<JudgedClient>;
  judgeServiceAccount(settings: Settings): Judged<DeclaredServiceAccount>;
  judgeIssuer(settings: Settings, allowedHosts: readonly string[]): Judged<DeclaredIssuer>;
  judgeResource(
    settings: Settings & { introspection: Settings },
    allowedHosts: readonly string[],
  ): Judged<JudgedResource>;
};

export type AdminParts = {
  readonly config: Config;
  readonly database: Database;
  readonly audit: Audit;
  readonly accounts: Accounts;
  readonly accountDeletion: AccountDeletion;
  readonly accountImport: AccountImport;
  readonly accountPlan: AccountPlan;
  readonly clients: Clients;
  readonly resources: Resources;
  readonly trustedIssuers: TrustedIssuers;
  readonly assertions: Assertions<IssuerAuthority>;
  readonly spentAssertions: SpentAssertions;
  readonly findRuleFault: FindRuleFault;
  readonly serviceAccounts: ServiceAccounts;
  readonly selfSigned: SelfSignedJwts;
  readonly grants: Grants;
  readonly apiKeys: ApiKeys;
  readonly keyFormats: KeyFormats;
  readonly rights: Rights;
  readonly teams: Teams;
  readonly members: Members;
  readonly invitations: Invitations;
  readonly teamApps: TeamApps;
  readonly appReview: AppReview;
  readonly tokens: Tokens;
  readonly signingKeys: SigningKeys;
  readonly sealer: Sealer;
  readonly deployment: Deployment;
  readonly rules: RegistrationRules;
};
