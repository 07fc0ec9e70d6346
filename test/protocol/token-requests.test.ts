// The shape of a token request and of its answer: RFC 6749 sections 2.3, 3.2 and 5; rows T01 to T09.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../support/program.ts';
import { type AppClient, basic, createWorld, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

let world: World;
let poster: AppClient;
let signer: AppClient;
let robot: ReturnType<World['app']['robot']>;

beforeAll(async () => {
  world = await createWorld();
  poster = await world.registerClient({ auth: 'client_secret_post' });
  signer = await world.registerClient({ auth: 'private_key_jwt', jwks: { keys: [] } });
  robot = world.app.robot();
});
afterAll(() => world.close());

function send(body: string, headers: Record<string, string> = {}): Promise<Answer> {
  return world.ask('/token', { method: 'POST', body, headers: { ...FORM, ...headers } });
}

function checkRefused({ status, headers, body }: Answer, expected: [number, string]): void {
  expect([status, body.error]).toEqual(expected);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).not.toHaveProperty('access_token');
}

test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD'])(
  'T01 C06: %s at the token endpoint is 405 with Allow (RFC 6749 section 3.2)',
  async (method) => {
    const { status, headers } = await world.ask('/token', { method });
    expect(status).toBe(405);
    expect(headers.get('allow')).toMatch(/\bPOST\b/);
  },
);

test.each([
  ['application/json', '{"grant_type":"refresh_token","refresh_token":"x"}'],
  ['text/plain', 'grant_type=refresh_token&refresh_token=x'],
  [
    'multipart/form-data; boundary=b',
    '--b\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nrefresh_token\r\n--b--',
  ],
])('T02: a body of type %s is invalid_request (RFC 6749 appendix B)', async (type, body) => {
  const answer = await world.ask('/token', {
    method: 'POST',
    body,
    headers: { 'Content-Type': type, ...basic(world.notes) },
  });
  checkRefused(answer, [400, 'invalid_request']);
});

test('T03 T04: tokens come with no-store, Bearer, whole seconds and the scope that was granted', async () => {
  const got = await world.authorize(
    world.notes,
    { scope: 'openid offline_access read:tasks unknown:scope' },
    robot,
  );
  const { status, headers, body } = await world.redeem(world.notes, got);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toMatch(/^application\/json/);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'openid offline_access read:tasks',
  });
  expect(Object.keys(body).toSorted()).toEqual([
    'access_token',
    'expires_in',
    'id_token',
    'refresh_token',
    'scope',
    'token_type',
  ]);
});

test.each(['grant_type', 'refresh_token', 'scope', 'client_id'])(
  'T05: %s given twice is invalid_request (RFC 6749 section 3.2)',
  async (name) => {
    const { refresh_token } = await world.signIn(poster, OFFLINE, robot);
    const query = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token,
      scope: 'openid',
      client_id: poster.id,
      client_secret: poster.secret ?? '',
    });
    query.append(name, query.get(name) ?? '');
    checkRefused(await send(query.toString()), [400, 'invalid_request']);
    const whole = await world.post('/token', {
      grant_type: 'refresh_token',
      refresh_token,
      client_id: poster.id,
      client_secret: poster.secret,
    });
    expect(whole.status).toBe(200);
  },
);

test.each([
  ['a grant nobody offers', { grant_type: 'urn:example:none' }, 'unsupported_grant_type'],
  [
    'T16: a password',
    { grant_type: 'password', username: 'ada@example.com', password: 'x' },
    'unsupported_grant_type',
  ],
  ['the implicit grant', { grant_type: 'implicit' }, 'unsupported_grant_type'],
  ['no grant type', { code: 'x' }, 'invalid_request'],
  [
    'no code',
    { grant_type: 'authorization_code', redirect_uri: 'https://notes.example.com/cb' },
    'invalid_request',
  ],
  ['no redirect_uri', { grant_type: 'authorization_code', code: 'x' }, 'invalid_request'],
  ['no refresh token', { grant_type: 'refresh_token' }, 'invalid_request'],
  [
    'an unknown code',
    { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://notes.example.com/cb' },
    'invalid_grant',
  ],
  ['an unknown refresh token', { grant_type: 'refresh_token', refresh_token: 'x' }, 'invalid_grant'],
])('T06: %s has its code of RFC 6749 section 5.2', async (_case, parameters, error) => {
  checkRefused(await world.token(world.notes, parameters), [400, error]);
});

test('T06: a grant that the client may not use is unauthorized_client', async () => {
  const codeOnly = await world.registerClient({ grants: ['authorization_code'] });
  const { refresh_token } = await world.signIn(world.notes, OFFLINE, robot);
  checkRefused(await world.refresh(codeOnly, refresh_token), [400, 'unauthorized_client']);
});

test('T07: a wrong secret in Basic is 401 with a Basic challenge, and so is an unknown client', async () => {
  for (const client of [
    { ...world.notes, secret: 'wrong' },
    { id: 'nobody', secret: 'x', redirectUri: '' },
  ]) {
    const answer = await world.refresh(client, 'x');
    checkRefused(answer, [401, 'invalid_client']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  }
});

test('T07: a wrong secret in the body is 401, and so is none', async () => {
  for (const client_secret of ['wrong', undefined]) {
    const answer = await world.post('/token', {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_id: poster.id,
      client_secret,
    });
    checkRefused(answer, [401, 'invalid_client']);
  }
});

test('T07 K06: a client of keys is not let in by a secret, nor one of secrets by its id alone', async () => {
  const withSecret = await world.post(
    '/token',
    { grant_type: 'refresh_token', refresh_token: 'x' },
    basic({ id: signer.id, secret: 'compared by hash' }),
  );
  checkRefused(withSecret, [401, 'invalid_client']);
  const bare = await world.post('/token', {
    grant_type: 'refresh_token',
    refresh_token: 'x',
    client_id: world.notes.id,
  });
  checkRefused(bare, [401, 'invalid_client']);
  const placeholder = await world.refresh({ ...world.notes, secret: 'compared by hash' }, 'x');
  checkRefused(placeholder, [401, 'invalid_client']);
});

test('T08: two ways of client authentication in one request are invalid_request (RFC 6749 section 2.3)', async () => {
  const grant = { grant_type: 'refresh_token', refresh_token: 'x' };
  const twice = { ...grant, client_id: world.notes.id, client_secret: world.notes.secret };
  checkRefused(await world.post('/token', twice, basic(world.notes)), [400, 'invalid_request']);
  const assertion = {
    client_assertion: 'a.b.c',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  };
  checkRefused(await world.post('/token', { ...grant, ...assertion }, basic(world.notes)), [
    400,
    'invalid_request',
  ]);
  checkRefused(await world.post('/token', { ...twice, ...assertion }), [400, 'invalid_request']);
});

test('T09: both halves of Basic are form-encoded; what is not is taken as it is written (RFC 6749 section 2.3.1)', async () => {
  const odd = await world.registerClient({}, 'odd:%+client');
  const { refresh_token } = (await world.signIn(odd, OFFLINE, robot)) as TokenSet;
  expect((await world.refresh(odd, refresh_token)).status).toBe(200);
  const raw = Buffer.from(`${odd.id}:${odd.secret}`).toString('base64');
  const unencoded = await send('grant_type=refresh_token&refresh_token=x', { Authorization: `Basic ${raw}` });
  expect(unencoded.body.error).not.toBe('invalid_grant');
});

test.each([
  ['no base64 at all', 'Basic !!!!'],
  ['base64 with a blank', 'Basic bm90ZXM6 c2VjcmV0'],
  ['wrong padding', 'Basic bm90ZXM6c2VjcmV0=='],
  ['no colon', `Basic ${Buffer.from('notes').toString('base64')}`],
  ['half an escape', `Basic ${Buffer.from('notes:%E').toString('base64')}`],
])('T09: %s in the Authorization header is invalid_request', async (_case, Authorization) => {
  checkRefused(await send('grant_type=refresh_token&refresh_token=x', { Authorization }), [
    400,
    'invalid_request',
  ]);
});

test('T09: another scheme in the Authorization header is no way to authenticate: 401 with a challenge (RFC 6749 section 5.2)', async () => {
  for (const path of ['/token', '/introspect', '/revoke', '/device/code', '/par']) {
    const answer = await world.post(path, { token: 'x' }, { Authorization: 'Bearer x' });
    checkRefused(answer, [401, 'invalid_client']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  }
});

test('T09: a secret beyond ASCII is malformed at every endpoint alike (RFC 6749 appendix A.2)', async () => {
  const credentials = `${world.api.id}:${encodeURIComponent('schlüssel')}`;
  const Authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  for (const path of ['/token', '/introspect', '/revoke', '/device/code', '/par'])
    checkRefused(await world.post(path, { token: 'x' }, { Authorization }), [400, 'invalid_request']);
});

test('T01: programs are refused in JSON, also where they say that they accept HTML (RFC 6749 section 5.2)', async () => {
  const headers = { ...FORM, Accept: 'text/html' };
  for (const path of ['/token', '/device/code', '/revoke', '/userinfo']) {
    const refused = await world.ask(path, { method: 'POST', body: 'client_id=nobody&token=x', headers });
    expect([path, refused.status, refused.headers.get('content-type')]).toEqual([
      path,
      401,
      'application/json; charset=utf-8',
    ]);
    expect(refused.body.error).toBeTypeOf('string');
  }
});

test('T01 C06: and so is another method, which never comes to the endpoint', async () => {
  const Accept = 'text/html';
  const paths = ['/token', '/introspect', '/revoke', '/device/code', '/par', '/userinfo', '/jwks'];
  for (const path of [...paths, '/.well-known/openid-configuration']) {
    const answer = await world.ask(path, { method: 'DELETE', headers: { Accept } });
    expect([path, answer.status, answer.body.error]).toEqual([path, 405, 'method_not_allowed']);
  }
});
