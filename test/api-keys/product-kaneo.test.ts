// What Kaneo promises of API keys, with config/products/kaneo.yaml.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signInBrowser } from './key-browser.ts';
import { createKeyWorld, type KeyWorld, readProduct } from './key-world.ts';

const KEYS = '/v1/keys';

let world: KeyWorld;
let ada: Awaited<ReturnType<typeof signInBrowser>>;
beforeAll(async () => {
  world = await createKeyWorld({ settings: readProduct('kaneo') });
  ada = await signInBrowser(world);
});
afterAll(() => world.close());

async function make(more: object = {}): Promise<{ id: string; key: string }> {
  const { status, body } = await ada('POST', KEYS, { name: 'Production Script', ...more });
  expect(status).toBe(201);
  return body as { id: string; key: string };
}

test('kaneo: you are prompted for a name for your API key, and for nothing else', async () => {
  expect((await ada('POST', KEYS, {})).body.param).toBe('name');
  const { id } = await make();
  expect((await ada('GET', `${KEYS}/${id}`)).body).toMatchObject({
    name: 'Production Script',
    scopes: ['*'],
  });
});

test('kaneo: the key cannot be retrieved after creation', async () => {
  const { id, key } = await make();
  for (const path of [KEYS, `${KEYS}/${id}`]) expect((await ada('GET', path)).text).not.toContain(key);
});

test('kaneo: Authorization: Bearer your-api-key: it is a bearer credential of the person', async () => {
  expect(await world.ask((await make()).key)).toMatchObject({
    ...{ active: true, token_type: 'Bearer', sub: world.ada.id, scope: 'tasks' },
  });
});

test('kaneo: a stable credential, for long-lived integrations: it has no end of itself', async () => {
  expect(await world.ask((await make()).key)).not.toHaveProperty('exp');
});

test('kaneo: sign in with your account to create a key: without a session there is none', async () => {
  const headers = { 'Content-Type': 'application/json' };
  const bare = { method: 'POST', headers, body: JSON.stringify({ name: 'x', userId: world.ada.id }) };
  expect((await world.request(KEYS, bare)).status).toBe(401);
});

test('kaneo: monitor usage: each key shows when and from where it was used last', async () => {
  const { id, key } = await make();
  expect((await ada('GET', `${KEYS}/${id}`)).body.last_used_at).toBeNull();
  await world.ask(key, { client_ip: '203.0.113.9', client_user_agent: 'kaneo-cli/2.1' });
  await expect
    .poll(async () => (await ada('GET', `${KEYS}/${id}`)).body)
    .toMatchObject({
      last_used_at: expect.any(Number),
      last_used_address: '203.0.113.9',
      last_used_program: 'kaneo-cli/2.1',
      last_used_resource: 'https://kaneo.example/api',
    });
});

test('kaneo: remove keys that are no longer needed, and revoke a compromised one immediately', async () => {
  const { id, key } = await make();
  await ada('DELETE', `${KEYS}/${id}`);
  expect((await world.ask(key)).active).toBe(false);
  await make();
});

test('kaneo: limit key scope: a key may have less than all', async () => {
  const { key } = await make({ scopes: ['tasks'], cidr: ['203.0.113.0/24'] });
  expect((await world.ask(key, { client_ip: '203.0.113.9' })).scope).toBe('tasks');
  expect((await world.ask(key, { client_ip: '198.51.100.1' })).active).toBe(false);
});
