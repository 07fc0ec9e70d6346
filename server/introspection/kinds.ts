// What every kind of credential has in common: a row found in the one read, an answer or a reason why there is none.
import type { Statement } from '../storage/statement.ts';
import type { CallerRow } from './store.ts';

/** The answer of RFC 7662 section 2.2 for an active credential. */
export type ActiveAnswer = {
  active: true;
  scope: string;
  client_id: string;
  sub?: string;
  username?: string;
  aud?: string;
  iss: string;
  exp: number;
  iat: number;
  jti: string;
  token_type: string;
  credential_type: string;
} & Record<string, unknown>;

/** Why a credential is not active: for the log, and later for callers that may know. */
export type InactiveReason =
  | 'unknown'
  | 'expired'
  | 'revoked'
  | 'foreign_audience'
  | 'person_not_active'
  | 'client_not_active';

export type Verdict =
  | {
      readonly answer: ActiveAnswer;
      readonly grantId: number | undefined;
      readonly lastUsedAt: number | undefined;
    }
  | { readonly inactive: InactiveReason };

export type Circumstances = {
  readonly issuer: string;
  readonly now: number;
  /** Which scopes a role may hold: a set of names, or all of them. */
  readonly holdableBy: (role: string) => ReadonlySet<string> | 'all';
};

/** One kind of credential: recognised by its shape alone, read with its caller, judged by an ordered list of rules. */
export type Kind = {
  readonly name: string;
  /** The read for this text, or undefined where it has not this kind's shape. */
  readonly select: (text: string, callerId: string) => Statement | undefined;
  readonly judge: (row: CallerRow, text: string, circumstances: Circumstances) => Verdict;
};
