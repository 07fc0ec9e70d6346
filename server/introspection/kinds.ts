// What every kind of credential has in common: a shape that tells it, a row of the one read, an answer.
import type { Statement } from '../storage/statement.ts';
import type { Row } from './store.ts';

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
};

/** Why a credential is not active: for the log, and later for callers that may know. */
export type InactiveReason =
  | 'unknown'
  | 'expired'
  | 'revoked'
  | 'foreign_audience'
  | 'person_not_active'
  | 'client_not_active';

export type Circumstances = {
  readonly issuer: string;
  /** May people of this role hold this scope now? */
  readonly mayHold: (role: string, scope: string) => boolean;
};

/** One kind of credential. More kinds join by adding a file and a line in introspection.ts. */
export type Kind = {
  /** The read for this text, or undefined where it has not this kind's shape: that costs no database. */
  readonly select: (text: string, callerId: string, now: number) => Statement | undefined;
  /** The answer for a row that no rule has ended. */
  readonly describe: (row: Row, text: string, circumstances: Circumstances) => ActiveAnswer;
};

/** Who the credential acts for, where it is a person. */
export function describePerson(row: Row): { sub?: string; username?: string } {
  return {
    ...(row.account_id === null ? {} : { sub: row.account_id }),
    ...(row.email === null ? {} : { username: row.email }),
  };
}
