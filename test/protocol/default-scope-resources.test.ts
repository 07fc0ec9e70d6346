// A request without scope that names an API (RFC 6749 section 3.3, RFC 8707 section 2): the defaults that are of that API.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askForCode, CLI, DEVICE_GRANT, MANY_CODES, pair, poll } from '../support/devices.ts';
import { API, type AppClient, basic, createVerifier, createWorld, type World } from '../support/world.ts';

const JWT = 'https://jwt.example.com/';
const TASKS = ['read:tasks', 'write:tasks'];
const JWT_SCOPES = ['read:j', 'write:j'];

let world: World;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
  const scopes = { 'read:j': 'Read', 'write:j': 'Write', 'drop:j': 'Drop' };
  await world.app.parts.resources.register(
    { identifier: JWT, isDefault: false, registration: { name: 'J', scopes, tokenFormat: 'jwt' } },
    { auth: 'client_secret_basic' },
  );
});
afterAll(() => world.close());

function register(defaultScopes: string[], change: Parameters<World['registerClient']>[0] = {}) {
  return world.registerClient({
    grants: ['authorization_code', 'refresh_token', DEVICE_GRANT, 'client_credentials'],
    scopes: ['openid', 'offline_access', 'latchkey:admin', ...TASKS, ...JWT_SCOPES],
    defaultScopes,
    ...change,
  });
}

/** The access token of a request that names the API, and no scope. */
const ways: Record<string, (client: AppClient) => Promise<string>> = {
  '/authorize': async (client) =>
    (await world.signIn(client, { scope: undefined, resource: JWT })).access_token,

  '/par': async (client) => {
    const { verifier, challenge } = createVerifier();
    const path = world.authorizationPath(client, challenge, { scope: undefined, resource: JWT });
    const form = Object.fromEntries(new URLSearchParams(path.split('?')[1]));
    const { body } = await world.post('/par', form, basic(client));
    const asked = new URLSearchParams({ client_id: client.id, request_uri: String(body.request_uri) });
    const own = world.app.robot();
    const back = await world.walk(own, await own.get(`/authorize?${asked}`));
    const answer = await world.redeem(client, { code: back.searchParams.get('code') ?? '', verifier });
    return String(answer.body.access_token);
  },

  '/device/code': async (client) => {
    const code = await askForCode(world, client, { scope: undefined, resource: JWT });
    await pair(world.app.robot(), code);
    return String((await poll(world, code, client)).body.access_token);
  },

  client_credentials: async (client) => {
    const { body } = await world.token(client, { grant_type: 'client_credentials', resource: JWT });
    return String(body.access_token);
  },
};

test.each(Object.keys(ways))('U01: the defaults that are of the API are given, at %s', async (way) => {
  const client = await register(['openid', 'read:tasks', 'write:j']);
  const token = await ways[way]?.(client);
  expect(decodeJwt(token ?? '')).toMatchObject({ aud: JWT, scope: 'write:j' });
});

test.each(Object.keys(ways))(
  'U01: where none of the defaults is, all of the API that the client is registered for, at %s',
  async (way) => {
    const client = await register(['openid', 'read:tasks']);
    const token = await ways[way]?.(client);
    expect(decodeJwt(token ?? '')).toMatchObject({ aud: JWT, scope: 'read:j write:j' });
  },
);

test('U01: without registered defaults, and for the default API by its name, likewise', async () => {
  const service = await register([], { type: 'service' });
  const ask = (resource: string) => world.token(service, { grant_type: 'client_credentials', resource });
  expect((await ask(JWT)).body.scope).toBe('read:j write:j');
  expect((await ask(API)).body.scope).toBe('read:tasks write:tasks');
});

test('U01: an API of which the client may have nothing, or that is none, stays invalid_target', async () => {
  const service = await register([], { scopes: TASKS });
  for (const resource of [JWT, 'https://nope.example/']) {
    const { status, body } = await world.token(service, { grant_type: 'client_credentials', resource });
    expect([status, body.error]).toEqual([400, 'invalid_target']);
  }
});

test('U01: who is allowed by its id alone keeps its own defaults, of the default API', async () => {
  const code = await askForCode(world, CLI, { scope: undefined, resource: API });
  await pair(world.app.robot(), code);
  expect((await poll(world, code)).body.scope).toContain('read:tasks write:tasks');
});
