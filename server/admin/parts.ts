// What the acts of an operator need: the parts of the program, and the rules by which registrations are judged.
import type { Config } from '../../config/schema.ts';
import type { AccountDeletion } from '../accounts/account-deletion.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { Audit } from '../audit/audit.ts';
import type { Clients } from '../clients/clients.ts';
import type { Grants } from '../grants/grants.ts';
import type { Resources } from '../resources/resources.ts';
import type { Database } from '../storage/database.ts';
import type { Tokens } from '../storage/tokens.ts';

/** Who acts on the command line, as the audit log names it. */
export const OPERATOR = 'operator';

type DeclaredClient = Config['clients'][number];
type DeclaredResource = Config['resources'][number];
type DeclaredServer = NonNullable<DeclaredResource['introspection']>;

export type JudgedClient = Omit<DeclaredClient, 'secret_sha256'>;
export type JudgedResource = Omit<DeclaredResource, 'introspection'> & {
  readonly introspection: Omit<DeclaredServer, 'secret_sha256'>;
};

type Judged<T> =
  | { readonly value: T; readonly faults?: never }
  | { readonly value?: never; readonly faults: readonly string[] };

type Settings = Readonly<Record<string, unknown>>;

/** config/registrations.ts: below app.ts nobody may import it, so it is handed down. */
export type RegistrationRules = {
  judgeClient(settings: Settings): Judged<JudgedClient>;
  judgeResource(settings: Settings & { introspection: Settings }): Judged<JudgedResource>;
};

export type AdminParts = {
  readonly config: Config;
  readonly database: Database;
  readonly audit: Audit;
  readonly accounts: Accounts;
  readonly accountDeletion: AccountDeletion;
  readonly clients: Clients;
  readonly resources: Resources;
  readonly grants: Grants;
  readonly tokens: Tokens;
  readonly rules: RegistrationRules;
};
