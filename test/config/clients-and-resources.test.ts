// What the configuration refuses of clients and resources: config/schema/.
import { describe, expect, test } from 'vitest';
import { listFaultsOf, loadSettings, orders, ordersCaller, phone, shop } from './load-text.ts';

type Case = [title: string, settings: object, fault: string];

const service = { ...shop, type: 'service', grants: ['client_credentials'], redirect_uris: [] };
const outboundWords = 'must be https, or http on a host that stands in outbound.allowed_hosts';
const signing = {
  auth: 'private_key_jwt',
  secret_sha256: [],
  jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] },
};
const privateWords = 'is a private member: register the public key only';
const scopeWords = 'must be a scope name: no spaces, quotes or backslashes (RFC 6749 section 3.3)';

const clients: Case[] = [
  [
    'A26: a name that turns the line around',
    { ...shop, name: 'Shop \u202egpj.exe' },
    'name: must not have control characters or others that cannot be seen',
  ],
  [
    'a browser client with a secret',
    { ...shop, type: 'browser' },
    'auth: must be none for a browser client, which cannot keep a secret',
  ],
  [
    'a service without one',
    {
      ...service,
      grants: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
      auth: 'none',
      secret_sha256: [],
    },
    'auth: must not be none for a service client, which acts in its own name',
  ],
  [
    'A11: no PKCE for a public client',
    { ...phone, pkce: false },
    'pkce: may be false only for a client with an auth other than none',
  ],
  [
    'T10: a secret in clear',
    { ...shop, secret_sha256: ['hunter2'] },
    'secret_sha256[0]: must be a SHA-256 in 64 lower-case hex digits, never the secret itself',
  ],
  [
    'three secrets',
    { ...shop, secret_sha256: ['a', 'b', 'c'].map((digit) => digit.repeat(64)) },
    'secret_sha256: must have at most 2 entries',
  ],
  [
    'a secret method without a secret',
    { ...shop, secret_sha256: [] },
    'secret_sha256: is needed with client_secret_basic and client_secret_post, and only there',
  ],
  [
    'K06: a secret beside private_key_jwt',
    { ...shop, ...signing, secret_sha256: ['a'.repeat(64)] },
    'secret_sha256: is needed with client_secret_basic and client_secret_post, and only there',
  ],
  [
    'private_key_jwt without keys',
    { ...shop, ...signing, jwks: undefined },
    'jwks: is needed with private_key_jwt, or jwks_uri',
  ],
  [
    'RFC 7591 section 2: jwks_uri beside jwks',
    { ...shop, ...signing, jwks_uri: 'https://shop.example/jwks' },
    'jwks_uri: must not be there beside jwks',
  ],
  ...[
    ['http://shop.example/jwks', outboundWords],
    ['ftp://shop.example/jwks', outboundWords],
    ['/jwks', 'must be an absolute URI'],
    ['https://shop.example/jwks#key', 'must not have a fragment'],
    ['https://ada:secret@shop.example/jwks', 'must not have a user name or password'],
  ].flatMap(([uri, fault]): Case[] => [
    [`K07: ${uri} for keys`, { ...shop, ...signing, jwks: undefined, jwks_uri: uri }, `jwks_uri: ${fault}`],
    [`L07: ${uri} for logout`, { ...shop, backchannel_logout_uri: uri }, `backchannel_logout_uri: ${fault}`],
  ]),
  [
    'L05: a session to be told nowhere',
    { ...shop, backchannel_logout_session_required: true },
    'backchannel_logout_session_required: needs backchannel_logout_uri',
  ],
  [
    'a key set without keys',
    { ...shop, ...signing, jwks: { keys: [] } },
    'jwks.keys: must have at least 1 entry',
  ],
  [
    'a private key',
    { ...shop, ...signing, jwks: { keys: [{ kty: 'EC', d: 'd' }] } },
    `jwks.keys[0].d: ${privateWords}`,
  ],
  [
    'a method that is not offered',
    { ...shop, auth: 'client_secret_jwt' },
    'auth: must be one of none, client_secret_basic, client_secret_post, private_key_jwt',
  ],
  [
    'T16: the password grant',
    { ...shop, grants: ['password'] },
    'grants[0]: must be one of authorization_code, refresh_token, client_credentials, urn:ietf:params:oauth:grant-type:device_code, urn:ietf:params:oauth:grant-type:jwt-bearer',
  ],
  ['no grant', { ...shop, grants: [] }, 'grants: must have at least 1 entry'],
  [
    'A03: a code without a redirect URI',
    { ...shop, redirect_uris: [] },
    'redirect_uris: needs at least one entry for the authorization_code grant',
  ],
  [
    'client_credentials without credentials',
    { ...phone, grants: ['client_credentials'] },
    'grants: must not have client_credentials while auth is none (RFC 6749 section 4.4)',
  ],
  [
    'A27: a redirect URI with a fragment',
    { ...shop, redirect_uris: ['https://shop.example/cb', 'https://shop.example/#a'] },
    'redirect_uris[1]: must not have a fragment',
  ],
  [
    'A27: the same after signing out',
    { ...shop, post_logout_redirect_uris: ['http://shop.example/'] },
    'post_logout_redirect_uris[0]: must be https unless its host is loopback',
  ],
  [
    'T20: the origin null',
    { ...phone, origins: ['null'] },
    'origins[0]: must be an origin such as https://app.example.com',
  ],
  [
    'T20: every origin',
    { ...phone, origins: ['*'] },
    'origins[0]: must be an origin such as https://app.example.com',
  ],
  [
    'T20: an origin with a path',
    { ...phone, origins: ['https://a.example/'] },
    'origins[0]: must be an origin: scheme, lower-case host and port, and nothing after them',
  ],
  [
    'T20: an origin without https',
    { ...phone, origins: ['http://a.example'] },
    'origins[0]: must be https unless its host is loopback',
  ],
  ['A32: a scope with a quote', { ...shop, scopes: ['a"b'] }, `scopes[0]: ${scopeWords}`],
  [
    'A31: a default scope that it has not',
    { ...shop, default_scopes: ['admin'] },
    'default_scopes: must stand in scopes too',
  ],
  [
    'A31: an optional scope that it has not',
    { ...shop, optional_scopes: ['admin'] },
    'optional_scopes: must stand in scopes too',
  ],
  [
    'an id with a space',
    { ...service, client_id: 'a b' },
    'client_id: must be 1 to 255 ASCII characters without spaces (RFC 6749 appendix A.1)',
  ],
  ['no name', { ...service, name: undefined }, 'name: is missing'],
  [
    'no type',
    { ...service, type: undefined },
    'type: is missing; it must be one of web, native, browser, service',
  ],
];

test('K07 L07: http is for the hosts of the own network, by host and port', () => {
  const client = {
    ...{ ...shop, ...signing, jwks: undefined },
    jwks_uri: 'http://keys.internal:8080/jwks',
    backchannel_logout_uri: 'http://shop.internal/bye',
  };
  const load = (hosts: string[]) =>
    listFaultsOf(() => loadSettings({ clients: [client], outbound: { allowed_hosts: hosts } }));
  expect(load(['keys.internal:8080', 'shop.internal'])).toEqual([]);
  expect(load(['keys.internal:8080', 'shop.internal:80'])).toEqual([]);
  expect(load(['keys.internal', 'shop.internal'])).toEqual([`clients[0].jwks_uri: ${outboundWords}`]);
  const caller = { client_id: 'a', auth: 'private_key_jwt', jwks_uri: 'http://keys.internal/jwks' };
  expect(listFaultsOf(() => loadSettings({ resources: [{ ...orders, introspection: caller }] }))).toEqual([
    `resources[0].introspection.jwks_uri: ${outboundWords}`,
  ]);
});

test.each(clients)('a client refuses %s', (_title, client, fault) => {
  expect(listFaultsOf(() => loadSettings({ clients: [client] }))).toEqual([`clients[0].${fault}`]);
});

test.each([
  ['a native app with a secret', { ...phone, auth: 'client_secret_post', secret_sha256: ['a'.repeat(64)] }],
  ['a public client whose pages come from a server', { ...shop, auth: 'none', secret_sha256: [] }],
])('a client may be %s', (_title, client) => {
  expect(listFaultsOf(() => loadSettings({ clients: [client] }))).toEqual([]);
});

test.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])(
  'RFC 7518 section 6: a key with the private member %s is refused',
  (member) => {
    const caller = {
      client_id: 'orders-api',
      auth: 'private_key_jwt',
      jwks: { keys: [{ kty: 'RSA', [member]: 'x' }] },
    };
    expect(listFaultsOf(() => loadSettings({ resources: [{ ...orders, introspection: caller }] }))).toEqual([
      `resources[0].introspection.jwks.keys[0].${member}: ${privateWords}`,
    ]);
  },
);

test('RFC 7518 section 6.4: a shared key is no public key', () => {
  const client = { ...shop, ...signing, jwks: { keys: [{ kty: 'oct', k: 'x' }] } };
  expect(listFaultsOf(() => loadSettings({ clients: [client] }))).toEqual([
    'clients[0].jwks.keys[0].kty: must be one of RSA, EC, OKP',
    `clients[0].jwks.keys[0].k: ${privateWords}`,
  ]);
});

describe('resources', () => {
  const cases: Case[] = [
    [
      'U01: an identifier with a fragment',
      { identifier: 'https://orders.example#a' },
      'identifier: must not have a fragment',
    ],
    ['U01: an identifier that is relative', { identifier: '/orders' }, 'identifier: must be an absolute URI'],
    ['A32: a scope with a space', { scopes: { 'a b': 'Both' } }, `scopes["…"]: ${scopeWords}`],
    ...['openid', 'profile', 'email', 'offline_access'].map(
      (name): Case => [
        `a scope named ${name}`,
        { scopes: { [name]: 'See all' } },
        `scopes.${name}: is a scope of this server itself and cannot be one of an API`,
      ],
    ),
    [
      'A25: a scope without words',
      { scopes: { 'read:orders': '' } },
      'scopes["read:orders"]: must have at least 1 character',
    ],
    [
      'I01: callers without credentials',
      { introspection: { client_id: 'a', auth: 'none' } },
      'introspection.auth: must be one of client_secret_basic, client_secret_post, private_key_jwt',
    ],
    [
      'callers without a secret',
      { introspection: { ...ordersCaller, secret_sha256: [] } },
      'introspection.secret_sha256: is needed with client_secret_basic and client_secret_post, and only there',
    ],
    [
      'a token format that does not exist',
      { token_format: 'paseto' },
      'token_format: must be one of opaque, jwt',
    ],
    [
      'RFC 8725 section 3.1: an algorithm that is not on offer',
      { token_format: 'jwt', token_alg: 'HS256' },
      'token_alg: must be one of ES256, RS256, EdDSA',
    ],
    [
      'an algorithm for tokens that nobody signs',
      { token_alg: 'RS256' },
      'token_alg: may be there only with token_format jwt',
    ],
  ];

  test.each(cases)('a resource refuses %s', (_title, settings, fault) => {
    const faults = listFaultsOf(() => loadSettings({ resources: [{ ...orders, ...settings }] }));
    expect(faults).toEqual([`resources[0].${fault}`]);
  });

  test('only one resource is the default', () => {
    const resources = ['a', 'b', 'c'].map((name) => ({
      ...orders,
      identifier: `urn:${name}`,
      default: name !== 'b',
    }));
    expect(listFaultsOf(() => loadSettings({ resources }))).toEqual([
      'resources[2].default: may be true for one resource only',
    ]);
  });

  test('N02: a private-use scheme belongs to one client (RFC 8252 section 8.4)', () => {
    const app = { ...phone, redirect_uris: ['com.example.phone:/cb', 'com.example.phone:/other'] };
    const other = { ...app, client_id: 'other' };
    expect(loadSettings({ clients: [app] }).clients).toHaveLength(1);
    expect(listFaultsOf(() => loadSettings({ clients: [app, other] }))).toEqual([
      'clients[1].redirect_uris: has a private-use scheme of another client',
    ]);
  });

  test('an id means one client or one API, an identifier one API', () => {
    const resources = [{ ...orders, introspection: { ...ordersCaller, client_id: 'shop' } }, orders];
    expect(listFaultsOf(() => loadSettings({ clients: [shop, phone, shop], resources }))).toEqual([
      'clients[2].client_id: is used twice; an id is for one client or one API',
      'resources[0].introspection.client_id: is used twice; an id is for one client or one API',
      'resources[1].identifier: is used twice',
    ]);
  });
});
