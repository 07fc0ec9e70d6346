// latchkey clients …: registered by the rules of the configuration file, secrets shown once.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createPlace } from './cli.ts';

type Made = { client_id: string; client_secret?: string };

const place = createPlace();
const { cli, quick } = place;
const secrets: string[] = [];
afterAll(place.remove);

const shop = [
  ...['clients', 'create', '--name', 'The Shop', '--id', 'shop', '--type', 'web'],
  ...['--grant', 'authorization_code', '--grant', 'refresh_token'],
  ...['--redirect-uri', 'https://shop.example/a', '--redirect-uri', 'https://shop.example/b'],
  ...['--post-logout-uri', 'https://shop.example/bye', '--origin', 'https://shop.example'],
  ...[
    '--scope',
    'openid email',
    '--scope',
    'read:orders',
    '--default-scope',
    'openid',
    '--optional-scope',
    'email',
  ],
  ...['--no-pkce', '--id-token-claims', '--verified'],
];

function keySet(name: string, value: unknown): string {
  const path = join(place.directory, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

test('T10: a client is registered with every value given, and its secret is shown this once', async () => {
  const made = await cli.json<Made>(shop);
  expect(made).toEqual({ client_id: 'shop', client_secret: expect.stringMatching(/^lks_[\w-]{43}$/) });
  secrets.push(made.client_secret ?? '');
  expect(await quick.json(['clients', 'show', 'shop'])).toEqual({
    client_id: 'shop',
    name: 'The Shop',
    type: 'web',
    state: 'allowed',
    source: 'database',
    resource: null,
    auth: 'client_secret_basic',
    secrets: [{ expires_at: null }],
    jwks: null,
    jwks_uri: null,
    grants: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://shop.example/a', 'https://shop.example/b'],
    post_logout_redirect_uris: ['https://shop.example/bye'],
    origins: ['https://shop.example'],
    scopes: ['openid', 'email', 'read:orders'],
    default_scopes: ['openid'],
    optional_scopes: ['email'],
    pkce: false,
    id_token_claims: true,
    backchannel_logout_uri: null,
    backchannel_logout_session_required: false,
    first_party: false,
    verified: true,
    require_pushed_authorization_requests: false,
    dpop_bound_access_tokens: false,
    ...{ client_uri: null, policy_uri: null, tos_uri: null, team_id: null, registered_by: null },
    ...{ team_name: null, asked_at: null, revision: null, proposal: null, note: null },
    created_at: expect.any(Number),
    blocked_at: null,
  });
  expect(await cli.refusal(shop)).toEqual({
    error: 'already_exists',
    error_description: 'The client shop exists already.',
  });
});

test('two secrets are good while a secret is changed, and a blocked client says so', async () => {
  const { client_secret, ...rest } = await quick.json<Made>(['clients', 'rotate-secret', 'shop']);
  secrets.push(client_secret ?? '');
  expect(secrets[0]).not.toBe(secrets[1]);
  expect(rest).toEqual({ client_id: 'shop', previous_expires_at: expect.any(Number) });
  expect(await quick.json(['clients', 'block', 'shop'])).toMatchObject({
    secrets: [{ expires_at: null }, { expires_at: expect.any(Number) }],
    state: 'blocked',
    blocked_at: expect.any(Number),
  });
  expect(await quick.json(['clients', 'allow', 'shop'])).toMatchObject({
    state: 'allowed',
    blocked_at: null,
  });
  const events = await quick.json<{ type: string }[]>(['audit', 'list', '--client', 'shop']);
  expect(events.map(({ type }) => type)).toEqual([
    'client.allowed',
    'client.blocked',
    'client.secret_rotated',
    'client.created',
  ]);
});

test('an operator vouches for a client, and takes that back; one that is allowed by its id alone is not vouched for', async () => {
  expect(await quick.json(['clients', 'allow', 'kettle-cli'])).toMatchObject({ verified: false });
  expect(await quick.json(['clients', 'verify', 'kettle-cli'])).toMatchObject({ verified: true });
  expect(await quick.json(['clients', 'show', 'kettle-cli'])).toMatchObject({ verified: true });
  expect(await quick.json(['clients', 'unverify', 'kettle-cli'])).toMatchObject({ verified: false });
  const events = await quick.json<{ type: string }[]>(['audit', 'list', '--client', 'kettle-cli']);
  expect(events.map(({ type }) => type)).toEqual(['client.unverified', 'client.verified', 'client.created']);
});

test('a name with characters that cannot be seen is refused, by the name of its field', async () => {
  const words = ['clients', 'create', '--type', 'browser', '--redirect-uri', 'https://page.example/cb'];
  for (const name of ['Shop\u0007', 'Shop\u202egpj.exe', 'Shop\nShop']) {
    const refused = await quick.refusal([...words, '--name', name]);
    expect(refused.error_description).toMatch(/^name: must not have control characters/);
  }
});

test('what is left out follows from the type, and a public client gets no secret', async () => {
  const phone = ['--type', 'native', '--redirect-uri', 'com.example.phone:/cb', '--grant', 'device_code'];
  const machine = ['--type', 'service', '--grant', 'urn:ietf:params:oauth:grant-type:jwt-bearer'];
  const keys = ['--auth', 'private_key_jwt', '--jwks-file'];
  const made = await Promise.all(
    [
      [...phone, '--grant', 'authorization_code'],
      ['--type', 'web', '--auth', 'none', '--redirect-uri', 'https://pages.example/cb'],
      ['--type', 'browser', '--redirect-uri', 'https://page.example/cb', '--first-party'],
      [...machine, ...keys, keySet('one.json', { kty: 'OKP', crv: 'Ed25519', x: 'x' })],
    ].map((words) => quick.json<Made>(['clients', 'create', '--name', words[1] ?? '', ...words])),
  );
  for (const one of made) expect(one).toEqual({ client_id: expect.stringMatching(/^client_/) });

  const listed = await quick.json<{ client_id: string }[]>(['clients', 'list']);
  const shown = made.map(({ client_id }) => listed.find((one) => one.client_id === client_id));
  const device = 'urn:ietf:params:oauth:grant-type:device_code';
  expect(shown).toMatchObject([
    { type: 'native', auth: 'none', grants: [device, 'authorization_code'], pkce: true, first_party: false },
    { type: 'web', auth: 'none', grants: ['authorization_code'], pkce: true },
    { type: 'browser', auth: 'none', grants: ['authorization_code'], first_party: true },
    { type: 'service', auth: 'private_key_jwt', jwks: { keys: [{ kty: 'OKP' }] } },
  ]);
  expect(await quick.refusal(['clients', 'rotate-secret', made[1]?.client_id ?? ''])).toMatchObject({
    error: 'invalid_request',
  });
});

const web = [
  'clients',
  'create',
  '--name',
  'Shop',
  '--type',
  'web',
  '--redirect-uri',
  'https://shop.example/cb',
];

test('K07 L05: a client may publish its keys itself, and be told of ended sessions', async () => {
  const { client_id: id } = await quick.json<Made>([
    ...[...web, '--auth', 'private_key_jwt', '--jwks-uri', 'https://shop.example/jwks'],
    ...['--backchannel-logout-uri', 'https://shop.example/bye', '--backchannel-logout-session-required'],
  ]);
  expect(await quick.json(['clients', 'show', id])).toMatchObject({
    jwks: null,
    jwks_uri: 'https://shop.example/jwks',
    backchannel_logout_uri: 'https://shop.example/bye',
    backchannel_logout_session_required: true,
  });
});

const outboundWords = 'must be https, or http on a host that stands in outbound.allowed_hosts';

test.each([
  [
    'A03: no redirect URI',
    ['clients', 'create', '--name', 'Shop', '--type', 'web'],
    'redirect_uris: needs at least one entry for the authorization_code grant',
  ],
  [
    'A11: a public client without PKCE',
    [...web, '--auth', 'none', '--no-pkce'],
    'pkce: may be false only for a client with an auth other than none',
  ],
  [
    'A27: a wildcard',
    [...web, '--redirect-uri', 'https://*.shop.example/'],
    'redirect_uris[1]: must not have a wildcard: redirect URIs are compared exactly',
  ],
  [
    'A31: a default scope that it has not',
    [...web, '--scope', 'openid', '--default-scope', 'admin'],
    'default_scopes: must stand in scopes too',
  ],
  [
    'a service without a grant',
    ['clients', 'create', '--name', 'Robot', '--type', 'service'],
    'grants: must have at least 1 entry',
  ],
  [
    'private_key_jwt without keys',
    [...web, '--auth', 'private_key_jwt'],
    'jwks: is needed with private_key_jwt, or jwks_uri',
  ],
  [
    'L07 K07: addresses that we would call without https',
    [...web, '--auth', 'private_key_jwt', ...['--jwks-uri', 'http://shop.example/jwks']].concat([
      '--backchannel-logout-uri',
      'http://127.0.0.1/bye',
    ]),
    `jwks_uri: ${outboundWords}\nbackchannel_logout_uri: ${outboundWords}`,
  ],
  [
    'a browser client with a secret',
    [
      'clients',
      'create',
      '--name',
      'Page',
      '--type',
      'browser',
      '--redirect-uri',
      'https://page.example/',
      '--auth',
      'client_secret_post',
    ],
    'auth: must be none for a browser client, which cannot keep a secret',
  ],
])('refused by the rules of the file: %s', async (_title, words, fault) => {
  expect(await quick.refusal(words)).toEqual({ error: 'invalid_request', error_description: fault });
});

test('every fault is told at once, and the keys of a client are public ones', async () => {
  const path = keySet('private.json', { keys: [{ kty: 'EC', d: 'hidden' }] });
  const { status, out, err } = await quick.run([
    ...web,
    '--auth',
    'private_key_jwt',
    '--jwks-file',
    path,
    '--scope',
    'a"b',
  ]);
  expect([status, out]).toEqual([1, '']);
  expect(err).toBe(
    [
      'scopes[0]: must be a scope name: no spaces, quotes or backslashes (RFC 6749 section 3.3)',
      'jwks.keys[0].d: is a private member: register the public key only\n',
    ].join('\n'),
  );
  expect(
    await quick.refusal([...web, '--auth', 'private_key_jwt', '--jwks-file', join(place.directory, 'none')]),
  ).toEqual({
    error: 'invalid_request',
    error_description: 'The file of --jwks-file cannot be read, or is no JSON.',
  });
  expect(await quick.refusal(['clients', 'show', 'nobody'])).toMatchObject({ error: 'not_found' });
});

test('T10: what the deployment keeps holds no secret, and no answer holds a hash of one', async () => {
  const kept = place.bytes();
  const hashes = secrets.map((secret) => createHash('sha256').update(secret).digest('hex'));
  const said = await Promise.all([
    quick.run(['clients', 'list', '--json']),
    cli.run(['clients', 'show', 'shop']),
  ]);
  expect(secrets).toHaveLength(2);
  for (const hash of hashes) expect(kept.includes(hash)).toBe(true);
  for (const secret of secrets) expect(kept.includes(secret)).toBe(false);
  for (const text of [...secrets, ...hashes]) for (const { out } of said) expect(out).not.toContain(text);
});

test('N02: a private-use scheme belongs to one client (RFC 8252 section 8.4)', async () => {
  const phone = ['clients', 'create', '--type', 'native', '--scope', 'openid'];
  const first = await quick.json<Made>([
    ...phone,
    ...[
      '--name',
      'Radio',
      '--redirect-uri',
      'com.example.radio:/cb',
      '--redirect-uri',
      'http://127.0.0.1/cb',
    ],
  ]);
  for (const uri of ['com.example.radio:/cb', 'com.example.radio://other', 'COM.Example.Radio:/cb']) {
    expect(await quick.refusal([...phone, '--name', 'Thief', '--redirect-uri', uri])).toMatchObject({
      error: 'invalid_request',
      error_description: `redirect_uris: the scheme com.example.radio: belongs to the client ${first.client_id}`,
    });
  }
  const other = [...phone, '--name', 'Tablet', '--redirect-uri', 'com.example.radio2:/cb'];
  const loopback = [...other, '--redirect-uri', 'http://127.0.0.1/cb'];
  expect(await quick.json<Made>(loopback)).toHaveProperty('client_id');
});
