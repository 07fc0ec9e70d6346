// What an introspection tells, and what it keeps to itself (RFC 7662 sections 2.2 and 4, RFC 8707 section 3).
import Sqlite from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import type { Answer } from '../support/program.ts';
import { API, type AppClient, createWorld, type World } from '../support/world.ts';

const MAIL = 'https://mail.example.com/';
const OFFLINE = { scope: 'openid offline_access read:tasks' };

let world: World;
/** Another API, not the default one, and an app that may use both. */
let mail: { id: string; secret: string | undefined };
let desk: AppClient;

beforeAll(async () => {
  world = await createWorld();
  const registration = {
    name: 'Mail',
    scopes: { 'read:mail': 'Read your mail' },
    tokenFormat: 'opaque',
  } as const;
  const { clientId, secret } = await world.app.parts.resources.register(
    { identifier: MAIL, isDefault: false, registration },
    { auth: 'client_secret_basic' },
  );
  mail = { id: clientId, secret };
  desk = await world.registerClient({ name: 'Desk', scopes: ['openid', 'email', 'read:tasks', 'read:mail'] });
});
afterAll(() => world.close());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** All that a caller gets to see, without what names the request or the moment. */
function seen({ status, text, headers }: Answer) {
  const kept = [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
  return { status, text, headers: kept };
}

test('I04: an active token is described in full, the jti is not the token', async () => {
  const before = nowSeconds();
  const { access_token } = await world.signIn(world.notes, { scope: 'openid email read:tasks' });
  const { body } = await world.introspect(world.api, access_token);
  expect(body).toEqual({
    active: true,
    scope: 'read:tasks',
    client_id: world.notes.id,
    sub: world.ada.id,
    username: 'ada@example.com',
    aud: API,
    iss: world.app.config.issuer,
    exp: expect.any(Number),
    iat: expect.any(Number),
    jti: expect.stringMatching(/^at_/),
    token_type: 'Bearer',
    plan: 'standard',
    credential_type: 'access_token',
  });
  expect(body.iat).toBeGreaterThanOrEqual(before);
  expect(Number(body.exp) - Number(body.iat)).toBe(world.app.config.tokens.access_token_seconds);
  expect(access_token).not.toContain(String(body.jti));
  expect(String(body.jti).length).toBeLessThan(30);
});

test('I04: token_type_hint is accepted and not trusted', async () => {
  const { access_token } = await world.signIn(world.notes);
  const headers = {
    Authorization: `Basic ${Buffer.from(`${world.api.id}:${world.api.secret}`).toString('base64')}`,
  };
  const hinted = { token: access_token, token_type_hint: 'refresh_token' };
  expect((await world.post('/introspect', hinted, headers)).body.active).toBe(true);
});

test('I02: unknown, malformed, expired, revoked and foreign tokens are answered byte for byte alike', async () => {
  const [revoked, expired] = [await world.signIn(world.notes), await world.signIn(world.notes, OFFLINE)];
  await world.post('/revoke', {
    token: revoked.access_token,
    client_id: world.notes.id,
    client_secret: world.notes.secret,
  });
  const foreign = await world.signIn(desk, { scope: 'openid read:mail', resource: MAIL });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  vi.setSystemTime((nowSeconds() + world.app.config.tokens.access_token_seconds + 60) * 1000);
  const inTime = await world.signIn(desk, { scope: 'openid read:mail', resource: MAIL });

  const reference = seen(await world.introspect(world.api, `lka_${'0'.repeat(11)}${'A'.repeat(43)}`));
  expect(reference.text).toBe('{"active":false}');
  expect(reference.status).toBe(200);
  const texts = {
    malformed: 'no-token-of-ours',
    json: '{"a":1}',
    'another secret': `${revoked.access_token.slice(0, -4)}AAAA`,
    revoked: revoked.access_token,
    expired: expired.access_token,
    'foreign and expired': foreign.access_token,
    foreign: inTime.access_token,
    'refresh token': expired.refresh_token,
    'ID token': expired.id_token,
    'client id': world.notes.id,
  };
  for (const [name, text] of Object.entries(texts)) {
    expect(seen(await world.introspect(world.api, text)), name).toEqual(reference);
  }
  expect(new Map(reference.headers).get('cache-control')).toBe('no-store');
});

test('I03: an API learns nothing about the tokens of another, the right one does', async () => {
  const { access_token } = await world.signIn(desk, { scope: 'openid read:mail', resource: MAIL });
  expect((await world.introspect(world.api, access_token)).body).toEqual({ active: false });
  expect((await world.introspect(mail, access_token)).body).toMatchObject({
    active: true,
    aud: MAIL,
    scope: 'read:mail',
  });
});

test('I03: a token without an audience belongs to the default API, with the scope of that API alone', async () => {
  const { access_token, scope } = await world.signIn(desk, { scope: 'openid email read:tasks' });
  expect(scope.split(' ')).toEqual(expect.arrayContaining(['openid', 'email', 'read:tasks']));
  expect((await world.introspect(world.api, access_token)).body).toMatchObject({
    aud: API,
    scope: 'read:tasks',
  });
  expect((await world.introspect(mail, access_token)).body).toEqual({ active: false });
});

test("I03 H6: a confidential client learns nothing about access tokens, another's or its own", async () => {
  const own = await world.signIn(world.notes);
  const other = await world.signIn(desk);
  for (const { access_token } of [own, other]) {
    expect((await world.introspect(world.notes, access_token)).body).toEqual({ active: false });
  }
});

test('I08 H6: a refresh token is known to its own client only, not to the API and not to others', async () => {
  const { refresh_token } = await world.signIn(world.notes, OFFLINE);
  expect((await world.introspect(world.api, refresh_token)).body).toEqual({ active: false });
  expect((await world.introspect(desk, refresh_token)).body).toEqual({ active: false });
  expect((await world.introspect(world.notes, refresh_token)).body).toMatchObject({
    active: true,
    client_id: world.notes.id,
    sub: world.ada.id,
    token_type: 'refresh_token',
    credential_type: 'refresh_token',
  });
});

test('I08: a refresh token that was used is not active any more, even for its own client', async () => {
  const { refresh_token } = await world.signIn(world.notes, OFFLINE);
  const next = await world.refresh(world.notes, refresh_token);
  expect((await world.introspect(world.notes, refresh_token)).body).toEqual({ active: false });
  expect((await world.introspect(world.notes, String(next.body.refresh_token))).body.active).toBe(true);
});

test('O04 H6: an ID token is not active here, and no error either', async () => {
  const { id_token } = await world.signIn(world.notes);
  const answer = await world.introspect(world.api, id_token);
  expect([answer.status, answer.body]).toEqual([200, { active: false }]);
});

test('one introspection is one read of the database, and of what is no credential none for an API that was just known', async () => {
  const tokens = await world.signIn(world.notes, OFFLINE);
  // The first one notes that the grant was used, which is a write and waits for nobody.
  await world.introspect(world.api, tokens.access_token);
  const sources = watchReads();
  await world.introspect(world.api, 'something');
  const texts = [tokens.access_token, tokens.refresh_token, tokens.id_token, 'nothing'];
  for (const [index, text] of texts.entries()) {
    sources.length = 0;
    await world.introspect(world.api, text);
    expect(sources, text).toHaveLength(index < 2 ? 1 : 0);
  }
});

/** The SQL of every statement that the driver reads a row with from now on. */
function watchReads(): string[] {
  const sources: string[] = [];
  const prototype = Object.getPrototypeOf(new Sqlite(':memory:').prepare('SELECT 1')) as Sqlite.Statement;
  for (const method of ['get', 'all', 'iterate'] as const) {
    const original = prototype[method] as (this: Sqlite.Statement, ...given: unknown[]) => unknown;
    vi.spyOn(prototype, method).mockImplementation(function read(
      this: Sqlite.Statement,
      ...given: unknown[]
    ) {
      sources.push(this.source);
      return original.apply(this, given) as never;
    });
  }
  return sources;
}
