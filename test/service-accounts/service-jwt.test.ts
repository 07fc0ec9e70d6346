// JWTs that service accounts sign themselves and send to an API, at introspection: rows J02 to J05, J10, J12 to J14 and I01 to I04 as they apply.
import { createHmac, createPublicKey } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import type { Answer } from '../support/program.ts';
import { API, basic, createWorld, type World } from '../support/world.ts';
import { createServiceAccount, type TestAccount } from './accounts.ts';
import { createSigner, type Signer } from './issuers.ts';

const INACTIVE = '{"active":false}';
const YEAR_SECONDS = 31_536_000;

let world: World;
let robot: TestAccount;
let rsa: Signer;
let ed: Signer;
beforeAll(async () => {
  world = await createWorld();
  rsa = await createSigner({ alg: 'RS256', kid: 'rsa' });
  ed = await createSigner({ alg: 'EdDSA', kid: 'ed' });
  robot = await createServiceAccount(world, {
    scopes: ['read:tasks', 'write:tasks'],
    signers: [await createSigner(), rsa, ed],
  });
});
afterAll(() => world.close());
afterEach(() => vi.useRealTimers());

function setClock(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(seconds * 1000);
}

function ask(text: string, caller = world.api): Promise<Answer> {
  return world.introspect(caller, text);
}

async function expectActive(text: string): Promise<void> {
  expect((await ask(text)).body).toMatchObject({ active: true, sub: robot.id });
}

async function expectInactive(text: string): Promise<void> {
  expect((await ask(text)).text).toBe(INACTIVE);
}

test('kaie: server-to-server, a JWT signed with your own private key is the credential itself, described as every other one', async () => {
  const iat = nowSeconds();
  const text = robot.sign({ iat, exp: iat + 600, jti: 'job-7' });
  expect((await ask(text)).body).toEqual({
    ...{ active: true, scope: 'read:tasks write:tasks', client_id: robot.id, sub: robot.id },
    ...{ aud: API, iss: world.app.config.issuer, exp: iat + 600, iat, jti: 'job-7' },
    ...{ token_type: 'Bearer', credential_type: 'service_jwt' },
  });
});

test('kaie: it goes into the Authorization header of each request, as often as it lives: it is not single use', async () => {
  const text = robot.sign({ jti: 'again' });
  for (let count = 0; count < 3; count += 1) await expectActive(text);
});

test('the claim scope is cut to what the account may have, and to what the API has', async () => {
  const scopeOf = async (scope: unknown) => (await ask(robot.sign({ scope }))).body.scope;
  expect(await scopeOf('read:tasks')).toBe('read:tasks');
  expect(await scopeOf('write:tasks admin read:tasks write:tasks')).toBe('write:tasks read:tasks');
  expect(await scopeOf('*')).toBe('');
  expect(await scopeOf('')).toBe('');
  expect(await scopeOf(undefined)).toBe('read:tasks write:tasks');
  await expectInactive(robot.sign({ scope: ['read:tasks'] }));
});

test('J02: the audience is one API, and the one that asks', async () => {
  await expectActive(robot.sign({ aud: [API] }));
  const us = world.app.config.issuer;
  const others = [
    undefined,
    '',
    [],
    null,
    [API, API],
    [API, 'https://other.example'],
    'https://other.example',
  ];
  for (const aud of [...others, us, `${us}/token`, API.slice(0, -1), API.toUpperCase(), { 0: API }])
    await expectInactive(robot.sign({ aud }));
});

test('I03: another API learns nothing of it, nor a client that is no API', async () => {
  const text = robot.sign();
  expect((await ask(text, world.notes)).text).toBe(INACTIVE);
  const mail = await world.app.parts.resources.register(
    {
      identifier: 'https://mail.example.com/',
      isDefault: false,
      registration: { name: 'Mail', scopes: { 'read:mail': 'Read' }, tokenFormat: 'opaque' },
    },
    { auth: 'client_secret_basic' },
  );
  expect((await ask(text, { id: mail.clientId, secret: mail.secret })).text).toBe(INACTIVE);
});

test('J03: iat and exp must be there, an hour apart at most, not in the future, and the end is the end', async () => {
  const now = nowSeconds();
  setClock(now);
  await expectActive(robot.sign({ iat: now + 15, exp: now + 60 }));
  await expectActive(robot.sign({ iat: now, exp: now + 3600 }));
  for (const claims of [
    { exp: undefined },
    { iat: undefined },
    { exp: String(now + 60) },
    { iat: now, exp: now + 3601 },
    { iat: now, exp: now + 5 * YEAR_SECONDS },
    { iat: now - 7200, exp: now + 60 },
    { iat: now + 16, exp: now + 60 },
    { nbf: now + 16 },
    { nbf: 'soon' },
    { exp: now },
    { iat: now + 10, exp: now + 5 },
    { iat: now - 60, exp: now - 1 },
  ])
    await expectInactive(robot.sign(claims));
  const text = robot.sign({ iat: now, exp: now + 60 });
  setClock(now + 59);
  await expectActive(text);
  setClock(now + 60);
  await expectInactive(text);
});

test('the longest life is set by configuration', async () => {
  const strict = await createWorld({ settings: { tokens: { service_jwt_seconds: 300 } } });
  try {
    const own = await createServiceAccount(strict);
    const iat = nowSeconds();
    const answers = [300, 301].map((life) =>
      strict.introspect(strict.api, own.sign({ iat, exp: iat + life })),
    );
    expect((await Promise.all(answers)).map(({ body }) => body.active)).toEqual([true, false]);
  } finally {
    await strict.close();
  }
});

describe('J04: the algorithm is that of the key', () => {
  test('RSA, P-256 and Ed25519 sign, named by kid or not', async () => {
    for (const signer of [robot.signer, rsa, ed]) {
      await expectActive(robot.sign({}, {}, signer));
      await expectActive(robot.sign({}, { kid: undefined }, signer));
      await expectInactive(robot.sign({}, { kid: 'another' }, signer));
    }
  });

  test('none, HS256 keyed with the public key, another algorithm than the key, and a swap', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forge = (header: object, sign: (input: string) => string) => {
      const input = `${encode(header)}.${encode(robot.claim())}`;
      return `${input}.${sign(input)}`;
    };
    const pem = createPublicKey({ key: rsa.jwk as never, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const hmac = (input: string) => createHmac('sha256', pem).update(input).digest('base64url');
    await expectInactive(forge({ alg: 'none' }, () => 'AA'));
    await expectInactive(forge({ alg: 'none', kid: 'rsa' }, () => ''));
    await expectInactive(forge({ alg: 'HS256', kid: 'rsa' }, hmac));
    await expectInactive(forge({ alg: 'HS256' }, hmac));
    for (const alg of ['PS256', 'RS512', 'ES256', 'toString', 'RSA1_5'])
      await expectInactive(robot.sign({}, { alg }, rsa));
    await expectInactive(robot.sign({}, { kid: 'rsa' }));
    await expectInactive(robot.sign({}, { alg: 'ES256', kid: 'rsa' }, rsa));
  });

  test('crit and b64 are refused', async () => {
    for (const header of [{ crit: ['b64'], b64: false }, { b64: false }, { crit: [] }, { crit: ['x'], x: 1 }])
      await expectInactive(robot.sign({}, header));
  });
});

test('J05: a key that the JWT brings itself is not looked at', async () => {
  const stranger = await createSigner();
  const { jwk } = stranger;
  for (const header of [
    { jwk },
    { jku: 'https://evil.example/jwks' },
    { x5c: ['MIIB'] },
    { x5u: 'https://evil.example' },
  ]) {
    await expectInactive(robot.sign({}, header, stranger));
    await expectActive(robot.sign({}, header));
  }
});

test('J10: it speaks for itself and for nobody else; a key of another account is none of its own', async () => {
  await expectActive(robot.sign({ sub: undefined }));
  for (const sub of [world.ada.id, 'ada@example.com', '', null, [robot.id]])
    await expectInactive(robot.sign({ sub }));
  const other = await createServiceAccount(world);
  await expectInactive(robot.sign({}, {}, other.signer));
  await expectInactive(robot.sign({ iss: other.id, sub: other.id }));
  await expectInactive(robot.sign({ iss: 'sa_nobody', sub: 'sa_nobody' }));
  for (const iss of [undefined, 7, [robot.id], '', 'SA_x', world.app.config.issuer])
    await expectInactive(robot.sign({ iss, sub: undefined }));
});

test('J13: too long, padded, said twice, deep, or no JSON: none, and no read of the credential', async () => {
  const [header, , signature] = robot.sign().split('.');
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const body = JSON.stringify(robot.claim()).slice(1, -1);
  const twice = robot.signer.sign(`{${body},"aud":"${API}"}`);
  const texts = [
    robot.sign({ fill: 'x'.repeat(8192) }),
    robot.signer.sign(robot.claim(), {}, 'base64'),
    twice,
    robot.signer.sign(`{${body},"deep":${'['.repeat(20)}${']'.repeat(20)}}`),
    `${header}.${encode('{{{')}.${signature}`,
    `${header}.${encode('[]')}.${signature}`,
    `${header}..${signature}`,
  ];
  for (const text of texts) await expectInactive(text);
});

test('J14: a JWT of another kind is none, whatever its signature', async () => {
  await expectActive(robot.sign({}, { typ: 'JWT' }));
  await expectActive(robot.sign({}, { typ: 'jwt' }));
  const types = ['at+jwt', 'application/at+jwt', 'dpop+jwt', 'logout+jwt', 'client-authentication+jwt'];
  for (const typ of [...types, 'authorization-grant+jwt', 'secevent+jwt', 7, ['JWT'], ''])
    await expectInactive(robot.sign({}, { typ }));
});

test('an assertion for the token endpoint is no credential for an API, nor the other way round', async () => {
  const us = world.app.config.issuer;
  const redeem = (assertion: string) =>
    world.post('/token', { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  const assertion = robot.sign({ aud: us });
  await expectInactive(assertion);
  expect((await redeem(assertion)).status).toBe(200);
  expect((await redeem(robot.sign())).body.error).toBe('invalid_grant');
});

test('I02: a signature that is not right says no more than an account that is not there', async () => {
  const [header, payload, signature = ''] = robot.sign().split('.');
  const seen = async (text: string) => {
    const { status, text: body, headers } = await ask(text);
    return {
      status,
      body,
      headers: [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name)),
    };
  };
  const unknown = await seen(robot.sign({ iss: 'sa_nobody', sub: 'sa_nobody' }));
  expect(await seen(`${header}.${payload}.${signature.slice(0, -4)}AAAA`)).toEqual(unknown);
  expect(await seen('nonsense')).toEqual(unknown);
});

test('one introspection of it is one read of the database, the first and the next, fast or the long way', async () => {
  const text = robot.sign({ jti: 'read once' });
  const find = vi.spyOn(world.app.parts.database, 'find');
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...basic(world.api) };
  const answers: string[] = [];
  for (const path of ['/introspect', '/introspect', '/introspect?'])
    answers.push((await world.ask(path, { method: 'POST', headers, body: `token=${text}` })).text);
  expect(find).toHaveBeenCalledTimes(3);
  expect(new Set(answers).size).toBe(1);
  find.mockRestore();
});
