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

/** What was recognised in a text: where to read, and what to say where no rule has ended it. */
export type Recognised = {
  readonly statement: Statement;
  readonly describe: (row: Row, circumstances: Circumstances) => ActiveAnswer;
};

/** One kind of credential: undefined where the text has not its shape, which costs no database. */
export type Kind = (text: string, caller: string, now: number) => Recognised | undefined;

/** Who the credential acts for, where it is a person. */
export function describePerson(row: Row): { sub?: string; username?: string } {
  return {
    ...(row.account_id === null ? {} : { sub: row.account_id }),
    ...(row.email === null ? {} : { username: row.email }),
  };
}
