// The consent page's words: what the template shows of a question (row A25: it tells the truth).
import type { Account } from '../accounts/accounts.ts';
import type { Question } from '../protocol/question.ts';

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 86_400;

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** A life in words, rounded to the largest unit that fits. */
export function describeSeconds(seconds: number): string {
  if (seconds >= 2 * DAY_SECONDS) return plural(Math.round(seconds / DAY_SECONDS), 'day');
  if (seconds >= HOUR_SECONDS) return plural(Math.round(seconds / HOUR_SECONDS), 'hour');
  return plural(Math.max(1, Math.round(seconds / MINUTE_SECONDS)), 'minute');
}

/** The scopes as the templates list them, each with the name of its box. */
export function groupLocals(question: Question) {
  let index = 0;
  return question.groups.map((group) => ({
    title: group.title,
    identifier: group.identifier,
    scopes: group.scopes.map((scope) => ({
      name: scope.name,
      words: scope.words,
      is_optional: scope.isOptional,
      is_new: scope.isNew,
      field: `scope_${index++}`,
    })),
  }));
}

export function consentLocals(uid: string, account: Account, question: Question) {
  const { client } = question;
  return {
    client: {
      name: client.name,
      redirect_host: client.redirectHost,
      is_verified: false,
      is_first_party: client.isFirstParty,
    },
    account: { name: account.name, email: account.email },
    groups: groupLocals(question),
    lasts: question.canRefresh
      ? 'Until you revoke it, or the app has not been used for a long time'
      : `For ${describeSeconds(question.accessTokenSeconds)} at a time, and only while you are signed in here`,
    offline: question.canRefresh,
    action: `/interaction/${uid}/consent`,
    switch_action: `/interaction/${uid}/consent`,
  };
}
