// Where a token may stand in a request, and where not (RFC 6750 section 2, RFC 9700 section 4.3.2): rows B06, B07, B11; T16, T21.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Answer } from '../support/program.ts';
import { basic, createWorld, type TokenSet, type World } from '../support/world.ts';

const FORM = 'application/x-www-form-urlencoded';
const LONGEST_BODY_BYTES = 57_344;

let world: World;
let tokens: TokenSet;
let weak: TokenSet;
beforeAll(async () => {
  world = await createWorld();
  const robot = world.app.robot();
  tokens = await world.signIn(world.notes, { scope: 'openid profile email' }, robot);
  // Without openid: userinfo is not for it, by whatever way it comes.
  weak = await world.signIn(world.notes, { scope: 'read:tasks' }, robot);
});
afterAll(() => world.close());

function ask(headers: Record<string, string | string[]>): Promise<Answer> {
  return world.ask('/userinfo', { headers });
}

function checkNothingTold({ status, body }: Answer): void {
  expect([400, 401, 403]).toContain(status);
  expect(body).not.toHaveProperty('sub');
}

test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('B06: the scheme is %s', async (scheme) => {
  expect((await ask({ Authorization: `${scheme} ${tokens.access_token}` })).body.sub).toBe(world.ada.id);
});

test('B06: two credentials, joined by a comma or in two headers, are 400', async () => {
  const one = `Bearer ${tokens.access_token}`;
  for (const Authorization of [
    `${one}, ${one}`,
    `${one},${one}`,
    `${one} ${tokens.access_token}`,
    `${one}, Basic x`,
  ]) {
    const answer = await ask({ Authorization });
    expect([Authorization.length, answer.status, answer.body.error]).toEqual([
      Authorization.length,
      expect.toBeOneOf([400, 401]),
      expect.toBeOneOf(['invalid_request', 'invalid_token']),
    ]);
    checkNothingTold(answer);
  }
});

test('B06: two Authorization headers are 400 at every endpoint, whichever of them is right', async () => {
  const [wrong, right] = ['Bearer nonsense', `Bearer ${tokens.access_token}`];
  for (const Authorization of [
    [wrong, right],
    [right, wrong],
  ]) {
    const answer = await ask({ Authorization });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
  }
  const { Authorization = '' } = basic(world.api);
  for (const path of ['/introspect', '/token', '/revoke']) {
    const headers = { 'Content-Type': FORM, Authorization: [Authorization, Authorization] };
    const answer = await world.ask(path, { method: 'POST', headers, body: `token=${tokens.access_token}` });
    expect([path, answer.status, answer.body.error]).toEqual([path, 400, 'invalid_request']);
  }
});

test.each<[string, (token: string) => Record<string, string>]>([
  ['the password of Basic', (token) => basic({ id: world.notes.id, secret: token })],
  ['the user name of Basic', (token) => basic({ id: token, secret: '' })],
  ['another scheme', (token) => ({ Authorization: `Token ${token}` })],
  ['no scheme', (token) => ({ Authorization: token })],
  ['DPoP without a proof', (token) => ({ Authorization: `DPoP ${token}` })],
  ['a cookie', (token) => ({ Cookie: `access_token=${token}; lk-session=${token}` })],
  ['X-Api-Key', (token) => ({ 'X-Api-Key': token })],
  ['X-Access-Token', (token) => ({ 'X-Access-Token': token })],
  ['X-Forwarded-Access-Token', (token) => ({ 'X-Forwarded-Access-Token': token })],
])('B07: a token sent as %s opens nothing (Gitea CVE-2026-28699)', async (_way, headers) => {
  checkNothingTold(await ask(headers(tokens.access_token)));
});

test('B07: by every way that is open the same scopes are asked for', async () => {
  const { access_token } = weak;
  const byHeader = await ask({ Authorization: `Bearer ${access_token}` });
  const byForm = await world.post('/userinfo', { access_token });
  for (const answer of [byHeader, byForm])
    expect([answer.status, answer.body.error]).toEqual([403, 'insufficient_scope']);
  const open = await world.post('/userinfo', { access_token: tokens.access_token });
  expect(open.body.sub).toBe(world.ada.id);
});

test('B07: a form in a GET, and a token in the query of a POST, are not looked at', async () => {
  const body = `access_token=${tokens.access_token}`;
  checkNothingTold(await world.ask('/userinfo', { headers: { 'Content-Type': FORM }, body }));
  checkNothingTold(await world.ask(`/userinfo?${body}`, { method: 'POST' }));
});

test('B11: whoever asks for userinfo twice is told the same person as in the ID token, and nobody stores it', async () => {
  for (const method of ['GET', 'POST']) {
    const headers = { Authorization: `Bearer ${tokens.access_token}` };
    const answer = await world.ask('/userinfo', { method, headers });
    expect(answer.body.sub).toBe(decodeJwt(tokens.id_token).sub);
    expect(answer.headers.get('cache-control')).toContain('no-store');
  }
});

test.each(['password', 'implicit', 'token'])(
  'T16: the grant %s does not exist (RFC 9700 section 2.4)',
  async (grant) => {
    const client = await world.registerClient({ grants: ['authorization_code', grant] });
    const answer = await world.token(client, {
      grant_type: grant,
      username: 'ada@example.com',
      password: 'a long walk over the hills',
      scope: 'openid',
    });
    expect([answer.status, answer.body.error]).toEqual([400, 'unsupported_grant_type']);
    expect(answer.body).not.toHaveProperty('access_token');
  },
);

test.each(['/token', '/revoke', '/introspect', '/par', '/device/code', '/userinfo'])(
  'T21: a body beyond 56 KiB is refused at %s, in JSON',
  async (path) => {
    const body = `token=${'a'.repeat(LONGEST_BODY_BYTES + 1024)}`;
    const headers = { ...basic(world.notes), 'Content-Type': FORM };
    const answer = await world.ask(path, { method: 'POST', headers, body });
    expect([400, 413]).toContain(answer.status);
    expect(answer.body.error).toBeTypeOf('string');
  },
);
