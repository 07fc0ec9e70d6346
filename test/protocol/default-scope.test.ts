// A request without scope (RFC 6749 section 3.3): point 2 of what real clients need, at every endpoint that gives tokens.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askForCode, CLI, DEVICE_GRANT, MANY_CODES, pair, poll } from '../support/devices.ts';
import { findAll, parseHtml } from '../support/html.ts';
import { answerOf, createVisits, listedOn, type Visits } from '../support/visits.ts';
import { type AppClient, basic, createVerifier, createWorld, type World } from '../support/world.ts';

let world: World;
let visits: Visits;
let robot: ReturnType<World['app']['robot']>;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
  visits = createVisits(world);
  robot = world.app.robot();
});
afterAll(() => world.close());

const MIXED = ['openid', 'profile', 'offline_access', 'read:tasks', 'latchkey:admin'];

/** The scope that is given, by each way to ask for tokens. */
const ways: Record<string, (client: AppClient, scope?: string) => Promise<unknown>> = {
  '/authorize': async (client, scope) => (await world.signIn(client, { scope })).scope,

  '/par': async (client, scope) => {
    const { verifier, challenge } = createVerifier();
    const path = world.authorizationPath(client, challenge, { scope });
    const form = Object.fromEntries(new URLSearchParams(path.split('?')[1]));
    const { body } = await world.post('/par', form, basic(client));
    const asked = new URLSearchParams({ client_id: client.id, request_uri: String(body.request_uri) });
    const own = world.app.robot();
    const back = await world.walk(own, await own.get(`/authorize?${asked}`));
    const answer = await world.redeem(client, { code: back.searchParams.get('code') ?? '', verifier });
    return answer.body.scope;
  },

  '/device/code': async (client, scope) => {
    const code = await askForCode(world, client, { scope });
    await pair(robot, code);
    return (await poll(world, code, client)).body.scope;
  },
};

function register(change: Parameters<World['registerClient']>[0]): Promise<AppClient> {
  return world.registerClient({
    grants: ['authorization_code', 'refresh_token', DEVICE_GRANT, 'client_credentials'],
    scopes: MIXED,
    ...change,
  });
}

test.each(Object.keys(ways))(
  'interop 5: offline_access is ignored where it was not registered, since some clients add it by themselves, at %s',
  async (way) => {
    const client = await register({ scopes: ['openid', 'read:tasks'] });
    expect(await ways[way]?.(client, 'openid read:tasks offline_access')).toBe('openid read:tasks');
  },
);

test('interop 5: and so at a refresh, while any other scope that was not registered is refused', async () => {
  const client = await register({ scopes: ['openid', 'read:tasks'] });
  const { refresh_token } = await world.signIn(client, { scope: 'openid read:tasks offline_access' });
  const again = await world.refresh(client, refresh_token, { scope: 'openid offline_access' });
  expect(again.status).toBe(200);
  expect(again.body.scope).toBe('openid');
  const { back } = await world.authorize(client, { scope: 'openid write:tasks offline_access' });
  expect(back.searchParams.get('error')).toBe('invalid_scope');
});

test.each(Object.keys(ways))(
  'interop 2: a request without scope gets the client its default scopes, at %s',
  async (way) => {
    const client = await register({ defaultScopes: ['openid', 'read:tasks'] });
    expect(await ways[way]?.(client)).toBe('openid read:tasks');
  },
);

test.each(Object.keys(ways))(
  'interop 2: without registered defaults it is all but management and offline_access, at %s',
  async (way) => {
    const client = await register({});
    expect(await ways[way]?.(client)).toBe('openid profile read:tasks');
  },
);

test('interop 2: a client in its own name gets its defaults as well, without what is about a person', async () => {
  const client = await register({ type: 'service' });
  const answer = await world.token(client, { grant_type: 'client_credentials' });
  expect([answer.status, answer.body.scope]).toEqual([200, 'read:tasks']);
  const named = await register({
    type: 'service',
    scopes: ['read:tasks', 'write:tasks'],
    defaultScopes: ['write:tasks'],
  });
  expect((await world.token(named, { grant_type: 'client_credentials' })).body.scope).toBe('write:tasks');
});

test('interop 2: a device that is allowed by its id alone gets who the person is and the default API', async () => {
  expect(await ways['/device/code']?.(CLI)).toBe('openid read:tasks write:tasks');
});

test('interop 2: what the app did not ask for the person may leave out, when consenting', async () => {
  const client = await register({});
  const begun = await visits.begin(client, { scope: undefined });
  const consent = await visits.signIn(begun.robot, begun.page);
  expect(listedOn(consent)).toContain('Read your tasks Optional');
  const boxes = findAll(parseHtml(consent.html), 'input').filter(
    ({ attributes }) => attributes.type === 'checkbox',
  );
  const fields = Object.fromEntries(boxes.map(({ attributes }) => [attributes.name ?? '', undefined]));
  const back = await visits.decide(begun.robot, consent, 'allow', fields);
  const answer = await world.redeem(client, { code: answerOf(back).code ?? '', verifier: begun.verifier });
  expect(answer.body.scope).toBe('openid');
  // Who asks by name has to take it or leave it.
  const named = await visits.begin(await register({}), { scope: 'openid read:tasks' }, begun.robot);
  expect(listedOn(named.page)).toContain('Read your tasks');
});

test('interop 2: nobody signs in for nothing: without any default it is invalid_scope at once, everywhere', async () => {
  const client = await register({ scopes: ['latchkey:admin', 'offline_access'] });
  const begun = await visits.begin(client, { scope: undefined });
  expect(answerOf(begun.page).error).toBe('invalid_scope');
  for (const [path, form] of [
    [
      '/par',
      {
        redirect_uri: client.redirectUri,
        response_type: 'code',
        code_challenge: 'x'.repeat(43),
        code_challenge_method: 'S256',
      },
    ],
    ['/device/code', {}],
  ] as const) {
    const answer = await world.post(path, { client_id: client.id, ...form }, basic(client));
    expect([path, answer.status, answer.body.error]).toEqual([path, 400, 'invalid_scope']);
  }
});

test('interop 2: a client of other APIs alone, and one that names an API of which it asks nothing, are told at once', async () => {
  const identifier = 'https://vault.example.com/';
  const registration = { name: 'Vault', scopes: { 'read:vault': 'Read' }, tokenFormat: 'opaque' as const };
  await world.app.parts.resources.register(
    { identifier, isDefault: false, registration },
    { auth: 'client_secret_basic' },
  );
  const client = await register({ scopes: ['read:vault', 'read:tasks'] });
  const wrong = await visits.begin(client, { scope: 'read:tasks', resource: identifier });
  expect(answerOf(wrong.page).error).toBe('invalid_scope');
  const alone = await register({ scopes: ['read:vault'] });
  expect(answerOf((await visits.begin(alone, { scope: undefined })).page).error).toBe('invalid_scope');
  const tokens = await world.signIn(alone, { scope: undefined, resource: identifier });
  expect(tokens.scope).toBe('read:vault');
});

test('interop 2: the mark of a default is ours alone', async () => {
  const { page, robot: own } = await visits.begin(await register({}), {
    scope: 'openid read:tasks',
    latchkey_defaulted_scope: '1',
  });
  const consent = await visits.signIn(own, page);
  expect(listedOn(consent)).toContain('Read your tasks');
});
