// How long a refresh token lives, whose it is and what it can become: RFC 6749 section 6, RFC 8707 section 2.2; rows R08 to R14, H13.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Answer } from '../support/program.ts';
import { API, type AppClient, createWorld, PASSWORD, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const DAY = 86_400;
const IDLE_DAYS = 30;
const ABSOLUTE_DAYS = 90;
const OTHER_API = 'https://other.example.com/';

let world: World;
let other: AppClient;
let robot: ReturnType<World['app']['robot']>;

beforeAll(async () => {
  world = await createWorld({
    settings: {
      tokens: { refresh_idle_seconds: IDLE_DAYS * DAY, refresh_absolute_seconds: ABSOLUTE_DAYS * DAY },
    },
  });
  await world.app.parts.resources.register(
    {
      identifier: OTHER_API,
      isDefault: false,
      registration: { name: 'Other', scopes: { 'read:other': 'Read' }, tokenFormat: 'opaque' },
    },
    { auth: 'client_secret_basic' },
  );
  other = await world.registerClient({
    name: 'Other',
    scopes: ['openid', 'offline_access', 'read:tasks', 'read:other'],
  });
  robot = world.app.robot();
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

const refused = {
  status: 400,
  body: { error: 'invalid_grant', error_description: 'grant request is invalid' },
};

function freezeTime(): void {
  vi.useFakeTimers({ toFake: ['Date'] });
}

function passDays(days: number): void {
  vi.setSystemTime(Date.now() + days * DAY * 1000);
}

function tokensOf({ status, body }: Answer): TokenSet {
  expect(status).toBe(200);
  return body as TokenSet;
}

async function refresh(token: string, client = world.notes): Promise<TokenSet> {
  return tokensOf(await world.refresh(client, token));
}

test('R08: a refresh may ask for less, and the next one has it all again (RFC 6749 section 6)', async () => {
  const first = await world.signIn(world.notes, OFFLINE, robot);
  const narrow = tokensOf(await world.refresh(world.notes, first.refresh_token, { scope: 'openid' }));
  expect(narrow.scope).toBe('openid');
  expect((await world.introspect(world.api, narrow.access_token)).body.scope).toBe('');
  const whole = await refresh(narrow.refresh_token);
  expect(whole.scope).toBe(OFFLINE.scope);
});

test('R08: a refresh for more is invalid_scope, and costs the refresh token nothing', async () => {
  const { refresh_token } = await world.signIn(world.notes, OFFLINE, robot);
  const wider = await world.refresh(world.notes, refresh_token, { scope: 'openid write:tasks' });
  expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope']);
  await refresh(refresh_token);
});

test('R09: a refresh token is good for its client only, and another one cannot end it', async () => {
  const { refresh_token } = await world.signIn(world.notes, OFFLINE, robot);
  expect(await world.refresh(other, refresh_token)).toMatchObject(refused);
  await refresh(refresh_token);
});

test('R10: a refresh token that is not used for its idle life is dead, and one second before it is not', async () => {
  freezeTime();
  const early = await world.signIn(world.notes, OFFLINE, robot);
  const late = await world.signIn(world.notes, OFFLINE, robot);
  vi.setSystemTime(Date.now() + (IDLE_DAYS * DAY - 1) * 1000);
  await refresh(early.refresh_token);
  vi.setSystemTime(Date.now() + 1000);
  expect(await world.refresh(world.notes, late.refresh_token)).toMatchObject(refused);
});

test('R10 H13: refreshed in time it lives on, past the engine’s 14 days, up to the absolute life and not longer', async () => {
  freezeTime();
  let { refresh_token: token } = await world.signIn(world.notes, OFFLINE, robot);
  for (let day = 15; day < ABSOLUTE_DAYS; day += 15) {
    passDays(15);
    const answer = await refresh(token);
    expect((await world.introspect(world.api, answer.access_token)).body.active).toBe(true);
    token = answer.refresh_token;
  }
  passDays(15);
  expect(await world.refresh(world.notes, token)).toMatchObject(refused);
});

test('R10: an access token from the last minute of the absolute life is not active after it', async () => {
  freezeTime();
  let { refresh_token: token } = await world.signIn(world.notes, OFFLINE, robot);
  for (let day = 30; day < ABSOLUTE_DAYS; day += 29) {
    passDays(29);
    ({ refresh_token: token } = await refresh(token));
  }
  vi.setSystemTime(Date.now() + (ABSOLUTE_DAYS - 87) * DAY * 1000 - 60_000);
  const last = await refresh(token);
  expect((await world.introspect(world.api, last.access_token)).body.active).toBe(true);
  vi.setSystemTime(Date.now() + 61_000);
  expect((await world.introspect(world.api, last.access_token)).body).toEqual({ active: false });
});

test('R11: who asks for no offline_access has no refresh token; a client registered without it has one always', async () => {
  const plain = await world.signIn(world.notes, { scope: 'openid read:tasks' }, robot);
  expect(plain).not.toHaveProperty('refresh_token');
  const simple = await world.registerClient({ scopes: ['openid', 'read:tasks'] });
  const tokens = await world.signIn(simple, { scope: 'openid read:tasks' }, robot);
  await refresh(tokens.refresh_token, simple);
  const codeOnly = await world.registerClient({ grants: ['authorization_code'] });
  expect(await world.signIn(codeOnly, OFFLINE, robot)).not.toHaveProperty('refresh_token');
});

test('R12: a change of password ends every refresh and access token of the person', async () => {
  const { accounts } = world.app.parts;
  const first = await world.signIn(world.notes, OFFLINE, robot);
  const second = await world.signIn(other, OFFLINE, robot);
  await accounts.changePassword(await accounts.get(world.ada.id), {
    current: PASSWORD,
    next: `${PASSWORD} two`,
    sessionUid: 'a session',
    address: '127.0.0.1',
  });
  expect(await world.refresh(world.notes, first.refresh_token)).toMatchObject(refused);
  expect(await world.refresh(other, second.refresh_token)).toMatchObject(refused);
  expect((await world.introspect(world.api, first.access_token)).body).toEqual({ active: false });
  await accounts.setPassword(await accounts.get(world.ada.id), PASSWORD, { actor: 'operator' });
  robot = world.app.robot();
});

test('R12: a grant that its owner ends ends its tokens, and no other grant of theirs', async () => {
  const { grants } = world.app.parts;
  const kept = await world.signIn(world.notes, OFFLINE, robot);
  const ended = await world.signIn(other, OFFLINE, robot);
  const id = (await world.app.parts.audit.list({ type: 'token.issued', clientId: other.id, limit: 1 }))[0]
    ?.grantId;
  await grants.revokeOwn(world.ada.id, id ?? '');
  expect(await world.refresh(other, ended.refresh_token)).toMatchObject(refused);
  expect((await world.introspect(world.api, ended.access_token)).body).toEqual({ active: false });
  await refresh(kept.refresh_token);
});

test('R13: an access token, an ID token or a code is no refresh token, and a refresh token is no code', async () => {
  const tokens = await world.signIn(world.notes, OFFLINE, robot);
  const { code } = await world.authorize(world.notes, OFFLINE, robot);
  for (const token of [tokens.access_token, tokens.id_token, code]) {
    expect(await world.refresh(world.notes, token)).toMatchObject(refused);
  }
  const asCode = await world.redeem(world.notes, { code: tokens.refresh_token, verifier: 'v'.repeat(43) });
  expect(asCode).toMatchObject(refused);
  await refresh(tokens.refresh_token);
});

test('R14: a refresh cannot reach an API that was not allowed, nor one that does not exist (RFC 8707 section 2.2)', async () => {
  const named = await world.signIn(other, { ...OFFLINE, resource: API }, robot);
  for (const resource of [OTHER_API, 'https://unknown.example.com/']) {
    const answer = await world.refresh(other, named.refresh_token, { resource });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_target']);
  }
  const unnamed = await world.signIn(other, OFFLINE, robot);
  const widened = await world.refresh(other, unnamed.refresh_token, { resource: OTHER_API });
  expect([widened.status, widened.body.error]).toEqual([400, 'invalid_target']);
  const again = await refresh(named.refresh_token, other);
  expect((await world.introspect(world.api, again.access_token)).body.aud).toBe(API);
});
