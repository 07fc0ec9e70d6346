// The use of a bearer token at userinfo: RFC 6750 sections 2 and 3, OpenID Connect Core section 5.3; rows B01 to B05.
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Answer } from '../support/program.ts';
import { createWorld, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid profile email offline_access read:tasks' };

let world: World;
let tokens: TokenSet;
let robot: ReturnType<World['app']['robot']>;

beforeAll(async () => {
  world = await createWorld();
  robot = world.app.robot();
  tokens = await world.signIn(world.notes, OFFLINE, robot);
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

function ask(token: string, path = '/userinfo'): Promise<Answer> {
  return world.ask(path, { headers: { Authorization: `Bearer ${token}` } });
}

function challengeOf({ headers }: Answer): string {
  return headers.get('www-authenticate') ?? '';
}

function checkInvalidToken(answer: Answer): void {
  expect([answer.status, answer.body.error]).toEqual([401, 'invalid_token']);
  expect(challengeOf(answer)).toMatch(/^Bearer .*error="invalid_token"/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).not.toHaveProperty('sub');
}

test('B11: userinfo answers what was allowed, for the sub of the ID token, and is not stored', async () => {
  const { status, headers, body } = await ask(tokens.access_token);
  expect(status).toBe(200);
  expect(body).toMatchObject({ sub: world.ada.id, name: 'Ada Lovelace', email: 'ada@example.com' });
  expect(body.sub).toBe(decodeJwt(tokens.id_token).sub);
  expect(headers.get('cache-control')).toBe('no-store');
});

test('B01: without a token the answer is 401 and a Bearer challenge that names no error (RFC 6750 section 3.1)', async () => {
  for (const method of ['GET', 'POST']) {
    const answer = await world.ask('/userinfo', { method });
    expect(answer.status).toBe(401);
    expect(challengeOf(answer)).toMatch(/^Bearer/);
    expect(challengeOf(answer)).not.toMatch(/error/);
  }
});

test('B02: unknown, revoked and expired access tokens are 401 invalid_token', async () => {
  checkInvalidToken(await ask('nonsense'));
  checkInvalidToken(await ask(`${tokens.access_token.slice(0, -4)}AAAA`));
  const revoked = await world.signIn(world.notes, OFFLINE, robot);
  const client = { client_id: world.notes.id, client_secret: world.notes.secret };
  await world.post('/revoke', { token: revoked.access_token, ...client });
  checkInvalidToken(await ask(revoked.access_token));
  const expired = await world.signIn(world.notes, OFFLINE, robot);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 3_600_000);
  checkInvalidToken(await ask(expired.access_token));
});

test('R13 B02: no other token of ours opens userinfo', async () => {
  for (const token of [tokens.refresh_token, tokens.id_token]) checkInvalidToken(await ask(token));
});

test('B03: a token without the scope is 403 insufficient_scope and says which', async () => {
  const without = await world.signIn(world.notes, { scope: 'read:tasks' }, robot);
  const answer = await ask(without.access_token);
  expect([answer.status, answer.body.error]).toEqual([403, 'insufficient_scope']);
  expect(challengeOf(answer)).toMatch(/^Bearer .*error="insufficient_scope".*scope="openid"/);
});

test('B04: a token in the query is refused (RFC 9700 section 4.3.2)', async () => {
  const answer = await world.ask(`/userinfo?access_token=${tokens.access_token}`);
  expect(answer.status).toBe(400);
  expect(answer.body.error).toBe('invalid_request');
  expect(answer.text).not.toContain(tokens.access_token);
});

test('B05: two transports in one request are 400, and so is a token given twice', async () => {
  const both = await world.post(
    '/userinfo',
    { access_token: tokens.access_token },
    { Authorization: `Bearer ${tokens.access_token}` },
  );
  expect([both.status, both.body.error]).toEqual([400, 'invalid_request']);
  const body = `access_token=${tokens.access_token}&access_token=${tokens.access_token}`;
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const twice = await world.ask('/userinfo', { method: 'POST', headers, body });
  expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request']);
  const alone = await world.post('/userinfo', { access_token: tokens.access_token });
  expect(alone.status).toBe(200);
});

test('B06: the scheme is read in either case; two credentials in one header are 400', async () => {
  const lower = await world.ask('/userinfo', { headers: { Authorization: `bearer ${tokens.access_token}` } });
  expect(lower.status).toBe(200);
  const joined = `Bearer ${tokens.access_token}, Bearer ${tokens.access_token}`;
  const answer = await world.ask('/userinfo', { headers: { Authorization: joined } });
  expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
});

test('T18: a person who was disabled is nobody at userinfo', async () => {
  const { accounts } = world.app.parts;
  const own = await world.signIn(world.notes, OFFLINE, robot);
  expect((await ask(own.access_token)).status).toBe(200);
  await accounts.disable(await accounts.get(world.ada.id), 'operator');
  checkInvalidToken(await ask(own.access_token));
  await accounts.enable(await accounts.get(world.ada.id), 'operator');
});
