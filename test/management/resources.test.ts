// /v1/resources and /v1/clients: the end of an API, which is the default one, and how a client proves itself (rows H02, H03).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API, basic } from '../support/world.ts';
import { type Calls, createCalls, createManagementWorld, type ManagementWorld } from './support.ts';

let world: ManagementWorld;
let call: Calls['call'];
let makeClient: Calls['makeClient'];
beforeAll(async () => {
  world = await createManagementWorld();
  ({ call, makeClient } = createCalls(world));
});
afterAll(() => world.close());

function pathOf(identifier: string): string {
  return `/v1/resources/${encodeURIComponent(identifier)}`;
}

/** An API with its credentials, and a client that may ask for its scope. */
async function makeApi(identifier: string, change: Record<string, unknown> = {}) {
  const scopes = { 'read:orders': 'See your orders' };
  const made = await call('POST', '/v1/resources', { identifier, name: 'Orders', scopes, ...change });
  if (made.status !== 201) throw new Error(`no API: ${made.text}`);
  const { client_id: id, client_secret: secret } = made.body as Record<string, string>;
  const app = await makeClient({ scopes: ['read:orders'] });
  const robot = { id: app.client_id, secret: app.client_secret, redirectUri: '' };
  return {
    server: { id: id ?? '', secret: secret ?? '', redirectUri: '' },
    ask: () =>
      world.token(robot, { grant_type: 'client_credentials', scope: 'read:orders', resource: identifier }),
  };
}

async function introspect(server: { id: string; secret: string }, token: string) {
  return world.post('/introspect', { token }, basic(server));
}

async function makeKey(resource: string): Promise<{ id: string; key: string }> {
  const body = { name: 'Zapier', account_id: world.ada.id, scopes: ['read:orders'], resource };
  const made = await call('POST', '/v1/keys', body);
  if (made.status !== 201) throw new Error(`no key: ${made.text}`);
  return made.body as { id: string; key: string };
}

describe('DELETE', () => {
  test('H03: nobody gets tokens for a removed API, nobody asks about them, and keys for it alone are dead', async () => {
    const identifier = 'https://doomed.example.com';
    const { server, ask } = await makeApi(identifier);
    const token = String((await ask()).body.access_token);
    const { id, key } = await makeKey(identifier);
    for (const text of [token, key])
      expect((await introspect(server, text)).body).toMatchObject({ active: true });

    expect((await call('DELETE', pathOf(identifier))).status).toBe(204);
    expect((await ask()).body.error).toBe('invalid_target');
    expect((await introspect(server, token)).status).toBe(401);
    expect((await call('GET', `/v1/keys/${id}`)).body.state).toBe('revoked');
    expect((await call('GET', pathOf(identifier))).status).toBe(404);
    expect((await call('DELETE', pathOf(identifier))).status).toBe(404);
    expect((await call('GET', `/v1/clients/${server.id}`)).status).toBe(404);
    const { body } = await call('GET', '/v1/resources?limit=100');
    expect((body.data as { identifier: string }[]).map((one) => one.identifier)).not.toContain(identifier);
    const [event] = await world.app.parts.audit.list({ type: 'resource.removed', limit: 1 });
    expect(event).toMatchObject({
      actor: `client:${world.service.id}`,
      details: JSON.stringify({ identifier }),
    });
  });

  test('H03: its identifier is never registered again, so nothing that was for it wakes', async () => {
    const identifier = 'https://phoenix.example.com';
    const { ask } = await makeApi(identifier);
    await ask();
    await call('DELETE', pathOf(identifier));
    const again = { identifier, name: 'Mine', scopes: { 'read:orders': 'x' } };
    expect((await call('POST', '/v1/resources', again)).body.error).toBe('already_exists');
  });

  test('the API beside it feels nothing', async () => {
    const { server, ask } = await makeApi('https://kept.example.com');
    const token = String((await ask()).body.access_token);
    const { key } = await makeKey('https://kept.example.com');
    await makeApi('https://gone.example.com');
    await call('DELETE', pathOf('https://gone.example.com'));
    for (const text of [token, key])
      expect((await introspect(server, text)).body).toMatchObject({ active: true });
  });

  test('H02: one of the configuration file is removed there', async () => {
    const own = await createManagementWorld({
      settings: {
        resources: [{ identifier: 'urn:declared', name: 'Declared', scopes: { 'read:it': 'See it' } }],
      },
    });
    const { status, body } = await own.call(own.right, 'DELETE', pathOf('urn:declared'));
    expect([status, body.error, body.param]).toEqual([400, 'invalid_request', 'identifier']);
    await own.close();
  });
});

describe('PATCH', () => {
  test('which API is the default one: it takes the place of the one before, and gives it up', async () => {
    const identifier = 'https://default.example.com';
    await makeApi(identifier);
    expect((await call('PATCH', pathOf(identifier), { default: true })).body.default).toBe(true);
    expect((await call('GET', pathOf(API))).body.default).toBe(false);
    expect((await call('PATCH', pathOf(identifier), { default: false })).body.default).toBe(false);
    expect((await call('PATCH', pathOf(API), { default: true })).body.default).toBe(true);
  });

  test('how an API proves itself: keys in place of a secret, and a new secret in place of keys', async () => {
    const identifier = 'https://proof.example.com';
    const { server, ask } = await makeApi(identifier);
    const token = String((await ask()).body.access_token);
    const jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] };
    expect((await call('PATCH', pathOf(identifier), { auth: 'private_key_jwt' })).status).toBe(400);
    const keyed = await call('PATCH', pathOf(identifier), { auth: 'private_key_jwt', jwks, client_ip: true });
    expect(keyed.body).toMatchObject({ client_ip: true, client_id: server.id });
    expect(keyed.body).not.toHaveProperty('client_secret');
    expect((await introspect(server, token)).status).toBe(401);

    const secret = await call('PATCH', pathOf(identifier), { auth: 'client_secret_post', jwks: null });
    expect(secret.body.client_secret).toMatch(/^lks_/);
    expect(secret.body.client_secret).not.toBe(server.secret);
    const again = { id: server.id, secret: String(secret.body.client_secret) };
    expect((await introspect(again, token)).body.active).toBe(true);
    expect((await call('PATCH', pathOf(identifier), { name: 'Proof' })).body).not.toHaveProperty(
      'client_secret',
    );
    expect((await introspect(again, token)).body.active).toBe(true);
  });

  test('H02: what a client is and how it proves itself, judged as a new one; a secret it needs is made', async () => {
    const { client_id: id } = await makeClient({
      ...{ type: 'browser', grants: ['authorization_code', 'refresh_token'] },
      redirect_uris: ['https://shop.example.com/cb'],
    });
    const path = `/v1/clients/${id}`;
    expect((await call('PATCH', path, { type: 'service' })).status).toBe(400);
    expect((await call('PATCH', path, { auth: 'client_secret_basic' })).status).toBe(400);
    const { status, body } = await call('PATCH', path, { type: 'web', auth: 'client_secret_basic' });
    expect([status, body.type, body.auth]).toEqual([200, 'web', 'client_secret_basic']);
    expect(body.client_secret).toMatch(/^lks_/);
    expect((await call('GET', path)).body).not.toHaveProperty('client_secret');
    const client = { id, secret: String(body.client_secret), redirectUri: '' };
    expect((await world.token(client, { grant_type: 'refresh_token', refresh_token: 'x' })).body.error).toBe(
      'invalid_grant',
    );
    const back = await call('PATCH', path, { type: 'browser', auth: 'none' });
    expect(back.body).toMatchObject({ type: 'browser', auth: 'none', secrets: [] });
  });
});
