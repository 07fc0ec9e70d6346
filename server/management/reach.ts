// Nobody gives away through this API what they have not: neither rights over the server, nor the accounts of administrators.
import type { Account } from '../accounts/accounts.ts';
import { Refusal } from '../errors.ts';
import { isManagement } from '../teams/rights.ts';
import type { Caller } from './operations.ts';

/** Refuses with access_denied where these scopes hold a right over the server that the caller has not now. */
export function checkReach(caller: Caller, scopes: readonly string[]): void {
  const beyond = scopes.find((scope) => isManagement(scope) && !caller.scopes.includes(scope));
  if (beyond === undefined) return;
  throw new Refusal('access_denied', {
    words: `scopes: ${beyond} is a right over this server that the access token has not itself`,
    param: 'scopes',
  });
}

/** Whoever could set an administrator's password would be one. */
export function checkOrdinary({ isAdmin }: Account): void {
  if (!isAdmin) return;
  throw new Refusal('access_denied', {
    words: 'This is the account of an administrator: it is changed by themselves, or at the command line.',
    param: 'account_id',
  });
}

/** Refuses with access_denied a person at a browser who did not sign in just now (row G04). */
export function checkFresh({ self }: Caller): void {
  if (self?.isStale !== true) return;
  throw new Refusal('access_denied', {
    words: 'Please sign in again to do this.',
    reason: 'stale sign-in',
  });
}
