// The client_credentials grant (RFC 6749 section 4.4): for clients that prove who they are, within their registration, without people.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createParts, type Parts } from '../../server/parts.ts';
import { ASSERTION_TYPE, createKeyHolder } from '../introspection/key-holder.ts';
import {
  createJwtWorld,
  type JwtWorld,
  MAIL,
  registerJwtApi,
  registerService,
} from '../support/jwt-world.ts';
import { API, type AppClient, basic, createWorld } from '../support/world.ts';

const GRANT = { grant_type: 'client_credentials' };

let world: JwtWorld;
/** What another process, or the command line, has: the same database opened a second time. */
let elsewhere: Parts;
beforeAll(async () => {
  world = await createJwtWorld();
  elsewhere = await createParts(world.app.config, { actor: 'operator' });
});
afterAll(async () => {
  await elsewhere.close();
  await world.close();
});

function ask(parameters: Record<string, string> = {}, client: AppClient = world.service) {
  return world.token(client, { ...GRANT, ...parameters });
}

test('T22: RFC 6749 section 4.4.3: an access token, its life, its scope, and no refresh token or ID token', async () => {
  const answer = await ask({ scope: 'read:tasks' });
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(answer.body).toEqual({
    access_token: expect.stringMatching(/^lka_/),
    expires_in: world.app.config.tokens.access_token_seconds,
    token_type: 'Bearer',
    scope: 'read:tasks',
  });
});

test('T22: also where the client is registered for refresh tokens and asks for offline_access', async () => {
  const both = await registerService(world, {
    grants: ['client_credentials', 'refresh_token'],
    scopes: ['openid', 'offline_access', 'read:tasks'],
  });
  const { body } = await ask({ scope: 'openid offline_access read:tasks' }, both);
  expect(Object.keys(body).toSorted()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
  // Nobody stands behind it, so nothing of a person is in it.
  expect(body.scope).toBe('read:tasks');
});

test('I04: introspection says that the client acts for itself: sub is client_id, and there is no username', async () => {
  const [opaque, jwt] = [await ask({ scope: 'read:tasks' }), await world.askInOwnName()];
  const { body } = await world.introspect(world.api, String(opaque.body.access_token));
  expect(body).toMatchObject({ active: true, sub: world.service.id, client_id: world.service.id, aud: API });
  expect(body).not.toHaveProperty('username');
  const other = await world.introspect(world.mail, String(jwt.body.access_token));
  expect(other.body).toMatchObject({ active: true, sub: world.service.id, aud: MAIL, scope: 'read:mail' });
});

test('the format is that of the API: JWT with sub = client_id for one, opaque for the other', async () => {
  const { body } = await world.askInOwnName();
  expect(decodeJwt(String(body.access_token))).toMatchObject({
    ...{ sub: world.service.id, client_id: world.service.id, aud: MAIL, scope: 'read:mail' },
    iss: world.app.config.issuer,
  });
  expect((await ask({ resource: API, scope: 'read:tasks' })).body.access_token).toMatch(/^lka_/);
});

test('RFC 9068 section 3: without resource the default API is meant, in its format', async () => {
  const other = await createWorld();
  try {
    const identifier = 'https://new.example.com/';
    await other.app.parts.resources.register(
      {
        identifier,
        isDefault: true,
        registration: { name: 'New', scopes: { 'read:tasks': 'x' }, tokenFormat: 'jwt' },
      },
      { auth: 'client_secret_basic' },
    );
    const { body } = await other.token(await registerService(other), { ...GRANT, scope: 'read:tasks' });
    expect(decodeJwt(String(body.access_token)).aud).toBe(identifier);
  } finally {
    await other.close();
  }
});

test('U01: an API that is unknown, or of which it may have nothing, is invalid_target; so are two at once', async () => {
  await registerJwtApi(world, 'https://other.example.com/', { scopes: { other: 'Another' } });
  for (const resource of [
    'https://unknown.example.com/',
    'https://other.example.com/',
    'no-uri',
    `${MAIL}#part`,
  ]) {
    const answer = await world.askInOwnName({ resource });
    expect([resource, answer.status, answer.body.error]).toEqual([resource, 400, 'invalid_target']);
  }
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...basic(world.service) };
  const body = `${new URLSearchParams({ ...GRANT, scope: 'read:mail', resource: MAIL })}&resource=${API}`;
  const twice = await world.ask('/token', { method: 'POST', headers, body });
  expect(twice.status).toBe(400);
});

test('A31: the scope stays within the registration and within the API', async () => {
  // send:mail is one of the API that this client is not registered for; read:tasks is one of another API.
  const { body } = await world.askInOwnName({ scope: 'read:mail send:mail read:tasks' });
  expect(body.scope).toBe('read:mail');
  for (const scope of ['send:mail', 'read:tasks', 'openid', 'nonsense']) {
    const answer = await world.askInOwnName({ scope });
    expect([scope, answer.status, answer.body.error]).toEqual([scope, 400, 'invalid_scope']);
  }
});

test('a request without scope gets the default ones of the registration, cut to the API', async () => {
  const service = await registerService(world, { defaultScopes: ['read:mail', 'read:tasks'] });
  expect((await ask({}, service)).body.scope).toBe('read:tasks');
  expect((await ask({ resource: MAIL }, service)).body.scope).toBe('read:mail');
});

test('A31: rights over the server itself come only to whom they were given, by name', async () => {
  const scopes = { 'latchkey:clients': 'Manage clients', 'read:ops': 'See operations' };
  const identifier = 'https://ops.example.com/';
  await registerJwtApi(world, identifier, { scopes });
  const without = await registerService(world, { scopes: ['read:ops'] });
  const wanted = { resource: identifier, scope: 'read:ops latchkey:clients' };
  expect((await ask(wanted, without)).body.scope).toBe('read:ops');
  const chosen = await registerService(world, { scopes: ['read:ops', 'latchkey:clients'] });
  expect((await ask({ resource: identifier }, chosen)).body.scope).toBe('read:ops');
  expect((await ask(wanted, chosen)).body.scope).toBe('read:ops latchkey:clients');
});

test('RFC 6749 section 4.4: a public client never gets it, whatever it is registered for', async () => {
  const open = await registerService(world, { auth: 'none', type: 'native' });
  const answer = await ask({ scope: 'read:tasks' }, open);
  expect([answer.status, answer.body.error]).toEqual([400, 'unauthorized_client']);
});

test('T06: a client that is not registered for it is unauthorized_client, and password stays unknown (T16)', async () => {
  const answer = await ask({ scope: 'read:tasks' }, world.notes);
  expect([answer.status, answer.body.error]).toEqual([400, 'unauthorized_client']);
  const password = {
    grant_type: 'password',
    username: 'ada@example.com',
    password: 'a long walk over the hills',
  };
  expect((await world.token(world.service, password)).body.error).toBe('unsupported_grant_type');
});

test('T07: a wrong secret is 401 and gives nothing', async () => {
  const answer = await ask({ scope: 'read:tasks' }, { ...world.service, secret: 'lks_wrong' });
  expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
  expect(answer.body).not.toHaveProperty('access_token');
});

test('K01 K04: with private_key_jwt it works the same, and each assertion once', async () => {
  const keys = await createKeyHolder(world.app.config.issuer);
  const signer = await registerService(world, { auth: 'private_key_jwt', jwks: keys.jwks });
  const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: await keys.assert(signer.id) };
  const first = await world.post('/token', { ...GRANT, scope: 'read:tasks', ...proof });
  expect([first.status, first.body.scope]).toEqual([200, 'read:tasks']);
  const second = await world.post('/token', { ...GRANT, scope: 'read:tasks', ...proof });
  expect([second.status, second.body.error]).toEqual([401, 'invalid_client']);
});

test('T19 I05: a client that is blocked elsewhere gets no more, and what it has is dead at the next call', async () => {
  const service = await registerService(world);
  const opaque = String((await ask({ scope: 'read:tasks' }, service)).body.access_token);
  const jwt = String((await world.askInOwnName({}, service)).body.access_token);
  await elsewhere.clients.block(service.id);
  const refused = await ask({ scope: 'read:tasks' }, service);
  expect([refused.status, refused.body.error]).toEqual([401, 'invalid_client']);
  async function areActive() {
    return [
      (await world.introspect(world.api, opaque)).body.active,
      (await world.introspect(world.mail, jwt)).body.active,
    ];
  }
  expect(await areActive()).toEqual([false, false]);
  await elsewhere.clients.allow(service.id);
  expect(await areActive()).toEqual([false, false]);
});

test('a secret that expires ends no token that it brought', async () => {
  const service = await registerService(world);
  const text = String((await ask({ scope: 'read:tasks' }, service)).body.access_token);
  const { secret, previousExpiresAt } = await elsewhere.clients.rotateSecret(service.id);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime((previousExpiresAt + 1) * 1000);
  expect((await ask({ scope: 'read:tasks' }, service)).status).toBe(401);
  const late = await ask({ scope: 'read:tasks' }, { ...service, secret });
  expect(late.status).toBe(200);
  vi.useRealTimers();
  expect((await world.introspect(world.api, text)).body.active).toBe(true);
});

test('the life is that of the API where it has one of its own', async () => {
  const identifier = 'https://short.example.com/';
  const registration = {
    name: 'Short',
    scopes: { short: 'x' },
    tokenFormat: 'jwt',
    accessTokenSeconds: 42,
  } as const;
  await world.app.parts.resources.register(
    { identifier, isDefault: false, registration },
    { auth: 'client_secret_basic' },
  );
  const service = await registerService(world, { scopes: ['short'] });
  const { body } = await ask({ resource: identifier, scope: 'short' }, service);
  const { iat, exp } = decodeJwt(String(body.access_token));
  expect([body.expires_in, Number(exp) - Number(iat)]).toEqual([42, 42]);
});

test('each token is an event of the audit log: to whom, for what, by which grant', async () => {
  const service = await registerService(world);
  await world.askInOwnName({}, service);
  await world.askInOwnName({ scope: 'send:mail' }, service);
  const all = await world.app.parts.audit.list({ type: 'token.issued', limit: 1000 });
  const own = all.filter((event) => event.clientId === service.id);
  expect(own).toMatchObject([{ actor: `client:${service.id}`, accountId: null, outcome: 'success' }]);
  expect(JSON.parse(own[0]?.details ?? '{}')).toEqual({
    grant_type: 'client_credentials',
    scope: 'read:mail',
    audience: MAIL,
  });
});
