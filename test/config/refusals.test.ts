// What the configuration refuses, setting by setting: config/schema/.
import { expect, test } from 'vitest';
import { listFaultsOf, loadSettings, shop } from './load-text.ts';

type Case = [title: string, settings: object, fault: string];

const issuers: Case[] = [
  [
    'a host that is not loopback without https',
    { issuer: 'http://id.example' },
    'must be https unless its host is loopback',
  ],
  [
    'a host that only begins like loopback',
    { issuer: 'http://localhost.example' },
    'must be https unless its host is loopback',
  ],
  [
    'an address that only begins like loopback',
    { issuer: 'http://127.0.0.1.example' },
    'must be https unless its host is loopback',
  ],
  [
    'no issuer where the port is 0',
    { listen: { port: 0 } },
    'must be set where the port is 0: others must know under which port to find us',
  ],
  ['another scheme', { issuer: 'ftp://id.example' }, 'must be https, or http on a loopback host'],
  ['a query', { issuer: 'https://id.example?a=1' }, 'must not have a query (RFC 8414 section 2)'],
  ['an empty query', { issuer: 'https://id.example?' }, 'must not have a query (RFC 8414 section 2)'],
  ['a fragment', { issuer: 'https://id.example#a' }, 'must not have a fragment (RFC 8414 section 2)'],
  ['a user name', { issuer: 'https://ada@id.example' }, 'must not have a user name or password'],
  [
    'a path',
    { issuer: 'https://id.example/auth' },
    'must not have a path: only a whole host is served so far',
  ],
  [
    'a slash at the end',
    { issuer: 'https://id.example/' },
    'must not end with a slash: clients compare it as text',
  ],
  [
    'capital letters',
    { issuer: 'https://ID.example' },
    'must be written with a lower-case host and without the default port',
  ],
  [
    'the default port',
    { issuer: 'https://id.example:443' },
    'must be written with a lower-case host and without the default port',
  ],
  ['no URL at all', { issuer: 'id.example' }, 'must be a URL such as https://id.example.com'],
];

test.each(issuers)('M01: the issuer refuses %s', (_title, settings, fault) => {
  expect(listFaultsOf(() => loadSettings(settings))).toEqual([`issuer: ${fault}`]);
});

test.each([
  'https://id.example',
  'https://id.example:8443',
  'http://localhost:3000',
  'http://id.localhost',
  'http://127.8.9.1:80',
  'http://[::1]:3000',
])('M01: %s may be the issuer, or is told in which way it must be written', (issuer) => {
  const faults = listFaultsOf(() => loadSettings({ issuer }));
  expect(faults).toEqual(issuer.endsWith(':80') ? [expect.stringContaining('without the default port')] : []);
});

const general: Case[] = [
  ['no version', { version: undefined }, 'version: is missing; it must be 1'],
  ['another version', { version: 2 }, 'version: must be 1'],
  ['an unknown section', { listne: {} }, 'listne: is not a setting'],
  ['an unknown setting', { listen: { prot: 3000 } }, 'listen.prot: is not a setting'],
  [
    'an unknown setting of a client',
    { clients: [{ ...shop, secret: 's' }] },
    'clients[0].secret: is not a setting',
  ],
  ['a section that is no mapping', { listen: [1] }, 'listen: must be a mapping of settings'],
  ['an empty section', { log: null }, 'log: is empty: give it a value or take the line out'],
  ['a port that is too high', { listen: { port: 65_536 } }, 'listen.port: must be at most 65535'],
  ['a port that is no whole number', { listen: { port: 1.5 } }, 'listen.port: must be a whole number'],
  [
    'a level that does not exist',
    { log: { level: 'loud' } },
    'log.level: must be one of trace, debug, info, warn, error, fatal, silent',
  ],
  ['a flag that is text', { people: { sign_up: 'no' } }, 'people.sign_up: must be true or false'],
  [
    'another database',
    { database: { url: 'mysql://db' } },
    'database.url: must begin with sqlite: or postgres://',
  ],
  ['SQLite without a path', { database: { url: 'sqlite:' } }, 'database.url: needs a path after sqlite:'],
  [
    'SQLite in memory',
    { database: { url: 'sqlite::memory:' } },
    'database.url: must name a file: a database in memory has no write-ahead log',
  ],
  [
    'a PostgreSQL that is no URL',
    { database: { url: 'postgres://[' } },
    'database.url: must be a URL such as postgres://user:password@host:5432/name',
  ],
  [
    'an address instead of a network',
    { trusted_proxies: ['10.0.0.1'] },
    'trusted_proxies[0]: must be a network such as 10.0.0.0/8 or fd00::/8',
  ],
  [
    'a network that is too narrow',
    { trusted_proxies: ['10.0.0.0/33'] },
    'trusted_proxies[0]: must be a network such as 10.0.0.0/8 or fd00::/8',
  ],
  [
    'C07: everybody as a proxy',
    { trusted_proxies: ['::/0'] },
    'trusted_proxies[0]: must be a network such as 10.0.0.0/8 or fd00::/8',
  ],
  [
    'a host with a scheme',
    { allowed_hosts: ['https://id.example'] },
    'allowed_hosts[0]: must be a lower-case host name, with :port where there is one',
  ],
  [
    'C09: a link that is a script',
    { branding: { support_url: 'javascript:alert(1)' } },
    'branding.support_url: must be an https, http or mailto link',
  ],
  [
    'C09: a colour that is more than one',
    { branding: { accent_color: '#fff;}' } },
    'branding.accent_color: must be a colour such as "#1f6feb"',
  ],
  [
    'S01: passwords under 8 characters',
    { people: { password_min_length: 7 } },
    'people.password_min_length: must be at least 8',
  ],
  [
    'S01: asking for over 64 characters',
    { people: { password_min_length: 65 } },
    'people.password_min_length: must be at most 64',
  ],
  [
    'A10: a code that lives over 60 s',
    { tokens: { authorization_code_seconds: 61 } },
    'tokens.authorization_code_seconds: must be at most 60',
  ],
  [
    'A29: an interaction over 30 minutes',
    { tokens: { interaction_seconds: 1801 } },
    'tokens.interaction_seconds: must be at most 1800',
  ],
  [
    'R04: a retry window over a minute',
    { tokens: { refresh_retry_window_seconds: 61 } },
    'tokens.refresh_retry_window_seconds: must be at most 60',
  ],
  [
    'clocks that are off over 15 s',
    { tokens: { clock_skew_seconds: 16 } },
    'tokens.clock_skew_seconds: must be at most 15',
  ],
  [
    'R10: an idle life over the absolute one',
    { tokens: { refresh_absolute_seconds: 60 } },
    'tokens.refresh_idle_seconds: must not be longer than refresh_absolute_seconds',
  ],
  [
    'a session that idles longer than it lives',
    { sessions: { absolute_seconds: 60 } },
    'sessions.idle_seconds: must not be longer than absolute_seconds',
  ],
  [
    'the same for administrators',
    { sessions: { admin_absolute_seconds: 60 } },
    'sessions.admin_idle_seconds: must not be longer than admin_absolute_seconds',
  ],
  [
    'headers slower than the request',
    { server: { headers_timeout_seconds: 16 } },
    'server.headers_timeout_seconds: must not be longer than request_timeout_seconds',
  ],
  [
    'a limit of nothing',
    { limits: { sign_in: { max: 0, window_seconds: 60 } } },
    'limits.sign_in.max: must be at least 1',
  ],
  [
    'a limit with another name',
    { limits: { 'Sign in': { max: 1, window_seconds: 60 } } },
    'limits["…"]: is not the name of a limit',
  ],
  [
    'a role with no scope name',
    { roles: { member: { scopes: ['a b'] } } },
    'roles.member.scopes[0]: must be a scope name: no spaces, quotes or backslashes (RFC 6749 section 3.3)',
  ],
];

test.each(general)('the file refuses %s', (_title, settings, fault) => {
  expect(listFaultsOf(() => loadSettings(settings))).toEqual([fault]);
});
