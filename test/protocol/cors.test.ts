// What scripts of other origins may read (Fetch Standard section 3.2; RFC 9700 section 2.6): row T20. In Chromium: test/browser/cors.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProver } from '../support/dpop.ts';
import type { Answer } from '../support/program.ts';
import { type AppClient, basic, createWorld, type World } from '../support/world.ts';

const ORIGIN = 'https://spa.example.com';
const OTHER = 'https://other.example.com';
const FOR_CLIENTS = ['/token', '/userinfo', '/revoke', '/device/code', '/par'];
const OPEN = ['/jwks', '/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'];
const STRANGERS = [
  'https://evil.example',
  'null',
  'https://spa.example.com.evil.example',
  'https://evil-spa.example.com',
  'http://spa.example.com',
  'https://spa.example.com:8443',
  'https://SPA.example.com',
  'https://spa%example.com',
  'https://_____________com',
  '*',
  'https://notes.example.com/cb',
];

let world: World;
let spa: AppClient;
let other: AppClient;
beforeAll(async () => {
  world = await createWorld();
  spa = await registerPage(ORIGIN);
  other = await registerPage(OTHER);
});
afterAll(() => world.close());

function registerPage(origin: string): Promise<AppClient> {
  return world.registerClient({
    name: 'Page',
    type: 'browser',
    auth: 'none',
    redirectUris: [`${origin}/cb`],
    origins: [origin],
  });
}

function preflight(path: string, origin: string, method = 'POST'): Promise<Answer> {
  const headers = {
    Origin: origin,
    'Access-Control-Request-Method': method,
    'Access-Control-Request-Headers': 'authorization,content-type,dpop',
  };
  return world.ask(path, { method: 'OPTIONS', headers });
}

function allowed({ headers }: Answer): string | null {
  // Credentials are never part of it: no answer may be read with the cookies of a person.
  expect(headers.get('access-control-allow-credentials')).toBeNull();
  return headers.get('access-control-allow-origin');
}

function checkReadable(answer: Answer, origin = ORIGIN): void {
  expect(allowed(answer)).toBe(origin);
  expect(answer.headers.get('vary')).toContain('Origin');
  const exposed = answer.headers.get('access-control-expose-headers')?.split(', ');
  expect(exposed).toEqual(expect.arrayContaining(['WWW-Authenticate', 'DPoP-Nonce', 'Retry-After']));
}

test.each(FOR_CLIENTS)('T20: the preflight of a registered origin is answered at %s', async (path) => {
  const answer = await preflight(path, ORIGIN);
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(allowed(answer)).toBe(ORIGIN);
  expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
  expect(answer.headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type, DPoP');
  expect(Number(answer.headers.get('access-control-max-age'))).toBeGreaterThan(0);
  expect(answer.headers.get('vary')).toContain('Origin');
});

test.each(FOR_CLIENTS)('T20: an origin that nobody registered may read nothing at %s', async (path) => {
  for (const origin of STRANGERS) {
    const form = { client_id: spa.id, grant_type: 'refresh_token', refresh_token: 'x', token: 'x' };
    for (const answer of [await preflight(path, origin), await world.post(path, form, { Origin: origin })]) {
      expect([origin, allowed(answer), answer.status]).toEqual([origin, null, 400]);
      expect(answer.headers.get('vary')).toContain('Origin');
      expect(answer.text).not.toContain(origin.slice(8) || 'null-origin');
    }
  }
});

test('T20: with the origin of another client the request is refused, and nothing comes of it', async () => {
  const got = await world.authorize(spa, { scope: 'openid' });
  const form = {
    grant_type: 'authorization_code',
    client_id: spa.id,
    code: got.code,
    redirect_uri: spa.redirectUri,
    code_verifier: got.verifier,
  };
  const foreign = await world.post('/token', form, { Origin: OTHER });
  expect([allowed(foreign), foreign.status, foreign.body.error]).toEqual([null, 400, 'invalid_request']);
  const own = await world.post('/token', form, { Origin: ORIGIN });
  expect(own.status).toBe(200);
  checkReadable(own);
  const headers = { Authorization: `Bearer ${own.body.access_token}` };
  const stolen = await world.ask('/userinfo', { headers: { ...headers, Origin: OTHER } });
  expect([allowed(stolen), stolen.status]).toEqual([null, 400]);
  expect(stolen.body).not.toHaveProperty('sub');
  const read = await world.ask('/userinfo', { headers: { ...headers, Origin: ORIGIN } });
  expect(read.body.sub).toBe(world.ada.id);
  checkReadable(read);
});

test('T20: a client without origins is not for scripts', async () => {
  for (const path of ['/token', '/revoke', '/par']) {
    const answer = await world.post(path, { token: 'x' }, { ...basic(world.notes), Origin: ORIGIN });
    expect([path, allowed(answer), answer.status]).toEqual([path, null, 400]);
  }
});

test('T20: the origin of a client that was blocked is one no more', async () => {
  const origin = 'https://gone.example.com';
  const gone = await registerPage(origin);
  expect((await preflight('/token', origin)).status).toBe(204);
  await world.app.parts.clients.block(gone.id);
  expect(allowed(await preflight('/token', origin))).toBeNull();
});

test('T20: a redirect URI, a name, the beginning of an origin is no registered origin', async () => {
  await world.registerClient({
    name: 'https://name.example.com',
    redirectUris: ['https://redirect.example.com'],
    origins: ['https://long.example.community'],
  });
  for (const origin of [
    'https://name.example.com',
    'https://redirect.example.com',
    'https://long.example.com',
  ])
    expect([origin, allowed(await preflight('/token', origin))]).toEqual([origin, null]);
});

test('T20: a script can read why it was refused, whoever refused it', async () => {
  const from = { Origin: ORIGIN };
  const huge = 'a'.repeat(60_000);
  const answers: Record<string, Answer> = {
    'a code that is none': await world.post(
      '/token',
      { client_id: spa.id, grant_type: 'authorization_code', code: 'x', redirect_uri: spa.redirectUri },
      from,
    ),
    'an unknown client': await world.post('/token', { client_id: 'stranger', grant_type: 'x' }, from),
    'no client': await world.post('/token', {}, from),
    'another scheme': await world.post('/token', {}, { ...from, Authorization: 'Bearer x' }),
    'another method': await world.ask('/token', { headers: from }),
    'another spelling of the method': await world.ask('/revoke', { method: 'DELETE', headers: from }),
    'a body that is no form': await world.ask('/par', {
      method: 'POST',
      body: '{}',
      headers: { ...from, 'Content-Type': 'application/json' },
    }),
    'a body that is too large': await world.post('/token', { client_id: spa.id, code: huge }, from),
    'no token': await world.ask('/userinfo', { headers: from }),
    'a wrong token': await world.ask('/userinfo', { headers: { ...from, Authorization: 'Bearer x' } }),
    'a grant that it has not': await world.post('/device/code', { client_id: spa.id }, from),
    'a pushed request without PKCE': await world.post('/par', { client_id: spa.id }, from),
  };
  for (const [name, answer] of Object.entries(answers)) {
    expect([name, answer.status >= 400, typeof answer.body.error]).toEqual([name, true, 'string']);
    checkReadable(answer);
  }
});

test('T20 X01: a script can read the nonce that it is offered', async () => {
  const prover = await createProver(world.app.config.issuer);
  const headers = { Origin: ORIGIN, ...(await prover.header('/token', { claims: { iat: 1 } })) };
  const form = { client_id: spa.id, grant_type: 'refresh_token', refresh_token: 'x' };
  const answer = await world.post('/token', form, headers);
  expect(answer.body.error).toBe('use_dpop_nonce');
  expect(answer.headers.get('dpop-nonce')).toBeTruthy();
  checkReadable(answer);
});

test('T20: programs that are no browsers send no origin and need none; pages of our own neither', async () => {
  const tokens = await world.signIn(other, { scope: 'openid' });
  const headers = { Authorization: `Bearer ${tokens.access_token}` };
  const plain = await world.ask('/userinfo', { headers });
  expect([plain.status, allowed(plain)]).toEqual([200, null]);
  expect(plain.headers.get('vary')).toContain('Origin');
  const ours = await world.ask('/userinfo', { headers: { ...headers, Origin: world.app.config.issuer } });
  expect(ours.status).toBe(200);
});

test.each(OPEN)('T20: %s is for scripts of every origin, also when it is refused', async (path) => {
  for (const origin of ['https://evil.example', 'null']) {
    for (const answer of [
      await world.ask(path, { headers: { Origin: origin } }),
      await preflight(path, origin, 'GET'),
      await world.ask(path, { method: 'POST', headers: { Origin: origin } }),
    ])
      expect(allowed(answer)).toBe('*');
  }
  expect((await world.ask(path)).headers.get('cross-origin-resource-policy')).toBe('cross-origin');
});

test.each(['/introspect', '/authorize', '/logout', '/sign-in', '/account', '/device', '/', '/nothing'])(
  'T20: %s is for no script of another origin',
  async (path) => {
    for (const answer of [
      await preflight(path, ORIGIN),
      await world.ask(path, { headers: { Origin: ORIGIN } }),
      await world.post(path, { token: 'x' }, { Origin: ORIGIN, ...basic(world.api) }),
    ])
      expect(allowed(answer)).toBeNull();
  },
);
