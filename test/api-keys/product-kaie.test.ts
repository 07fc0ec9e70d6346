// What Kaie promises of API keys, with config/products/kaie.yaml.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signInBrowser } from './key-browser.ts';
import { createKeyWorld, type KeyWorld, readProduct } from './key-world.ts';

const KEYS = '/v1/keys';

let world: KeyWorld;
let ada: Awaited<ReturnType<typeof signInBrowser>>;
beforeAll(async () => {
  world = await createKeyWorld({ settings: readProduct('kaie') });
  ada = await signInBrowser(world);
});
afterAll(() => world.close());

async function make(level: string): Promise<{ id: string; key: string }> {
  const { status, body } = await ada('POST', KEYS, { name: 'Production', level });
  expect(status).toBe(201);
  return body as { id: string; key: string };
}

async function scopesOf(level: string): Promise<string[]> {
  return String((await world.ask((await make(level)).key)).scope).split(' ');
}

function bearer(key: string, path: string, method = 'GET', body?: unknown) {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' };
  return world.request(path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

test('kaie: give your key a descriptive name', async () => {
  expect((await ada('POST', KEYS, { level: 'read_only' })).body.param).toBe('name');
  expect((await ada('POST', KEYS, { name: ' ', level: 'read_only' })).body.param).toBe('name');
  const { id } = await make('read_only');
  expect((await ada('GET', `${KEYS}/${id}`)).body.name).toBe('Production');
});

test('kaie: select the appropriate permissions: one of three levels, and no key without', async () => {
  expect((await ada('POST', KEYS, { name: 'x' })).status).toBe(400);
  expect((await ada('POST', KEYS, { name: 'x', level: 'root' })).body.param).toBe('level');
  const { id } = await make('read_write');
  expect((await ada('GET', `${KEYS}/${id}`)).body.level).toBe('read_write');
});

test('kaie: API keys are only shown once when created', async () => {
  const { id, key } = await make('read_only');
  const shown = [
    await ada('GET', `${KEYS}/${id}`),
    await ada('GET', KEYS),
    await ada('PATCH', `${KEYS}/${id}`, {}),
  ];
  for (const { text } of shown) {
    expect(text).toContain(id);
    expect(text).not.toContain(key);
  }
});

test('kaie: read only: view workflows and analytics, cannot modify or create resources', async () => {
  expect(await scopesOf('read_only')).toEqual(['workflows:read', 'analytics:read']);
});

test('kaie: read/write: all read permissions, create and update, manage triggers and integrations, cannot delete', async () => {
  const scopes = await scopesOf('read_write');
  const more = ['workflows:write', 'triggers:write', 'integrations:write'];
  expect(scopes).toEqual([...(await scopesOf('read_only')), ...more]);
  expect(scopes).not.toContain('workflows:delete');
});

test('kaie: full access: all read/write permissions, delete, settings, and admin endpoints', async () => {
  const scopes = await scopesOf('full_access');
  expect(scopes).toEqual(expect.arrayContaining(await scopesOf('read_write')));
  expect(scopes).toEqual(expect.arrayContaining(['workflows:delete', 'settings:write', 'admin']));
});

test('kaie: full access manages API keys, which no lesser level does', async () => {
  const { key } = await make('full_access');
  const wanted = { name: 'Made by a key', scopes: ['workflows:read'] };
  expect((await bearer(key, KEYS, 'POST', wanted)).status).toBe(201);
  expect((await bearer(key, KEYS)).body.data).toContainEqual(expect.objectContaining(wanted));
  for (const level of ['read_only', 'read_write'])
    expect((await bearer((await make(level)).key, KEYS, 'POST', wanted)).status, level).toBe(403);
});

test('kaie: a level is what the configuration says now, and a key only ever gets a lesser one', async () => {
  const { id } = await make('read_write');
  expect((await ada('PATCH', `${KEYS}/${id}`, { level: 'full_access' })).status).toBe(400);
  expect((await ada('PATCH', `${KEYS}/${id}`, { level: 'read_only' })).body.level).toBe('read_only');
});

test('kaie: INVALID_API_KEY is a key that is invalid or expired: not active', async () => {
  expect((await world.ask('kaie_0123')).active).toBe(false);
  const { id, key } = await make('read_only');
  expect((await ada('DELETE', `${KEYS}/${id}`)).status).toBe(204);
  expect((await world.ask(key)).active).toBe(false);
});

test('kaie: INSUFFICIENT_PERMISSIONS is an active key without the scope', async () => {
  const answer = await world.ask((await make('read_only')).key);
  expect(answer).toMatchObject({ active: true, scope: expect.not.stringContaining('write') });
});

test('kaie: use different keys for different environments: as many as the plan has, each apart', async () => {
  const [one, other] = [await make('read_only'), await make('read_only')];
  expect(one.key).not.toBe(other.key);
  await ada('DELETE', `${KEYS}/${one.id}`);
  expect((await world.ask(other.key)).active).toBe(true);
});

test('kaie: rate limits are per API key: the answer names the key', async () => {
  const { id, key } = await make('read_only');
  expect((await world.ask(key)).jti).toBe(id);
});
