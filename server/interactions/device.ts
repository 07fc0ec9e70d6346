// The words of the device pages: what the templates show of a question (RFC 8628 section 3.3, RFC 10027).
import type { Config } from '../../config/schema.ts';
import {
  type DeviceLifetime,
  type DeviceQuestion,
  defaultLifetime,
  deviceLifetimes,
} from '../protocol/device-question.ts';
import type { Approver } from '../protocol/devices.ts';
import { formatUserCode, normalizeUserCode } from '../protocol/user-code.ts';
import { groupLocals, teamLocals } from './consent.ts';

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
function devicePath(typed: string): string {
  return typed === '' ? '/device' : `/device?user_code=${encodeURIComponent(typed)}`;
}

/** Sign-in, and then back to this code. */
export function signInPath(typed: string): string {
  return `/sign-in?return_to=${encodeURIComponent(devicePath(typed))}`;
}

export function entryLocals(typed: string) {
  return { code: typed, return_to: devicePath(typed) };
}

/** The lifetime that was chosen; the default where the page offered none. */
export function findLifetime(sent: string | undefined): DeviceLifetime | undefined {
  if (sent === undefined) return defaultLifetime;
  return Object.hasOwn(deviceLifetimes, sent) ? (sent as DeviceLifetime) : undefined;
}

type Shown = { question: DeviceQuestion; reference: string; approver: Approver; typed: string };

export function decisionLocals(shown: Shown, tokens: Config['tokens']) {
  const { question, reference, approver, typed } = shown;
  const { client, requester } = question;
  const lifetimes = Object.keys(deviceLifetimes).map((value) => ({
    value,
    is_chosen: value === defaultLifetime,
  }));
  return {
    client: {
      id: client.id,
      name: client.name,
      is_first_party: client.isFirstParty,
      is_verified: client.isVerified,
      team_name: client.teamName,
      pages: client.pages,
    },
    account: { name: approver.account.name, email: approver.account.email },
    return_to: devicePath(typed),
    code: formatUserCode(normalizeUserCode(typed)),
    reference,
    groups: groupLocals(question),
    ...teamLocals(question),
    requester: {
      address: requester.address,
      program: requester.program,
      asked_at: requester.askedAt,
      is_elsewhere: requester.isElsewhere,
    },
    here: approver.address,
    lifetimes: question.canRefresh ? lifetimes : [],
    access_seconds: question.accessTokenSeconds,
    idle_seconds: tokens.refresh_idle_seconds,
  };
}
