// What a device asks for first, and the codes it gets (RFC 8628 sections 3.1 and 3.2).
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { sql } from '../../server/storage/statement.ts';
import { createKeyHolder } from '../introspection/key-holder.ts';
import {
  askForCode,
  CLI,
  DEVICE_GRANT,
  enterCode,
  MANY_CODES,
  pair,
  poll,
  requestCode,
} from '../support/devices.ts';
import { findAll, parseHtml } from '../support/html.ts';
import { type AppClient, basic, createWorld, type World } from '../support/world.ts';

const ANSWER = [
  'device_code',
  'expires_in',
  'interval',
  'user_code',
  'verification_uri',
  'verification_uri_complete',
];
const DEVICE = {
  auth: 'none',
  type: 'native',
  grants: [DEVICE_GRANT, 'refresh_token'],
  redirectUris: [],
} as const;

let world: World;
let robot: ReturnType<World['app']['robot']>;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
  robot = world.app.robot();
});
afterAll(() => world.close());

async function countRows(): Promise<number> {
  const [row] = await world.app.parts.database.list<{ count: number }>(
    sql`SELECT COUNT(*) AS count FROM device_codes LIMIT 1`,
  );
  return Number(row?.count);
}

test('D01: the endpoint is POST only and form only, and wants to know who asks', async () => {
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const answer = await world.ask('/device/code', { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, expect.stringContaining('POST')]);
  }
  const json = await world.ask('/device/code', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ client_id: CLI.id }),
  });
  const nobody = await world.post('/device/code', { scope: 'openid' });
  expect([json, nobody]).toMatchObject([
    { status: 400, body: { error: 'invalid_request' } },
    { status: 401, body: { error: 'invalid_client' } },
  ]);
});

test('D01 D02: an unknown client is invalid_client, and no row is left', async () => {
  const before = await countRows();
  const answer = await requestCode(world, { ...CLI, id: 'stranger' });
  expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  expect(await countRows()).toBe(before);
  await askForCode(world);
  expect(await countRows()).toBe(before + 1);
});

test('D03: a client without the grant is unauthorized_client (RFC 6749 section 5.2), and no row is left', async () => {
  const before = await countRows();
  const answer = await requestCode(world, world.notes);
  expect(answer).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
  expect(await countRows()).toBe(before);
});

test('D04 D26 H5: the answer has all that section 3.2 names, the pace of 5 seconds and a life of ten minutes', async () => {
  const answer = await requestCode(world);
  expect(Object.keys(answer.body).toSorted()).toEqual(ANSWER);
  expect(answer.body).toMatchObject({ interval: 5, expires_in: 600 });
  expect(answer.body.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  expect(answer.headers.get('cache-control')).toContain('no-store');
});

test('D04 D26: pace and life are the ones of the configuration', async () => {
  const other = await createWorld({ settings: { device: { interval_seconds: 7, code_seconds: 120 } } });
  try {
    expect(await askForCode(other)).toMatchObject({ interval: 7, expires_in: 120 });
  } finally {
    await other.close();
  }
});

test('D05 H4: addresses come from the issuer, whatever the request says of hosts', async () => {
  const headers = {
    'X-Forwarded-Host': 'evil.example',
    'X-Forwarded-Proto': 'https',
    Forwarded: 'host=evil.example',
  };
  const { body } = await world.post('/device/code', { client_id: CLI.id }, headers);
  const { issuer } = world.app.config;
  expect(body.verification_uri).toBe(`${issuer}/device`);
  expect(body.verification_uri_complete).toBe(`${issuer}/device?user_code=${body.user_code}`);
  const elsewhere = await world.post('/device/code', { client_id: CLI.id }, { Host: 'evil.example' });
  expect(elsewhere.status).toBe(421);
});

test('D06: codes are long, differ, and lie nowhere in the database as they are', async () => {
  const codes = await Promise.all(Array.from({ length: 50 }, () => askForCode(world)));
  expect(new Set(codes.map((one) => one.device_code)).size).toBe(50);
  expect(new Set(codes.map((one) => one.user_code)).size).toBe(50);
  const rows = await world.app.parts.database.list<Record<string, unknown>>(
    sql`SELECT * FROM device_codes LIMIT 1000`,
  );
  const everything = rows
    .flatMap((row) => Object.values(row))
    .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
    .join('\n');
  expect(everything).toContain(CLI.id);
  for (const { device_code, user_code } of codes) {
    // 256 bits in base64url after the prefix.
    expect(device_code).toMatch(/^lkd_[A-Za-z0-9_-]{43}$/);
    for (const text of [device_code, user_code, user_code.replace('-', '')])
      expect(everything.includes(text)).toBe(false);
  }
});

test('D28: the eleventh code of one client in a minute is 429 with Retry-After, another client is not concerned', async () => {
  const other = await createWorld({ settings: { device: { client_ids: ['tv', 'radio'] } } });
  const tv = { ...CLI, id: 'tv' };
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const answers = await Promise.all(Array.from({ length: 11 }, () => requestCode(other, tv)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(10).fill(200), 429]);
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused?.body).toMatchObject({ error: 'slow_down', error_description: expect.any(String) });
    expect((await requestCode(other, { ...CLI, id: 'radio' })).status).toBe(200);
    vi.setSystemTime(Date.now() + 61_000);
    expect((await requestCode(other, tv)).status).toBe(200);
  } finally {
    vi.useRealTimers();
    await other.close();
  }
});

test('D28: only so many codes wait at once; one that was answered or is over makes room', async () => {
  const other = await createWorld({ settings: { ...MANY_CODES, device: { max_pending: 2 } } });
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const [first] = [await askForCode(other), await askForCode(other)];
    const refused = await requestCode(other);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([
      429,
      expect.stringMatching(/^\d+$/),
    ]);
    await pair(other.app.robot(), first, { decision: 'deny' });
    await askForCode(other);
    expect((await requestCode(other)).status).toBe(429);
    vi.setSystemTime(Date.now() + 601_000);
    expect((await requestCode(other)).status).toBe(200);
  } finally {
    vi.useRealTimers();
    await other.close();
  }
});

/** The words behind the scopes that the page lists. */
async function shownFor(client: AppClient, scope?: string): Promise<string[]> {
  const code = await askForCode(world, client, { scope });
  const { html } = await enterCode(robot, code.user_code);
  return findAll(parseHtml(html), 'input')
    .map(({ attributes }) => attributes.name ?? '')
    .filter((name) => name.startsWith('scope_'));
}

test('D22: without scope the default ones of the client are asked for and given (RFC 6749 section 3.3)', async () => {
  const tv = await world.registerClient({ ...DEVICE, name: 'TV', defaultScopes: ['openid', 'read:tasks'] });
  const code = await askForCode(world, tv, { scope: undefined });
  await pair(robot, code);
  expect((await poll(world, code, tv)).body.scope).toBe('openid read:tasks');
  const byId = await askForCode(world, CLI, { scope: undefined });
  await pair(robot, byId);
  expect((await poll(world, byId)).body.scope).toBe('openid read:tasks write:tasks');
});

test('D22: what nobody could allow is invalid_scope, at once and without a row', async () => {
  const bare = await world.registerClient({ ...DEVICE, name: 'Bare', scopes: ['openid', 'read:tasks'] });
  const none = await world.registerClient({ ...DEVICE, name: 'None', scopes: ['latchkey:admin'] });
  const before = await countRows();
  for (const [client, scope] of [
    [bare, 'nobody:knows'],
    [bare, 'write:tasks'],
    [bare, 'openid "quoted"'],
    [none, undefined],
    [none, 'latchkey:admin'],
  ] as const) {
    const answer = await requestCode(world, client, { scope });
    expect([scope, answer.status, answer.body.error]).toEqual([scope, 400, 'invalid_scope']);
  }
  expect(await countRows()).toBe(before);
});

test('D22: an unknown scope beside a known one is dropped, shown nowhere and not given', async () => {
  const code = await askForCode(world, CLI, { scope: 'openid read:tasks nobody:knows' });
  const question = await enterCode(robot, code.user_code);
  expect(question.html).not.toContain('nobody:knows');
  await robot.send(question, {}, { button: 'decision=allow' });
  expect((await poll(world, code)).body.scope).toBe('openid read:tasks');
  expect(await shownFor(CLI, 'openid read:tasks')).toHaveLength(1);
});

test('D22 RFC 8707: who is allowed by id alone gets no API but the default one', async () => {
  const identifier = 'https://vault.example.com/';
  await world.app.parts.resources.register(
    {
      identifier,
      isDefault: false,
      registration: { name: 'Vault', scopes: { 'open:vault': 'Open it' }, tokenFormat: 'opaque' },
    },
    { auth: 'client_secret_basic' },
  );
  const wanted = { resource: identifier, scope: 'openid open:vault' };
  expect(await requestCode(world, CLI, wanted)).toMatchObject({
    status: 400,
    body: { error: 'invalid_target' },
  });
  const tv = await world.registerClient({ ...DEVICE, name: 'Keeper', scopes: ['openid', 'open:vault'] });
  expect((await requestCode(world, tv, wanted)).status).toBe(200);
});

test('Basic and client_id together are taken, here and at every poll', async () => {
  const box = await world.registerClient({ ...DEVICE, name: 'Box', auth: 'client_secret_basic' });
  const wanted = { client_id: box.id, scope: 'openid' };
  const { body, status } = await world.post('/device/code', wanted, basic(box));
  expect(status).toBe(200);
  const grant = { client_id: box.id, grant_type: DEVICE_GRANT, device_code: String(body.device_code) };
  expect((await world.post('/token', grant, basic(box))).body.error).toBe('authorization_pending');
  const other = await world.post('/device/code', { ...wanted, client_id: CLI.id }, basic(box));
  expect(other).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
});

test('RFC 6749 section 2.3.1: a public client may send its id with an empty secret; who has a secret may not', async () => {
  const empty = basic({ id: CLI.id, secret: '' });
  const { body, status } = await world.post('/device/code', { client_id: CLI.id, scope: 'openid' }, empty);
  expect(status).toBe(200);
  const grant = { client_id: CLI.id, grant_type: DEVICE_GRANT, device_code: String(body.device_code) };
  expect((await world.post('/token', grant, empty)).body.error).toBe('authorization_pending');
  const box = await world.registerClient({ ...DEVICE, name: 'Chest', auth: 'client_secret_basic' });
  const bare = await world.post('/device/code', { client_id: box.id }, basic({ id: box.id, secret: '' }));
  expect(bare).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
});

test('H7 K03: an assertion that is good for longer than five minutes proves nothing, at any endpoint', async () => {
  const keys = await createKeyHolder(world.app.config.issuer);
  const signer = await world.registerClient({
    ...DEVICE,
    name: 'Signer',
    auth: 'private_key_jwt',
    jwks: keys.jwks,
  });
  const requests = [
    ['/device/code', { scope: 'openid' }],
    ['/token', { grant_type: DEVICE_GRANT, device_code: 'x' }],
    ['/revoke', { token: 'x' }],
  ] as const;
  for (const [path, parameters] of requests) {
    for (const seconds of [301, 5 * 365 * 86_400]) {
      const proof = await keys.present(signer.id, { exp: nowSeconds() + seconds });
      const answer = await world.post(path, { client_id: signer.id, ...parameters, ...proof });
      expect([path, answer.status, answer.body.error]).toEqual([path, 401, 'invalid_client']);
    }
    const good = await keys.present(signer.id, { exp: nowSeconds() + 290 });
    const answer = await world.post(path, { client_id: signer.id, ...parameters, ...good });
    expect([path, answer.body.error]).toEqual([path, path === '/token' ? 'invalid_grant' : undefined]);
    const again = await world.post(path, { client_id: signer.id, ...parameters, ...good });
    expect([path, again.status]).toEqual([path, 401]);
  }
});
