// What KaiCalls promises of API keys, with config/products/kaicalls.yaml. Its businesses are teams here.
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { signInBrowser } from './key-browser.ts';
import { createKeyWorld, type KeyWorld, OPERATOR, readProduct } from './key-world.ts';

const KEYS = '/v1/keys';
const settings = readProduct('kaicalls');
const scopes = Object.keys(settings.resources[0]?.scopes as object);

let world: KeyWorld;
let ada: Awaited<ReturnType<typeof signInBrowser>>;
beforeAll(async () => {
  world = await createKeyWorld({ settings });
  ada = await signInBrowser(world);
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

async function make(more: object = {}): Promise<{ id: string; key: string }> {
  const { status, body, text } = await ada('POST', KEYS, { name: 'Dialer', ...more });
  expect(status, text).toBe(201);
  return body as { id: string; key: string };
}

test('kaicalls: live keys are kc_live_ and 44 characters of base64url', async () => {
  expect((await make()).key).toMatch(/^kc_live_[A-Za-z0-9_-]{44}$/);
});

test('kaicalls: keys are SHA-256 hashed before storage', async () => {
  const { key } = await make();
  const hash = createHash('sha256').update(key).digest();
  const { database } = world.parts;
  expect(
    await database.find(sql`SELECT 1 AS one FROM api_key_secrets WHERE secret_hash = ${hash}`),
  ).toBeDefined();
});

test('kaicalls: the raw key is shown only once at creation', async () => {
  const { id, key } = await make();
  for (const path of [KEYS, `${KEYS}/${id}`]) expect((await ada('GET', path)).text).not.toContain(key);
});

test('kaicalls: keys are created via the session-authenticated /v1/keys endpoint, and with a key nothing is managed', async () => {
  const { key } = await make();
  for (const method of ['GET', 'POST']) {
    const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
    const sent = method === 'POST' ? { body: JSON.stringify({ name: 'x' }) } : {};
    expect((await world.request(KEYS, { method, headers, ...sent })).status, method).toBe(401);
  }
  expect((await world.request(KEYS)).status).toBe(401);
});

test('kaicalls: new keys receive all default scopes unless restricted at creation', async () => {
  expect(scopes).toHaveLength(15);
  expect(String((await world.ask((await make()).key)).scope).split(' ')).toEqual(scopes);
  const { key } = await make({ scopes: ['calls:read', 'calls:write'] });
  expect((await world.ask(key)).scope).toBe('calls:read calls:write');
});

test('kaicalls: use * for full access: every scope, also those that come later', async () => {
  const { id, key } = await make({ scopes: ['*'] });
  expect(String((await world.ask(key)).scope).split(' ')).toEqual(scopes);
  expect((await ada('GET', `${KEYS}/${id}`)).body.scopes).toEqual(['*']);
});

test.each(scopes)('kaicalls: a key with %s has that and nothing else', async (scope) => {
  expect((await world.ask((await make({ scopes: [scope] })).key)).scope).toBe(scope);
});

test('kaicalls: keys can be scoped to a single business or left unscoped', async () => {
  const scoped = await make({ team_id: world.team.id });
  expect(await world.ask(scoped.key)).toMatchObject({ sub: world.ada.id, team_id: world.team.id });
  expect(await world.ask((await make()).key)).not.toHaveProperty('team_id');
});

test('kaicalls: a key scoped to business A cannot read business B, nor be made for one that is not theirs', async () => {
  const other = await world.parts.teams.create(OPERATOR, world.grace, { name: 'B' });
  const { key } = await make({ team_id: world.team.id });
  expect((await world.ask(key)).team_id).not.toBe(other.id);
  expect((await ada('POST', KEYS, { name: 'Spy', team_id: other.id })).status).toBe(404);
});

test('kaicalls: DELETE /v1/keys?id= revokes, with the session of its owner alone', async () => {
  const { id, key } = await make();
  const grace = await signInBrowser(world, 'grace@example.com');
  expect((await grace('DELETE', `${KEYS}?id=${id}`)).status).toBe(404);
  expect((await world.request(`${KEYS}?id=${id}`, { method: 'DELETE' })).status).toBe(401);
  expect((await ada('DELETE', `${KEYS}?id=${id}`)).status).toBe(204);
  expect(await world.ask(key)).toEqual({ active: false, inactive_reason: 'revoked' });
});

test('kaicalls: keys can have an optional expires_at; expired keys are not active', async () => {
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  const { key } = await make({ expires_at: expiresAt });
  expect((await world.ask(key)).exp).toBe(expiresAt);
  expect(await world.ask((await make()).key)).not.toHaveProperty('exp');
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(expiresAt * 1000);
  expect(await world.ask(key)).toEqual({ active: false, inactive_reason: 'expired' });
});

test('kaicalls: all list endpoints answer at most 100 results', async () => {
  expect((await ada('GET', `${KEYS}?limit=100`)).status).toBe(200);
  expect((await ada('GET', `${KEYS}?limit=101`)).status).toBe(400);
});
