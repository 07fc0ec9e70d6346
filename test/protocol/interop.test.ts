// What real clients and resource servers need, point by point. Some have files of their own: 1 is jwt-bearer.test.ts,
// 2 default-scope.test.ts, 10 resource-indicators.test.ts, the scripts of 11 cors.test.ts. With 12 every test here signs in.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askForCode, CLI, DEVICE_GRANT, enterCode, MANY_CODES } from '../support/devices.ts';
import { findAll, parseHtml } from '../support/html.ts';
import { answerOf, createVisits, stageOf, type Visits } from '../support/visits.ts';
import { API, basic, createWorld, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };

let world: World;
let visits: Visits;
let robot: ReturnType<World['app']['robot']>;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
  visits = createVisits(world);
  robot = world.app.robot();
});
afterAll(() => world.close());

test('interop 3: the device request may carry Basic and client_id both, and an empty secret', async () => {
  const device = await world.registerClient({ grants: [DEVICE_GRANT] });
  const both = await world.post('/device/code', { client_id: device.id }, basic(device));
  expect(both.status).toBe(200);
  const empty = { Authorization: `Basic ${Buffer.from(`${CLI.id}:`).toString('base64')}` };
  const { status, body } = await world.post('/device/code', { client_id: CLI.id }, empty);
  expect(status).toBe(200);
  expect(body.user_code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
  expect(body.interval).toBeTypeOf('number');
  expect(body.verification_uri_complete).toBe(`${body.verification_uri}?user_code=${body.user_code}`);
});

test('interop 4: PKCE may be left out by a confidential client that is registered so, and by no public one', async () => {
  const without = { code_challenge: undefined, code_challenge_method: undefined };
  const old = await world.registerClient({ needsPkce: false });
  const got = await world.authorize(old, without);
  const exchange = { grant_type: 'authorization_code', code: got.code, redirect_uri: old.redirectUri };
  expect((await world.token(old, exchange)).status).toBe(200);
  for (const change of [{}, { auth: 'none', type: 'browser', needsPkce: false }] as const) {
    const { page } = await visits.begin(await world.registerClient(change), without);
    expect(answerOf(page).error).toBe('invalid_request');
  }
});

test('interop 5: a client registered for refresh, not for offline_access, gets refresh tokens unasked', async () => {
  const client = await world.registerClient({ scopes: ['openid', 'read:tasks'] });
  const { refresh_token } = await world.signIn(client, { scope: 'openid read:tasks' });
  const { status, body } = await world.refresh(client, refresh_token, { scope: 'openid' });
  expect([status, body.scope]).toEqual([200, 'openid']);
  expect(decodeJwt(String(body.id_token)).sub).toBe(world.ada.id);
});

test('interop 5: a refresh has an ID token exactly if openid was granted', async () => {
  const { refresh_token } = await world.signIn(world.notes, { scope: 'offline_access read:tasks' });
  expect((await world.refresh(world.notes, refresh_token)).body).not.toHaveProperty('id_token');
});

test('interop 6: introspection answers what resource servers read, and both metadata documents name it', async () => {
  const { access_token } = await world.signIn(world.notes, OFFLINE, robot);
  const headers = basic(world.api);
  const { body } = await world.post(
    '/introspect',
    { token: access_token, token_type_hint: 'refresh_token', client_id: '', client_secret: '' },
    headers,
  );
  expect(body).toMatchObject({
    active: true,
    sub: world.ada.id,
    username: 'ada@example.com',
    client_id: world.notes.id,
    scope: 'read:tasks',
    exp: expect.any(Number),
    iat: expect.any(Number),
    iss: world.app.config.issuer,
    token_type: 'Bearer',
    aud: API,
  });
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const metadata = (await world.ask(`/.well-known/${name}`)).body;
    expect(metadata.introspection_endpoint).toBe(`${world.app.config.issuer}/introspect`);
    expect(metadata.introspection_endpoint_auth_methods_supported).toEqual(
      expect.arrayContaining(['client_secret_basic', 'client_secret_post']),
    );
  }
});

test('interop 7: revocation answers 200 with an empty JSON object', async () => {
  const { access_token } = await world.signIn(world.notes, OFFLINE, robot);
  const answer = await world.post('/revoke', { token: access_token }, basic(world.notes));
  expect([answer.status, answer.text]).toEqual([200, '{}']);
  expect(answer.headers.get('content-type')).toContain('application/json');
});

test('interop 8: native clients redirect to any loopback port, and a mixture counts as native', async () => {
  const agent = await world.registerClient({
    type: 'web',
    redirectUris: ['http://localhost:8080/cb', 'http://127.0.0.1/cb', 'http://[::1]/cb', 'edu.kit.agent:/cb'],
  });
  for (const uri of [
    'http://localhost:1/cb',
    'http://127.0.0.1:2/cb',
    'http://[::1]:3/cb',
    'edu.kit.agent:/cb',
  ]) {
    const { page } = await visits.begin(agent, { redirect_uri: uri });
    expect([uri, stageOf(page)]).toEqual([uri, 'sign-in']);
  }
});

test('interop 9: unknown parameters are ignored at every endpoint', async () => {
  const extra = { access_type: 'offline', foo: 'bar', include_granted_scopes: 'true' };
  const got = await world.authorize(world.notes, { ...OFFLINE, ...extra }, robot);
  const { body } = await world.token(world.notes, {
    grant_type: 'authorization_code',
    code: got.code,
    redirect_uri: world.notes.redirectUri,
    code_verifier: got.verifier,
    response_type: 'token',
    ...extra,
  });
  const tokens = body as TokenSet;
  expect(tokens.access_token).toBeTypeOf('string');
  const refreshed = await world.refresh(world.notes, tokens.refresh_token, {
    response_type: 'token',
    ...extra,
  });
  expect(refreshed.status).toBe(200);
  const asked = await world.post('/introspect', { token: tokens.access_token, ...extra }, basic(world.api));
  expect(asked.body.active).toBe(true);
  expect((await world.post('/device/code', { client_id: CLI.id, ...extra })).status).toBe(200);
  const revoked = await world.post('/revoke', { token: tokens.access_token, ...extra }, basic(world.notes));
  expect(revoked.status).toBe(200);
});

test('interop 11: iss comes with the code and with every refusal', async () => {
  const { issuer: iss } = world.app.config;
  const { back } = await world.authorize(world.notes, OFFLINE, robot);
  expect(back.searchParams.get('iss')).toBe(iss);
  const { page } = await visits.begin(world.notes, { response_type: 'token' });
  expect(answerOf(page)).toMatchObject({ error: 'unsupported_response_type', iss });
});

test('interop 11: name and e-mail are in the ID token for a client that looks only there', async () => {
  const client = await world.registerClient({ hasIdTokenClaims: true });
  const { id_token } = await world.signIn(client, { scope: 'openid profile email' });
  expect(decodeJwt(id_token)).toMatchObject({ name: 'Ada Lovelace', email: 'ada@example.com' });
  const other = await world.signIn(world.notes, { scope: 'openid profile email' }, robot);
  expect(decodeJwt(other.id_token)).not.toHaveProperty('email');
});

test.each(['client_secret_basic', 'client_secret_post'] as const)(
  'interop 11: the secret of a client registered for %s is taken by basic and by post alike',
  async (auth) => {
    const client = await world.registerClient({ auth });
    const { refresh_token } = await world.signIn(client, OFFLINE);
    const byBasic = await world.refresh(client, refresh_token);
    const form = { client_id: client.id, client_secret: client.secret, grant_type: 'refresh_token' };
    const byPost = await world.post('/token', { ...form, refresh_token: String(byBasic.body.refresh_token) });
    expect([byBasic.status, byPost.status]).toEqual([200, 200]);
  },
);

test('interop 12: every page on the way is a plain form with a real button', async () => {
  const { page, robot: own } = await visits.begin(await world.registerClient(), OFFLINE);
  const consent = await visits.signIn(own, page);
  const device = await enterCode(world.app.robot(), (await askForCode(world)).user_code);
  for (const each of [page, consent, device]) {
    const forms = findAll(parseHtml(each.html), 'form');
    expect(forms.length).toBeGreaterThan(0);
    for (const form of forms) {
      expect(form.attributes.method?.toLowerCase()).toBe('post');
      // HTML section 4.10.18.3: a button may stand elsewhere and name its form.
      const named = findAll(parseHtml(each.html), 'button').filter(
        ({ attributes }) => attributes.form !== undefined && attributes.form === form.attributes.id,
      );
      expect(findAll(form, 'button').length + named.length).toBeGreaterThan(0);
    }
  }
});

test('interop 13: nobody registers by itself: there is no such endpoint, and static clients do', async () => {
  const { body } = await world.ask('/.well-known/oauth-authorization-server');
  expect(body).not.toHaveProperty('registration_endpoint');
});
