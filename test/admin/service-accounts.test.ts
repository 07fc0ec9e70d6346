// latchkey service-accounts …: who signs for themselves, with which keys, and how that ends.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { createMachinePlace, ISSUER } from './machine-place.ts';

const API = 'https://api.example.com/';
const place = await createMachinePlace();
const { cli, quick, files, signer, write, keyFile } = place;
const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string;
const pemFile = write('one.pem', pem);
afterAll(place.remove);

type Shown = { id: string; keys: { kid: string; state: string }[]; credentials?: Record<string, string> };

function create(...more: string[]): string[] {
  return ['service-accounts', 'create', '--name', 'Reports', '--scope', 'read:orders', ...more];
}

async function make(...more: string[]): Promise<string> {
  return (await quick.json<Shown>(create('--operator', ...more))).id;
}

test('one is made, listed, shown, disabled, enabled and removed', async () => {
  const made = await cli.json<Shown>(create('--operator', '--jwks-file', keyFile));
  expect(made).toEqual({ id: expect.stringMatching(/^sa_[\w-]{20}$/) });
  const { id } = made;
  const shown = {
    ...{ id, name: 'Reports', state: 'active', team_id: null, plan: null, profile: 'service-account' },
    ...{ scopes: ['read:orders'], scopes_now: ['read:orders'], created_at: expect.any(Number) },
    ...{ responsible_id: null, resource: null, last_used_at: null, disabled_at: null, not_before: null },
    ...{ last_used_address: null, last_used_program: null },
    keys: [
      {
        ...{ kid: 'key-1', algorithms: ['ES256'], state: 'in_force', expires_at: null },
        added_at: expect.any(Number),
        thumbprint: expect.stringMatching(/^[\w-]{43}$/),
      },
    ],
  };
  expect(await quick.json(['service-accounts', 'show', id])).toEqual(shown);
  expect(await quick.json(['service-accounts', 'list'])).toEqual([shown]);
  expect(await quick.json(['service-accounts', 'list', '--team', 'team_x'])).toEqual([]);
  expect(await quick.json(['issuers', 'list'])).toEqual([]);
  const change = ['service-accounts', 'change', id];
  expect(await quick.json([...change, '--name', 'Deployer', '--scope', 'write:orders'])).toMatchObject({
    ...{ name: 'Deployer', scopes: ['write:orders'] },
  });
  expect(await quick.refusal([...change, '--scope', 'latchkey:keys:read'])).toMatchObject({
    error: 'invalid_request',
  });
  expect(await quick.json(['service-accounts', 'disable', id])).toMatchObject({ state: 'disabled' });
  expect(await quick.json(['service-accounts', 'enable', id])).toMatchObject({
    state: 'active',
    disabled_at: null,
  });
  expect(await quick.json(['service-accounts', 'remove', id])).toEqual({ id, removed: true });
  expect(await quick.json(['service-accounts', 'list'])).toEqual([]);
  for (const name of ['show', 'disable', 'enable', 'remove', 'not-before'])
    expect(await quick.refusal(['service-accounts', name, id])).toMatchObject({ error: 'not_found' });
  const events = await quick.json<{ type: string }[]>(['audit', 'list', '--client', id]);
  expect(events.map(({ type }) => type)).toEqual([
    ...['service_account.removed', 'client.allowed', 'client.blocked', 'service_account.widened'],
    ...['service_account.renamed', 'service_account.created'],
  ]);
});

describe('a pair that is made here', () => {
  test('is written once, for its owner only, and no copy of the database holds the private key', async () => {
    const path = join(files, 'made.json');
    const made = await cli.json<Record<string, string>>(create('--operator', '--make-key', path));
    expect(made).toEqual({ id: expect.any(String), credentials_file: path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    const file = JSON.parse(text) as Record<string, string>;
    expect(file).toMatchObject({
      type: 'service_account',
      client_email: made.id,
      token_uri: `${ISSUER}/token`,
    });
    const { d = '', p = '' } = createPrivateKey(file.private_key ?? '').export({ format: 'jwk' });
    const bytes = place.bytes();
    for (const secret of [d, p]) {
      expect(secret.length).toBeGreaterThan(100);
      expect(bytes.includes(secret)).toBe(false);
      expect(bytes.includes(Buffer.from(secret, 'base64url'))).toBe(false);
    }
    const body = file.private_key?.split('\n')[3] ?? '';
    expect(body.length).toBe(64);
    expect(bytes.includes(body)).toBe(false);
    // It is never written over, and nothing is made where it cannot be.
    const before = await quick.json<Shown[]>(['service-accounts', 'list']);
    expect((await quick.refusal(create('--operator', '--make-key', path))).error_description).toBe(
      `${path} is there already.`,
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(await quick.json(['service-accounts', 'list'])).toEqual(before);
  });

  test('is in the answer where that is asked for, and leaves no file where it is refused', async () => {
    const { id, credentials } = await quick.json<Shown>(create('--operator', '--make-key', '-'));
    expect(credentials).toMatchObject({
      client_email: id,
      private_key: expect.stringContaining('PRIVATE KEY'),
    });
    const path = join(files, 'refused.json');
    const refused = await quick.refusal(create('--team', 'team_nobody', '--make-key', path));
    expect(refused).toMatchObject({ error: 'not_found', error_description: 'There is no such team.' });
    expect(existsSync(path)).toBe(false);
  });
});

test('J12: keys are added, disabled, enabled and removed, each with an end of its own', async () => {
  const id = await make();
  const state = async (...words: string[]) => {
    const [name = '', ...rest] = words;
    const { keys } = await quick.json<Shown>(['service-accounts', name, id, ...rest]);
    return keys.map((key) => `${key.kid} ${key.state}`);
  };
  const end = nowSeconds() + 3600;
  expect(await state('add-key', '--jwks-file', keyFile)).toEqual(['key-1 in_force']);
  expect(await state('add-key', '--pem-file', pemFile, '--kid', 'ed', '--expires-at', String(end))).toEqual([
    ...['key-1 in_force', 'ed in_force'],
  ]);
  const { keys } = await quick.json<{ keys: { expires_at: number | null }[] }>([
    'service-accounts',
    'show',
    id,
  ]);
  expect(keys.map(({ expires_at }) => expires_at)).toEqual([null, end]);
  expect(await state('disable-key', 'key-1')).toEqual(['key-1 disabled', 'ed in_force']);
  expect(await state('enable-key', 'key-1')).toEqual(['key-1 in_force', 'ed in_force']);
  expect(await state('remove-key', 'key-1')).toEqual(['ed in_force']);
  expect((await quick.refusal(['service-accounts', 'remove-key', id, 'key-1'])).error).toBe('not_found');
  const again = ['service-accounts', 'add-key', id, '--pem-file', pemFile, '--kid', 'ed'];
  expect((await quick.refusal(again)).error).toBe('already_exists');
});

describe('it is refused', () => {
  const rsa = (bits: number, exponent = 65_537) =>
    generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent }).publicKey;

  test.each<[string, () => string[], RegExp]>([
    ['of nobody', () => [], /^Give --team or --operator\.$/],
    ['of two', () => ['--operator', '--team', 'team_x'], /^Give --team or --operator\.$/],
    ['of a team that is not there', () => ['--team', 'team_x'], /^There is no such team\.$/],
    ['on a plan that is not there', () => ['--operator', '--plan', 'gold'], /^There is no plan gold\.$/],
    ['with a scope of this server', () => ['--operator', '--scope', 'openid'], /scope of this server/],
    ['with keys in two ways', () => ['--operator', '--pem-file', pemFile, '--make-key', '-'], /one way only/],
    [
      'with a private key',
      () => ['--operator', '--pem-file', write('private.pem', privatePem())],
      /^That is a private key/,
    ],
    [
      'with a private JWK',
      () => ['--operator', '--jwks-file', write('private.json', JSON.stringify({ ...signer.jwk, d: 'x' }))],
      /^That is a private key/,
    ],
    [
      'with a shared secret',
      () => ['--operator', '--jwks-file', write('oct.json', '{"kty":"oct","k":"AAAA"}')],
      /^That is a private key/,
    ],
    [
      'with a weak key',
      () => [
        '--operator',
        '--pem-file',
        write('weak.pem', rsa(1024).export({ type: 'spki', format: 'pem' }) as string),
      ],
      /RSA \(2048–4096 bit, /,
    ],
    [
      'with a key that is slow to verify',
      () => [
        '--operator',
        '--pem-file',
        write('slow.pem', rsa(2048, 3).export({ type: 'spki', format: 'pem' }) as string),
      ],
      /RSA \(2048–4096 bit, /,
    ],
    [
      'with a key for encryption',
      () => ['--operator', '--jwks-file', write('enc.json', JSON.stringify({ ...signer.jwk, use: 'enc' }))],
      /for signatures/,
    ],
    [
      'with the same key twice',
      () => [
        '--operator',
        '--jwks-file',
        write('twice.json', JSON.stringify({ keys: [signer.jwk, signer.jwk] })),
      ],
      /given twice/,
    ],
    [
      'with no key at all in the file',
      () => ['--operator', '--pem-file', write('no.pem', 'nothing')],
      /cannot be read/,
    ],
  ])('%s', async (_words, options, fault) => {
    const before = await quick.json<Shown[]>(['service-accounts', 'list']);
    expect((await quick.refusal(create(...options()))).error_description).toMatch(fault);
    expect(await quick.json(['service-accounts', 'list'])).toEqual(before);
  });

  function privatePem(): string {
    return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  }
});

test('a JWT of it is looked at, revoked, and looked at again', async () => {
  const id = await make('--jwks-file', keyFile);
  const now = nowSeconds();
  const sign = (jti: string) => signer.sign({ iss: id, sub: id, aud: API, iat: now, exp: now + 600, jti });
  const jwt = sign('one');
  const shown = {
    active: true,
    kind: 'service_jwt',
    client_id: id,
    sub: id,
    aud: API,
    iss: ISSUER,
    exp: now + 600,
  };
  expect(await quick.json(['tokens', 'introspect'], jwt)).toMatchObject({
    ...shown,
    iat: now,
    scope: 'read:orders',
  });
  expect(await quick.json(['tokens', 'revoke'], jwt)).toMatchObject({
    revoked: true,
    kind: 'service_jwt',
    client_id: id,
  });
  expect(await quick.json(['tokens', 'introspect'], jwt)).toEqual({ active: false, reason: 'revoked' });
  expect(await quick.json(['tokens', 'introspect'], sign('two'))).toMatchObject({ active: true });
  expect((await quick.refusal(['tokens', 'revoke'], `${jwt.slice(0, -4)}AAAA`)).error).toBe('not_found');
  const moved = await quick.json<{ not_before: number }>(['service-accounts', 'not-before', id]);
  expect(moved.not_before).toBeGreaterThanOrEqual(now);
  expect(await quick.json(['tokens', 'introspect'], sign('two'))).toEqual({
    active: false,
    reason: 'disabled',
  });
});

test('workloads of an outside issuer act as it, by rules, and a trial says which rule is met', async () => {
  const id = await make();
  const ci = 'https://actions.example.com';
  const rules = [
    '--rule',
    `aud=${ISSUER}`,
    '--rule',
    'repository=acme/shop',
    '--rule',
    'repository=acme/mail',
  ];
  const trust = (...more: string[]) => [
    ...['issuers', 'trust', '--issuer', ci, '--profile', 'workload', '--jwks-file', keyFile],
    ...more,
  ];
  const to = ['--service-account', id];
  expect((await quick.refusal(trust())).error_description).toBe('Give --service-account and --rule.');
  expect((await quick.refusal(trust('--service-account', 'sa_nobody', ...rules))).error).toBe('not_found');
  for (const [wrong, fault] of [
    [['repository=acme/shop'], /must have a rule for aud/],
    [[`aud=${ISSUER}`], /tells workloads apart/],
    [[`aud=${ISSUER}`, 'iss=https://actions.example.com'], /tells workloads apart/],
    [['aud=*', 'sub=x'], /aud exactly/],
    [[`aud=${ISSUER}`, 'repository=acme*'], /after a \/ or a :/],
    [[`aud=${ISSUER}`, 'repository=*'], /after a \/ or a :/],
    [[`aud=${ISSUER}`, 'sub=repo:*:main'], /after a \/ or a :/],
    [[`aud=${ISSUER}`, 'sub'], /claim=value/],
  ] as const) {
    const given = wrong.flatMap((rule) => ['--rule', rule]);
    expect((await quick.refusal(trust(...to, ...given))).error_description).toMatch(fault);
  }
  const mapping = { id, rules: { aud: [ISSUER], repository: ['acme/shop', 'acme/mail'] } };
  expect(await quick.json(trust(...to, ...rules))).toMatchObject({
    profile: 'workload',
    service_accounts: [mapping],
  });

  const now = nowSeconds();
  const sign = (repository: string) =>
    signer.sign({ iss: ci, sub: 'job', aud: ISSUER, repository, iat: now, exp: now + 300 });
  expect(await quick.json(['issuers', 'test'], sign('acme/mail'))).toMatchObject({
    ...{ accepted: true, client_id: id, profile: 'workload', scopes: ['read:orders'], subject: 'job' },
    rules: [{ service_account: id, unmet: null }],
  });
  const refused = await quick.run(['issuers', 'test', sign('evil/mail'), '--json']);
  expect(JSON.parse(refused.out)).toMatchObject({
    ...{ accepted: false, reason: 'no_rule_matches' },
    rules: [{ service_account: id, unmet: 'repository' }],
  });
  const forged = await quick.run(['issuers', 'test', `${sign('acme/mail').slice(0, -4)}AAAA`, '--json']);
  expect(JSON.parse(forged.out)).toMatchObject({ reason: 'wrong_signature' });
  expect(JSON.parse(forged.out)).not.toHaveProperty('rules');

  const other = await make();
  const map = [
    'issuers',
    'map',
    ci,
    '--service-account',
    other,
    '--rule',
    `aud=${ISSUER}`,
    '--rule',
    'sub=repo:acme/shop:*',
  ];
  expect(await quick.json(map)).toMatchObject({
    service_accounts: [mapping, { id: other, rules: { aud: [ISSUER], sub: ['repo:acme/shop:*'] } }],
  });
  expect(await quick.json(['issuers', 'unmap', ci, '--service-account', id])).toMatchObject({
    service_accounts: [{ id: other }],
  });
  expect((await quick.refusal(['issuers', 'unmap', ci, '--service-account', id])).error).toBe('not_found');
  expect(await quick.json(['issuers', 'keys', ci, '--disable', 'key-1'])).toMatchObject({
    ...{ profile: 'workload', disabled_keys: ['key-1'], service_accounts: [{ id: other }] },
  });
});

test('G06: * is every scope, and no right over this server is named beside it', async () => {
  const id = await make('--scope', '*');
  expect(await quick.json(['service-accounts', 'show', id])).toMatchObject({
    ...{ scopes: ['read:orders', '*'], scopes_now: ['*', 'read:orders'] },
  });
  const { error_description } = await quick.refusal(
    create('--operator', '--scope', '*', '--scope', 'latchkey:accounts:read'),
  );
  expect(error_description).toContain('is a right over this server');
});
