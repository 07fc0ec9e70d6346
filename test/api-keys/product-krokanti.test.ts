// What Krokanti Tasks promises of its API tokens, with config/products/krokanti.yaml.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signInBrowser } from './key-browser.ts';
import { createKeyWorld, type KeyWorld, readProduct } from './key-world.ts';

const KEYS = '/v1/keys';

let world: KeyWorld;
let ada: Awaited<ReturnType<typeof signInBrowser>>;
beforeAll(async () => {
  world = await createKeyWorld({ settings: readProduct('krokanti') });
  ada = await signInBrowser(world);
  await setPlan('pro');
});
afterAll(() => world.close());

async function setPlan(plan: string): Promise<void> {
  const { database } = world.parts;
  const statement = { sql: 'UPDATE accounts SET plan = ? WHERE id = ?', bindings: [plan, world.ada.id] };
  await database.transact(() => database.write(statement));
}

async function make(): Promise<{ id: string; key: string }> {
  const { status, body } = await ada('POST', KEYS, { name: 'Zapier' });
  expect(status).toBe(201);
  return body as { id: string; key: string };
}

test('krokanti: free plan accounts cannot generate API tokens; Pro and Team accounts can', async () => {
  await setPlan('free');
  const refused = await ada('POST', KEYS, { name: 'Zapier' });
  expect([refused.status, refused.body.error]).toEqual([403, 'access_denied']);
  for (const plan of ['team', 'pro']) {
    await setPlan(plan);
    await make();
  }
});

test('krokanti: API access requires a plan: a token of an account that went back to free is told plan_required', async () => {
  const { key } = await make();
  await setPlan('free');
  expect(await world.ask(key)).toEqual({ active: false, inactive_reason: 'plan_required' });
  await setPlan('pro');
  expect((await world.ask(key)).active).toBe(true);
});

test('krokanti: token format: kt_ followed by 40 hex characters', async () => {
  expect((await make()).key).toMatch(/^kt_[0-9a-f]{40}$/);
});

test('krokanti: give the token a name, and see it by that name', async () => {
  expect((await ada('POST', KEYS, {})).body.param).toBe('name');
  const { id } = await make();
  const { body } = await ada('GET', KEYS);
  expect(body.data).toEqual(expect.arrayContaining([expect.objectContaining({ id, name: 'Zapier' })]));
});

test('krokanti: the token is only shown once, and only a hash of it is stored', async () => {
  const { id, key } = await make();
  expect((await ada('GET', `${KEYS}/${id}`)).text).not.toContain(key);
  const tables = ['api_keys', 'api_key_secrets', 'audit_events', 'outbox'];
  for (const table of tables) {
    const rows = await world.parts.database.list({ sql: `SELECT * FROM ${table} LIMIT 1000`, bindings: [] });
    expect(JSON.stringify(rows), table).not.toContain(key.slice(3));
  }
});

test('krokanti: personal API tokens act as the person with all that they may', async () => {
  expect(await world.ask((await make()).key)).toMatchObject({
    ...{ sub: world.ada.id, scope: 'tasks:read tasks:write', credential_type: 'api_key' },
  });
});

test('krokanti: a revoked token is immediately invalidated', async () => {
  const { id, key } = await make();
  expect((await ada('DELETE', `${KEYS}/${id}`)).status).toBe(204);
  expect(await world.ask(key)).toEqual({ active: false, inactive_reason: 'revoked' });
});

test('krokanti: revoked tokens cannot be recovered or re-activated', async () => {
  const { id, key } = await make();
  await ada('DELETE', `${KEYS}/${id}`);
  expect((await ada('PATCH', `${KEYS}/${id}`, { disabled: false })).status).toBe(409);
  expect((await ada('POST', `${KEYS}/${id}/rotation`, {})).status).toBe(409);
  expect((await world.ask(key)).active).toBe(false);
});

test('krokanti: use one token per integration: revoking one breaks no other', async () => {
  const [one, other] = [await make(), await make()];
  await ada('DELETE', `${KEYS}/${one.id}`);
  expect((await world.ask(other.key)).active).toBe(true);
});

test('krokanti: 100 requests a minute per token: the answer names the token', async () => {
  const { id, key } = await make();
  expect((await world.ask(key)).jti).toBe(id);
});

test('krokanti: rotate tokens periodically', async () => {
  const { id, key } = await make();
  const { body } = await ada('POST', `${KEYS}/${id}/rotation`, { overlap_seconds: 0 });
  expect([(await world.ask(key)).active, (await world.ask(String(body.key))).active]).toEqual([false, true]);
});
