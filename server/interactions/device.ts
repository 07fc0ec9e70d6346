// The words of the device pages: what the templates show of a question (RFC 8628 section 3.3, RFC 10027).
import type { Config } from '../../config/schema.ts';
import { describeProgram } from '../accounts/program.ts';
import { type DeviceLifetime, type DeviceQuestion, defaultLifetime } from '../protocol/device-question.ts';
import type { Approver } from '../protocol/devices.ts';
import { formatUserCode, normalizeUserCode } from '../protocol/user-code.ts';
import { describeSeconds, groupLocals } from './consent.ts';

const MOST_CHARACTERS = 64;

/** A code as somebody typed it or a link brought it, fit to be shown again. */
export function tidyUserCode(sent: unknown): string {
  if (typeof sent !== 'string') return '';
  return sent
    .slice(0, MOST_CHARACTERS)
    .replace(/\p{Cc}/gu, '')
    .trim();
}

/** The page with this code filled in. */
export function devicePath(typed: string): string {
  return typed === '' ? '/device' : `/device?user_code=${encodeURIComponent(typed)}`;
}

/** Sign-in, and then back to this code; `prompt` asks even those who are signed in. */
export function signInPath(typed: string, prompt?: 'login'): string {
  const path = `/sign-in?return_to=${encodeURIComponent(devicePath(typed))}`;
  return prompt === undefined ? path : `${path}&prompt=${prompt}`;
}

const lifetimeWords: Readonly<Record<DeviceLifetime, string>> = {
  '8_hours': 'For 8 hours',
  '30_days': 'For 30 days',
  until_revoked: 'Until I revoke it',
};

/** The lifetime that was chosen; the default where the page offered none. */
export function findLifetime(sent: string | undefined): DeviceLifetime | undefined {
  if (sent === undefined) return defaultLifetime;
  return Object.hasOwn(lifetimeWords, sent) ? (sent as DeviceLifetime) : undefined;
}

type Shown = { question: DeviceQuestion; reference: string; approver: Approver; typed: string };

export function decisionLocals(shown: Shown, tokens: Config['tokens']) {
  const { question, reference, approver, typed } = shown;
  const { client, requester } = question;
  const lifetimes = Object.entries(lifetimeWords).map(([value, words]) => ({
    value,
    words,
    is_chosen: value === defaultLifetime,
  }));
  return {
    client: { id: client.id, name: client.name, is_first_party: client.isFirstParty },
    account: { name: approver.account.name, email: approver.account.email },
    switch_url: signInPath(typed, 'login'),
    code: formatUserCode(normalizeUserCode(typed)),
    reference,
    groups: groupLocals(question),
    requester: {
      address: requester.address,
      program: describeProgram(requester.program),
      asked_at: requester.askedAt,
      is_elsewhere: requester.isElsewhere,
    },
    here: approver.address,
    lifetimes: question.canRefresh ? lifetimes : [],
    lasts: describeSeconds(question.accessTokenSeconds),
    idle: describeSeconds(tokens.refresh_idle_seconds),
  };
}
