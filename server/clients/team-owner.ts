// What is said of a client that belongs to a team, beside its registration: an operator allows what the team asks for.
import { sha256 } from '../secrets.ts';
import type { Client, Registration } from './clients.ts';

/** The part of a registration that its team decides. */
export type Proposal = Pick<
  Registration,
  | 'name'
  | 'grants'
  | 'redirectUris'
  | 'postLogoutRedirectUris'
  | 'origins'
  | 'scopes'
  | 'clientUri'
  | 'policyUri'
  | 'tosUri'
  | 'teamName'
>;

export type TeamOwner = {
  readonly teamId: string;
  /** The account of whoever registered it; undefined where an operator did. */
  readonly registeredBy: string | undefined;
  /** Nobody has allowed or declined it yet. */
  readonly isPending: boolean;
  /** What its team wants in place of what is in force. */
  readonly proposal: Proposal | undefined;
  /** Since when something waits for an operator; undefined: nothing does. */
  readonly askedAt: number | undefined;
  /** What an operator told the team. */
  readonly note: string | undefined;
};

export type ClientState = 'pending' | 'allowed' | 'blocked';

const REVISION_CHARACTERS = 16;

export function stateOf({ blockedAt, owner }: Pick<Client, 'blockedAt' | 'owner'>): ClientState {
  if (blockedAt === undefined) return 'allowed';
  return owner?.isPending === true ? 'pending' : 'blocked';
}

/** What an operator has looked at, as a short text: of whatever the team changes it is another one. */
export function revisionOf({ registration, owner }: Pick<Client, 'registration' | 'owner'>): string {
  const { secrets: _secrets, ...seen } = registration;
  const text = JSON.stringify([seen, owner?.proposal ?? null]);
  return sha256(text).toString('base64url').slice(0, REVISION_CHARACTERS);
}
