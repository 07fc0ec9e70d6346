// latchkey issuers …: whose assertions are believed, with which keys, and what would become of one.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { createSigner } from '../service-accounts/issuers.ts';
import { createMachinePlace, ISSUER } from './machine-place.ts';

const place = await createMachinePlace();
const { cli, quick, files, signer, write } = place;
let adaId: string;
afterAll(place.remove);

beforeAll(async () => {
  const person = ['accounts', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--admin'];
  adaId = (await quick.json<{ id: string }>([...person, '--password-stdin'], 'brass wheels turn slowly')).id;
});

function trust(issuer: string, ...more: string[]): string[] {
  const keys = more.some((word) => word.startsWith('--jwks')) ? [] : ['--jwks-file', place.keyFile];
  return ['issuers', 'trust', '--issuer', issuer, '--scope', 'read:orders', ...keys, ...more];
}

function assert(issuer: string, change: Record<string, unknown> = {}): string {
  const now = nowSeconds();
  const claims = { iss: issuer, sub: issuer, aud: ISSUER, jti: 'job-1', iat: now, exp: now + 60 };
  return signer.sign({ ...claims, ...change });
}

test('an issuer is trusted, listed, shown, disabled, enabled and removed', async () => {
  const ci = 'https://ci.example.com';
  const made = await cli.json<{ client_id: string }>(
    trust(
      ci,
      '--subject',
      'repo:shop',
      '--subject',
      'repo:mail',
      '--account',
      'ada@example.com',
      '--name',
      'CI',
    ),
  );
  const shown = {
    ...{ issuer: ci, client_id: expect.stringMatching(/^iss_[\w-]{22}$/), name: 'CI', state: 'trusted' },
    ...{ source: 'database', profile: 'strict', jwks_uri: null, disabled_keys: [], clients: [] },
    keys: [
      {
        ...{ kid: 'key-1', algorithms: ['ES256'], state: 'in_force', added_at: null, expires_at: null },
        thumbprint: expect.stringMatching(/^[\w-]{43}$/),
      },
    ],
    ...{ subjects: ['repo:shop', 'repo:mail'], account_id: adaId, scopes: ['read:orders'] },
    service_accounts: [],
    ...{ created_at: expect.any(Number), disabled_at: null },
  };
  expect(made).toEqual(shown);
  expect(await quick.json(['issuers', 'list'])).toEqual([shown]);
  expect(await quick.json(['issuers', 'show', made.client_id])).toEqual(shown);
  expect(await quick.refusal(trust(ci))).toMatchObject({ error: 'already_exists' });

  expect(await quick.json(['issuers', 'disable', ci])).toMatchObject({ state: 'disabled' });
  expect(await quick.json(['clients', 'show', made.client_id])).toMatchObject({ state: 'blocked' });
  expect(await quick.json(['issuers', 'enable', ci])).toMatchObject({ state: 'trusted', disabled_at: null });

  const removed = await quick.json(['issuers', 'remove', ci]);
  expect(removed).toEqual({ issuer: ci, client_id: made.client_id, removed: true });
  expect(await quick.json(['issuers', 'list'])).toEqual([]);
  for (const name of ['show', 'remove', 'disable', 'enable', 'keys'])
    expect(
      await quick.refusal(['issuers', name, ci, ...(name === 'keys' ? ['--disable', 'a'] : [])]),
    ).toMatchObject({
      error: 'not_found',
    });
  expect((await quick.json<{ client_id: string }>(trust(ci))).client_id).toBe(made.client_id);
  const types = await quick.json<{ type: string }[]>(['audit', 'list', '--client', made.client_id]);
  expect(types.map(({ type }) => type)).toEqual([
    ...['issuer.trusted', 'issuer.removed', 'client.allowed', 'client.blocked', 'issuer.trusted'],
  ]);
});

describe('it is refused', () => {
  const other = 'https://other.example.com';

  test.each([
    ['without keys', ['--jwks-file', 'MISSING'], 'The file of --jwks-file cannot be read, or is no JSON.'],
    [
      'with keys twice',
      ['--jwks-uri', 'https://a.example/jwks', '--jwks-file', 'keys.json'],
      'jwks: is needed, or jwks_uri, and never both',
    ],
    [
      'with an address inside',
      ['--jwks-uri', 'http://10.0.0.1/jwks'],
      'jwks_uri: must be https, or http on a host that stands in outbound.allowed_hosts',
    ],
    [
      'with a private key',
      ['--jwks-file', 'private.json'],
      'jwks.keys[0].d: is a private member: register the public key only',
    ],
    [
      'with keys that sign nothing',
      ['--jwks-file', 'encryption.json'],
      'None of the keys is for signatures with RSA, P-256, P-384, P-521 or Ed25519.',
    ],
    ['with a shared secret', ['--jwks-file', 'secret.json'], /kty/],
    [
      'for an account that is not there',
      ['--account', 'nobody@example.com'],
      'There is no account nobody@example.com.',
    ],
    [
      'with a scope of this server',
      ['--scope', 'openid'],
      'scopes[1]: is a scope of this server itself and cannot be one of an API',
    ],
  ])('%s', async (_words, options, fault) => {
    write('private.json', { keys: [{ ...signer.jwk, d: 'x' }] });
    write('encryption.json', { keys: [{ ...signer.jwk, use: 'enc' }] });
    write('secret.json', { keys: [{ kty: 'oct', k: 'x' }] });
    const words = options.map((word) =>
      word.endsWith('.json') || word === 'MISSING' ? join(files, word) : word,
    );
    const { error_description } = await quick.refusal(trust(other, ...words));
    if (typeof fault === 'string') expect(error_description).toBe(fault);
    else expect(error_description).toMatch(fault);
  });

  test('where it is this server itself, or no name', async () => {
    expect((await quick.refusal(trust(ISSUER))).error).toBe('invalid_request');
    expect((await quick.refusal(trust('two words'))).error_description).toContain('issuer: must be 1 to 255');
    expect(
      (await quick.refusal(['issuers', 'trust', '--issuer', other, '--jwks-file', 'x'])).error_description,
    ).toContain('--scope');
  });
});

test('J12: keys are replaced, disabled and enabled', async () => {
  const issuer = 'https://keys.example.com';
  await quick.json(trust(issuer));
  const second = await createSigner({ kid: 'key-2' });
  const state = async (...words: string[]) => {
    const { keys } = await quick.json<{ keys: { kid: string; state: string }[] }>([
      'issuers',
      'keys',
      issuer,
      ...words,
    ]);
    return keys.map((key) => `${key.kid} ${key.state}`);
  };
  expect((await quick.refusal(['issuers', 'keys', issuer])).error).toBe('invalid_request');
  const both = write('both.json', { keys: [signer.jwk, { ...second.jwk, exp: nowSeconds() - 1 }] });
  expect(await state('--jwks-file', both)).toEqual(['key-1 in_force', 'key-2 ended']);
  expect(await state('--disable', 'key-1')).toEqual(['key-1 disabled', 'key-2 ended']);
  const tried = await quick.run(['issuers', 'test', assert(issuer), '--json']);
  expect(JSON.parse(tried.out).reason).toBe('key_not_in_force');
  expect(await state('--enable', 'key-1')).toEqual(['key-1 in_force', 'key-2 ended']);
  const moved = await quick.json([
    'issuers',
    'keys',
    issuer,
    '--jwks-uri',
    'https://keys.example.com/jwks.json',
  ]);
  expect(moved).toMatchObject({ jwks_uri: 'https://keys.example.com/jwks.json', keys: null });
});

test('an assertion is tried: why it would be refused, or as whom it would act; it is not spent by that', async () => {
  const issuer = 'https://try.example.com';
  const { client_id: id } = await quick.json<{ client_id: string }>(trust(issuer, '--subject', 'repo:shop'));
  const ok = assert(issuer, { sub: 'repo:shop' });
  const accepted = {
    ...{ accepted: true, issuer, client_id: id, profile: 'strict', subject: 'repo:shop', account_id: null },
    ...{ clients: [], scopes: ['read:orders'], key: 'key-1', ends_at: expect.any(Number) },
  };
  // Twice, and from standard input in both ways.
  expect(await cli.json(['issuers', 'test', '-'], `${ok}\n`)).toEqual(accepted);
  expect(await quick.json(['issuers', 'test'], ok)).toEqual(accepted);
  expect((await quick.run(['issuers', 'test', ok])).out).toMatch(/^It would be accepted\./);

  for (const [assertion, reason, client_id] of [
    [assert(issuer), 'subject_not_allowed', id],
    [assert('https://nobody.example'), 'unknown_issuer', null],
    ['x', 'malformed', null],
  ] as const) {
    const { status, out } = await quick.run(['issuers', 'test', assertion, '--json']);
    const words = expect.stringMatching(/^[A-Z].*\.$/);
    expect(JSON.parse(out)).toEqual({
      accepted: false,
      reason,
      words,
      client_id,
      issuer: client_id && issuer,
    });
    expect(status).toBe(1);
  }
  const refused = await quick.run(['issuers', 'test', 'x']);
  expect([refused.status, refused.out.split('\n')[0]]).toEqual([
    1,
    'It would be refused. It is no compact JWT of at most 8 KiB whose members have one value each.',
  ]);
});

test('the doctor names issuers that nobody can sign for, and those whose person is gone', async () => {
  const own = await createMachinePlace();
  onTestFinished(own.remove);
  const findings = async () => {
    const { out } = await own.quick.run(['doctor', '--json']);
    return (JSON.parse(out) as { check: string; level: string; words: string }[]).filter(
      ({ check }) => check === 'trusted_issuers',
    );
  };
  const person = [
    'accounts',
    'create',
    '--email',
    'grace@example.com',
    '--name',
    'Grace',
    '--password-stdin',
  ];
  await own.quick.json(person, 'brass wheels turn slowly');
  await own.quick.json(trust('https://well.example'));
  expect(await findings()).toMatchObject([{ level: 'ok' }]);

  const old = write('old.json', { keys: [{ ...signer.jwk, exp: nowSeconds() - 1 }] });
  await own.quick.json(trust('https://old.example', '--jwks-file', old));
  await own.quick.json(trust('https://away.example', '--jwks-uri', 'https://127.0.0.1:1/jwks.json'));
  await own.quick.json(trust('https://grace.example', '--account', 'grace@example.com'));
  await own.quick.json(['accounts', 'disable', 'grace@example.com']);
  await own.quick.json(trust('https://off.example', '--jwks-file', old));
  await own.quick.json(['issuers', 'disable', 'https://off.example']);
  const found = await findings();
  expect(new Set(found.map(({ level }) => level))).toEqual(new Set(['warning']));
  const words = found.map((one) => one.words).join('\n');
  expect(words).toMatch(/cannot be fetched: https:\/\/away\.example\.\n/);
  expect(words).toMatch(/of no use: https:\/\/old\.example\.\n/);
  expect(words).toMatch(/disabled or gone: https:\/\/grace\.example\.$/);
  expect(words).not.toMatch(/well\.example|off\.example/);
});
