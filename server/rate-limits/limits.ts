// The table of limits: how often something may be tried, and what that protects. ASVS 5.0 6.1.1, 6.3.1.
import type { Config } from '../../config/schema.ts';

export type Limit = { readonly max: number; readonly windowSeconds: number; readonly protects: string };

const MINUTE = 60;
const HOUR = 60 * MINUTE;

const defaults = {
  'sign_in.address': {
    max: 100,
    windowSeconds: 15 * MINUTE,
    protects: 'every account from one network that tries many',
  },
  'sign_in.account_address': {
    max: 10,
    windowSeconds: 15 * MINUTE,
    protects: 'one account from one network that guesses its password',
  },
  'sign_in.account': {
    max: 50,
    windowSeconds: HOUR,
    protects: 'one account from guesses that come from many networks; devices it knows are not counted',
  },
  'sign_in.known_device': {
    max: 10,
    windowSeconds: 15 * MINUTE,
    protects: 'one account from a device that signed in to it before and was taken',
  },
  'sign_up.address': {
    max: 60,
    windowSeconds: HOUR,
    protects: 'the list of accounts from one network that fills it',
  },
  'password_change.account': {
    max: 10,
    windowSeconds: 15 * MINUTE,
    protects: 'the current password from guesses of whoever holds a session',
  },
  'password_reset.address': {
    max: 20,
    windowSeconds: HOUR,
    protects: 'the mailboxes of people from one network that asks for links, and the links from guesses',
  },
  'password_reset.account': {
    max: 3,
    windowSeconds: 15 * MINUTE,
    protects: 'one mailbox from a flood; a link lives longer than this, so the last one that was sent works',
  },
  'email_verification.account': {
    max: 5,
    windowSeconds: HOUR,
    protects: 'the mailboxes of strangers from one account that names them',
  },
  'first_administrator.address': {
    max: 10,
    windowSeconds: 15 * MINUTE,
    protects: 'the one-time token of the first administrator',
  },
  'device_code.issue': {
    max: 10,
    windowSeconds: MINUTE,
    protects: 'the codes that may wait at once, from one client at one network',
  },
  'device_code.person': {
    max: 5,
    windowSeconds: MINUTE,
    protects: 'waiting devices from one person who guesses codes',
  },
  'device_code.address': {
    max: 10,
    windowSeconds: MINUTE,
    protects: 'waiting devices from one network that guesses codes',
  },
  'device_code.deployment': {
    max: 10,
    windowSeconds: MINUTE,
    protects:
      'waiting devices from guesses that come from everywhere; a minute, so that the right person soon gets in',
  },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof defaults;
export type Limits = Readonly<Record<LimitName, Limit>>;

function isLimitName(name: string): name is LimitName {
  return Object.hasOwn(defaults, name);
}

/** The table with the operator's numbers in place of ours. Throws for a name that is not in it. */
export function createLimits(overrides: Config['limits']): Limits {
  const limits: Record<LimitName, Limit> = { ...defaults };
  for (const [name, { max, window_seconds: windowSeconds }] of Object.entries(overrides)) {
    if (!isLimitName(name)) {
      throw new Error(`limits: there is no "${name}", only ${Object.keys(defaults).join(', ')}`);
    }
    limits[name] = { ...limits[name], max, windowSeconds };
  }
  return limits;
}
