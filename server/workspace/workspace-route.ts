// What a route of the pages for keys and teams is: data, from which the router and the matrix of the tests are made.
import type { Config } from '../../config/schema.ts';
import type { Account, Accounts } from '../accounts/accounts.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { Resources } from '../resources/resources.ts';
import type { AccountRules } from '../service-accounts/account-making.ts';
import type { ServiceAccounts } from '../service-accounts/service-accounts.ts';
import type { TrustedIssuers } from '../service-accounts/trusted-issuers.ts';
import type { TeamApps } from '../team-apps/team-apps.ts';
import type { Actor } from '../teams/admission.ts';
import type { Invitations } from '../teams/invitations.ts';
import type { Members } from '../teams/members.ts';
import type { Rights } from '../teams/rights.ts';
import type { Teams } from '../teams/teams.ts';
import type { Parameters } from '../web/parameters.ts';
import type { Reveals } from './reveals.ts';

export type WorkspaceParts = {
  readonly config: Pick<Config, 'issuer' | 'api_keys' | 'teams'>;
  readonly accounts: Accounts;
  readonly teams: Teams;
  readonly members: Members;
  readonly invitations: Invitations;
  readonly rights: Rights;
  readonly apiKeys: ApiKeys;
  readonly teamApps: TeamApps;
  readonly resources: Pick<Resources, 'list'>;
  readonly serviceAccounts: ServiceAccounts;
  readonly trustedIssuers: Pick<TrustedIssuers, 'listMappingTo'>;
  readonly rules: AccountRules;
  readonly reveals: Reveals;
};

export type Asked = {
  readonly account: Account;
  readonly actor: Actor;
  readonly params: Parameters;
  readonly query: Parameters;
  /** What was typed in; empty for a page. */
  readonly form: Parameters;
};

export type Locals = Readonly<Record<string, unknown>>;

type Common = {
  /** With `:name` for each of `params`. */
  readonly path: string;
  /** Only for whoever has just signed in (row G04). */
  readonly isFresh?: boolean;
};

export type PageRoute = Common & {
  readonly kind: 'page';
  readonly view: string;
  readonly title: string;
  readonly load: (parts: WorkspaceParts, asked: Asked) => Promise<Locals>;
};

/** Answers the path of the page that comes next. */
type Act = (parts: WorkspaceParts, asked: Asked) => Promise<string>;

export type ActRoute = Common & {
  readonly kind: 'act';
  /** The page of the form: it is shown again, with what was typed, when the act is refused. */
  readonly shownOn: PageRoute;
  readonly act: Act;
};

/** Asked before what cannot be undone: GET of its path is a page with one button. */
export type QuestionRoute = Common & {
  readonly kind: 'question';
  readonly title: string;
  readonly words: string;
  readonly button: string;
  /** Of the account's navigation. */
  readonly section: 'keys' | 'teams';
  /** Who or what it is about. Refuses whoever may not do it, and with not_found where there is nothing. */
  readonly subject: (parts: WorkspaceParts, asked: Asked) => Promise<string>;
  readonly back: (params: Parameters) => string;
  readonly act: Act;
};

export type WorkspaceRoute = PageRoute | ActRoute | QuestionRoute;
