// What every kind of credential has in common: a shape that tells it, a row of the one read, an answer.
import type { Statement } from '../storage/statement.ts';
import type { Rights } from '../teams/rights.ts';
import type { Row } from './store.ts';

/** The answer of RFC 7662 section 2.2 for an active credential. */
export type ActiveAnswer = {
  active: true;
  scope: string;
  /** None where no client asked for it. */
  client_id?: string;
  sub: string;
  username?: string;
  aud?: string;
  iss: string;
  /** None where it has no end. */
  exp?: number;
  iat: number;
  /** None where whoever signed it gave it none. */
  jti?: string;
  token_type: string;
  /** The key that the token is bound to (RFC 7800 section 3). */
  cnf?: { jkt: string };
  /** The team that it acts for, or the only one where it is good. */
  team_id?: string;
  plan?: string;
  credential_type: string;
};

/** Why a credential is not active: for the log, and for callers that may know. */
export type InactiveReason =
  | 'unknown'
  | 'damaged'
  | 'expired'
  | 'revoked'
  | 'foreign_audience'
  | 'disabled'
  | 'address_not_allowed'
  | 'plan_required'
  | 'person_not_active'
  | 'team_not_active'
  | 'not_a_member'
  | 'signing_key_retired'
  | 'client_not_active';

export type Circumstances = {
  readonly issuer: string;
  readonly rights: Rights;
  /** Where the credential was used, as far as the caller may say so and did. */
  readonly from: UsedFrom;
};

export type UsedFrom = { readonly address?: string | undefined; readonly program?: string | undefined };

/** What callers that may know are told of a credential of their own audience; of others nothing (RFC 7662 section 2.2). */
export const publicReasons: Partial<Record<InactiveReason, string>> = {
  expired: 'expired',
  revoked: 'revoked',
  client_not_active: 'revoked',
  team_not_active: 'revoked',
  not_a_member: 'revoked',
  signing_key_retired: 'revoked',
  disabled: 'disabled',
  person_not_active: 'disabled',
  address_not_allowed: 'address_not_allowed',
  plan_required: 'plan_required',
};

/** What was recognised in a text: where to read, and what to say where no rule has ended it. */
export type Recognised = {
  readonly statement: Statement;
  readonly describe: (row: Row, circumstances: Circumstances) => ActiveAnswer;
  /** What ends it beyond the rules in SQL, or null. */
  readonly judge?: (row: Row, circumstances: Circumstances) => InactiveReason | null;
  /** How its use is noted for people to see; without it the grant of the credential is noted. */
  readonly useOf?: (row: Row, from: UsedFrom) => Use;
};

/** A use to be noted: `of` names what was used, `note` writes it, in the open unit. */
export type Use = { readonly of: string; readonly note: () => void };

/** One kind of credential: undefined where the text has not its shape, which costs no database. */
export type Kind = (text: string, caller: string, now: number) => Recognised | undefined;

/** Who the credential acts for: a person, or the client itself (RFC 9068 section 2.2). */
export function describeSubject(row: Row): { sub: string; username?: string } {
  return {
    sub: row.account_id ?? row.client_id ?? '',
    ...(row.email === null ? {} : { username: row.email }),
  };
}

/** Where the credential was used, in the words of the caller: two parameters beside those of RFC 7662. */
export function readUsedFrom(parameters: ReadonlyMap<string, string>): UsedFrom {
  return { address: parameters.get('client_ip'), program: parameters.get('client_user_agent') };
}
