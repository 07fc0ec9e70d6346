// The table of limits: how often something may be tried, and what that protects. ASVS 5.0 6.1.1, 6.3.1.
import type { Config } from '../../config/schema.ts';

export type Limit = {
  readonly max: number;
  readonly windowSeconds: number;
  /** The last of `max` and each try beyond it are followed by so long a pause; without it nothing is beyond it. */
  readonly coolDownSeconds?: number;
  readonly protects: string;
};

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
  'pushed_request.issue': {
    max: 300,
    windowSeconds: MINUTE,
    protects: 'the requests that wait at once (RFC 9126), from one client at one network',
  },
  'device_code.person': {
    max: 5,
    windowSeconds: 10 * MINUTE,
    coolDownSeconds: MINUTE,
    protects: 'waiting devices from one person who guesses codes',
  },
  'device_code.address': {
    max: 20,
    windowSeconds: 10 * MINUTE,
    coolDownSeconds: MINUTE,
    protects: 'waiting devices from one network that guesses codes',
  },
  'device_code.deployment': {
    max: 20,
    windowSeconds: 10 * MINUTE,
    coolDownSeconds: MINUTE,
    protects:
      'waiting devices from guesses that come from everywhere; beyond it only first tries and those from the network of the device are heard',
  },
  'device_code.first_try': {
    max: 60,
    windowSeconds: 10 * MINUTE,
    coolDownSeconds: MINUTE,
    protects:
      'waiting devices from guessers who come with a new account and a new network for each guess, while people who made no mistake still get in',
  },
  'device_report.person': {
    max: 3,
    windowSeconds: 24 * HOUR,
    protects: 'the mailboxes of operators from one person who reports; every report stands in the audit log',
  },
  'device_report.deployment': {
    max: 20,
    windowSeconds: HOUR,
    protects: 'the same from many people, or from one with many accounts',
  },
  'api_key_revocation.network': {
    max: 60,
    windowSeconds: MINUTE,
    protects: 'the database from one network that brings keys which nobody has',
  },
  'management.caller': {
    max: 600,
    windowSeconds: MINUTE,
    protects: 'the server from one program that calls the management API without end',
  },
  'team_invitation.account': {
    max: 30,
    windowSeconds: HOUR,
    protects: 'the mailboxes of strangers from one person who invites them',
  },
  'team_invitation.team': {
    max: 100,
    windowSeconds: HOUR,
    protects: 'the same from one team with many who invite',
  },
  'team_app.registration': {
    max: 20,
    windowSeconds: 24 * HOUR,
    protects: 'the list of clients from one team that registers apps and deletes them',
  },
  'team_app.mail_of_team': {
    max: 5,
    windowSeconds: 24 * HOUR,
    protects: 'the mailboxes of operators from one team; whatever waits stands in the list of clients',
  },
  'team_app.mail': {
    max: 20,
    windowSeconds: HOUR,
    protects: 'the same from many teams, or from one person with many',
  },
  'assertion.refused': {
    max: 100,
    windowSeconds: MINUTE,
    protects: 'the audit log from one network that sends what nobody believes; it is refused all the same',
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
  for (const [name, override] of Object.entries(overrides)) {
    if (!isLimitName(name)) {
      throw new Error(`limits: there is no "${name}", only ${Object.keys(defaults).join(', ')}`);
    }
    const { max, window_seconds: windowSeconds, cool_down_seconds } = override;
    const coolDownSeconds = cool_down_seconds ?? limits[name].coolDownSeconds;
    limits[name] = {
      ...{ ...limits[name], max, windowSeconds },
      ...(coolDownSeconds === undefined ? {} : { coolDownSeconds }),
    };
  }
  return limits;
}
