// Does a change of an app only take away? Then it counts at once; all else waits until an operator has seen it. Pure.
import type { Proposal } from '../clients/team-owner.ts';

const lists = ['grants', 'redirectUris', 'postLogoutRedirectUris', 'origins', 'scopes'] as const;
/** What people read, and where they are led: nobody may say another thing unseen (RFC 9700 section 4.11). */
const pages = ['clientUri', 'policyUri', 'tosUri'] as const;

function isWithin(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((one) => whole.includes(one));
}

/** Text by text: an address may hold a comma, and one of two is not two. */
export function isSameList(one: readonly unknown[] = [], other: readonly unknown[] = []): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** The same name, nothing in a list that was not in it, and no page that was not there. */
export function isNarrower(next: Proposal, now: Proposal): boolean {
  return (
    next.name === now.name &&
    next.teamName === now.teamName &&
    lists.every((list) => isWithin(next[list], now[list])) &&
    pages.every((page) => next[page] === undefined || next[page] === now[page])
  );
}

export function isSame(one: Proposal, other: Proposal): boolean {
  return isNarrower(one, other) && isNarrower(other, one);
}
