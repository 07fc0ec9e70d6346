// Requests at the token endpoint that fail before anything is bought: what they leave as it was, and what they are told (RFC 6749 section 5.2).
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { JWT_BEARER } from '../service-accounts/issuers.ts';
import { askForCode, CLI, DEVICE_GRANT, MANY_CODES, pair } from '../support/devices.ts';
import { createProver } from '../support/dpop.ts';
import { API, basic, createWorld, type World } from '../support/world.ts';

const NOT_GRANTED = ['https://nope.example/', 'nonsense', 'https://files.example.com/'];

let world: World;
let robot: ReturnType<World['app']['robot']>;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
  const registration = { name: 'Files', scopes: { 'read:files': 'Read' }, tokenFormat: 'opaque' as const };
  await world.app.parts.resources.register(
    { identifier: 'https://files.example.com/', isDefault: false, registration },
    { auth: 'client_secret_basic' },
  );
  robot = world.app.robot();
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

async function exchangeForm(resource = API): Promise<Record<string, string>> {
  const got = await world.authorize(world.notes, { scope: 'read:tasks', resource }, robot);
  const code = { code: got.code, redirect_uri: world.notes.redirectUri, code_verifier: got.verifier };
  return { grant_type: 'authorization_code', ...code };
}

test.each(NOT_GRANTED)(
  'T15: an exchange for %s, which was not granted, does not burn the code',
  async (resource) => {
    const form = await exchangeForm();
    const failed = await world.token(world.notes, { ...form, resource });
    expect([failed.status, failed.body.error]).toEqual([400, 'invalid_target']);
    const answer = await world.token(world.notes, { ...form, resource: API });
    expect([answer.status, answer.body.scope]).toEqual([200, 'read:tasks']);
    const second = await world.token(world.notes, form);
    expect([second.status, second.body.error]).toEqual([400, 'invalid_grant']);
    expect((await world.introspect(world.api, String(answer.body.access_token))).body.active).toBe(false);
  },
);

test('T14 T15: of thirty exchanges at once, every other one for an API that was not granted, one succeeds', async () => {
  const form = await exchangeForm();
  const all = Array.from({ length: 30 }, (_, index) =>
    world.token(world.notes, index % 2 === 0 ? form : { ...form, resource: 'https://nope.example/' }),
  );
  const answers = await Promise.all(all);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
});

test('T15: nor does a proof by another key than dpop_jkt named; guesses stay bounded', async () => {
  const prover = await createProver(world.app.config.issuer);
  const other = await createProver(world.app.config.issuer);
  const ask = (form: Record<string, string>, headers: Record<string, string>) =>
    world.post('/token', form, { ...basic(world.notes), ...headers });
  const bind = async () => {
    const got = await world.authorize(world.notes, { dpop_jkt: prover.thumbprint }, robot);
    const code = { code: got.code, redirect_uri: world.notes.redirectUri, code_verifier: got.verifier };
    return { grant_type: 'authorization_code', ...code };
  };
  const form = await bind();
  expect((await ask(form, await other.header('/token'))).body.error).toBe('invalid_grant');
  expect((await ask(form, await prover.header('/token'))).status).toBe(200);
  const guessed = await bind();
  for (let count = 1; count <= 5; count += 1) await ask(guessed, await other.header('/token'));
  expect((await ask(guessed, await prover.header('/token'))).body.error).toBe('invalid_grant');
});

test('T15: a device code is not burnt by an API that was not granted either', async () => {
  const code = await askForCode(world);
  await pair(robot, code);
  const form = { grant_type: DEVICE_GRANT, device_code: code.device_code };
  const failed = await world.token(CLI, { ...form, resource: 'https://nope.example/' });
  expect([failed.status, failed.body.error]).toEqual([400, 'invalid_target']);
  // Longer after that than a lost answer may be asked for again.
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 30_000);
  expect((await world.token(CLI, form)).status).toBe(200);
});

test.each(NOT_GRANTED)(
  'R04: a refresh for %s, which was not granted, does not spend the token',
  async (resource) => {
    const scope = 'openid offline_access read:tasks';
    const { refresh_token: token } = await world.signIn(world.notes, { scope, resource: API }, robot);
    const failed = await world.refresh(world.notes, token, { resource });
    expect([failed.status, failed.body.error]).toEqual([400, 'invalid_target']);
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 30_000);
    expect((await world.refresh(world.notes, token, { resource: API })).status).toBe(200);
  },
);

test('T15: a device code that was denied is spent by being told so', async () => {
  const code = await askForCode(world);
  await pair(robot, code, { decision: 'deny' });
  const form = { grant_type: DEVICE_GRANT, device_code: code.device_code };
  expect((await world.token(CLI, form)).body.error).toBe('access_denied');
  expect((await world.token(CLI, form)).body.error).toBe('invalid_grant');
});

test.each<[string, string, Record<string, string>]>([
  [
    'an exchange',
    '/token',
    { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://a.example' },
  ],
  ['a refresh', '/token', { grant_type: 'refresh_token', refresh_token: 'x' }],
  ['a grant that is none', '/token', { grant_type: 'nonsense' }],
  ['nothing', '/token', {}],
  ['an empty name', '/token', { client_id: '', grant_type: 'client_credentials' }],
  ['a secret alone', '/token', { client_secret: 'x', grant_type: JWT_BEARER }],
  ['a device', '/device/code', { scope: 'openid' }],
])('T09 D01: a request without a client is invalid_client: %s', async (_name, path, form) => {
  const answer = await world.post(path, form);
  expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
});

test('J01: an assertion needs no client', async () => {
  const answer = await world.post('/token', { grant_type: JWT_BEARER, assertion: 'x' });
  expect([answer.status, answer.body.error]).toEqual([400, 'invalid_grant']);
});
