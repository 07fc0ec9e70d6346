// latchkey resources …: APIs and the credentials with which they introspect.
import { afterAll, expect, test } from 'vitest';
import { createPlace } from './cli.ts';

const place = createPlace();
const { cli, quick } = place;
afterAll(place.remove);

const orders = [
  ...['resources', 'create', '--identifier', 'https://orders.example', '--name', 'Orders', '--default'],
  ...['--scope', 'read:orders=See your orders', '--scope', 'write:orders = Place orders = pay'],
];

test('an API is registered with credentials of its own, shown this once', async () => {
  const made = await cli.json<{ client_id: string; client_secret: string }>(orders);
  expect(made).toEqual({
    identifier: 'https://orders.example',
    client_id: expect.stringMatching(/^client_/),
    client_secret: expect.stringMatching(/^lks_/),
  });
  const files = [
    '--format',
    'jwt',
    '--alg',
    'EdDSA',
    '--access-token-seconds',
    '300',
    '--auth',
    'client_secret_post',
    '--default',
  ];
  await quick.json([
    'resources',
    'create',
    '--identifier',
    'urn:files',
    '--name',
    'Files',
    '--scope',
    'files=All',
    ...files,
  ]);

  const listed = await quick.json(['resources', 'list']);
  expect(listed).toEqual([
    {
      identifier: 'https://orders.example',
      name: 'Orders',
      scopes: { 'read:orders': 'See your orders', 'write:orders': 'Place orders = pay' },
      format: 'opaque',
      alg: null,
      access_token_seconds: null,
      // There is one default; who comes last is it.
      default: false,
      team_scoped: false,
      source: 'database',
      client_id: made.client_id,
      client_ip: false,
      inactive_reason: false,
      created_at: expect.any(Number),
    },
    expect.objectContaining({
      identifier: 'urn:files',
      format: 'jwt',
      alg: 'EdDSA',
      access_token_seconds: 300,
      default: true,
      team_scoped: false,
    }),
  ]);
  expect(await quick.json(['clients', 'show', made.client_id])).toMatchObject({
    type: 'resource_server',
    resource: 'https://orders.example',
    grants: [],
  });
  expect(place.bytes().includes(made.client_secret)).toBe(false);
  expect(await quick.refusal(orders)).toMatchObject({ error: 'already_exists' });
});

const other = ['resources', 'create', '--identifier', 'urn:other', '--name', 'Other', '--scope'];

test.each([
  [
    'an algorithm for what is not signed',
    [...other, 'all=All', '--alg', 'RS256'],
    'token_alg: may be there only with token_format jwt',
  ],
  [
    'a scope of the issuer',
    [...other, 'openid=All'],
    'scopes.openid: is a scope of this server itself and cannot be one of an API',
  ],
  [
    'a scope of the issuer',
    [...other, 'offline_access=All'],
    'scopes.offline_access: is a scope of this server itself and cannot be one of an API',
  ],
  [
    'A25: a scope without words',
    [...other, 'read'],
    'Give each scope as "name=words", for example "read:orders=See your orders".',
  ],
  ['a scope twice', [...other, 'read=See', '--scope', 'read=Look'], 'The scope read is given twice.'],
  [
    'an identifier with a fragment',
    ['resources', 'create', '--identifier', 'urn:a#b', '--name', 'A', '--scope', 'a=A'],
    'identifier: must not have a fragment',
  ],
  [
    'private_key_jwt without keys',
    [...other, 'read=See', '--auth', 'private_key_jwt'],
    'introspection.jwks: is needed with private_key_jwt, or jwks_uri',
  ],
  [
    'K07: keys that are published without https',
    [...other, 'read=See', '--auth', 'private_key_jwt', '--jwks-uri', 'http://api.example/jwks'],
    'introspection.jwks_uri: must be https, or http on a host that stands in outbound.allowed_hosts',
  ],
])('an API is refused: %s', async (_title, words, fault) => {
  expect(await quick.refusal(words)).toEqual({ error: 'invalid_request', error_description: fault });
});
