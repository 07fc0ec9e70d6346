// Pushed authorization requests (RFC 9126): row Q01. The race is in test/crash/par-races.test.ts.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createKeyHolder } from '../introspection/key-holder.ts';
import type { Page } from '../support/form-robot.ts';
import type { Answer } from '../support/program.ts';
import { answerOf, createVisits, listedOn, stageOf, type Visits } from '../support/visits.ts';
import { type AppClient, basic, createVerifier, createWorld, type World } from '../support/world.ts';

const URN = 'urn:ietf:params:oauth:request_uri:';

let world: World;
let visits: Visits;
let strict: AppClient;
let spa: AppClient;
beforeAll(async () => {
  world = await createWorld();
  visits = createVisits(world);
  strict = await world.registerClient({ name: 'Strict', needsPushedRequest: true });
  spa = await world.registerClient({ name: 'Spa', type: 'browser', auth: 'none' });
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

type Change = Record<string, string | undefined>;

function formOf(client: AppClient, change: Change = {}) {
  const { verifier, challenge } = createVerifier();
  const query = world.authorizationPath(client, challenge, change).split('?')[1];
  return { verifier, form: Object.fromEntries(new URLSearchParams(query)) };
}

function headersOf(client: AppClient): Record<string, string> {
  return client.secret === undefined ? {} : basic(client);
}

async function push(client: AppClient, change: Change = {}) {
  const { verifier, form } = formOf(client, change);
  const answer = await world.post('/par', form, headersOf(client));
  return { answer, verifier, requestUri: String(answer.body.request_uri) };
}

function pathOf(client: AppClient, requestUri: string, more: Record<string, string> = {}): string {
  return `/authorize?${new URLSearchParams({ client_id: client.id, request_uri: requestUri, ...more })}`;
}

function checkRefused({ status, headers, body }: Answer, expected: [number, string]): void {
  expect([status, body.error]).toEqual(expected);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('content-type')).toContain('application/json');
  expect(body).not.toHaveProperty('request_uri');
}

test('Q01: the answer is 201, not stored, and names a request for a minute at most (RFC 9126 section 2.2)', async () => {
  const { answer } = await push(world.notes);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).toEqual({ request_uri: expect.any(String), expires_in: expect.any(Number) });
  expect(String(answer.body.request_uri)).toMatch(/^urn:ietf:params:oauth:request_uri:[\w-]{43}$/);
  expect(answer.body.expires_in).toBeGreaterThan(0);
  expect(answer.body.expires_in).toBeLessThanOrEqual(60);
});

test('Q01: what was pushed leads to a code and to tokens, and nothing in the browser changes it', async () => {
  const { requestUri, verifier } = await push(world.notes, { scope: 'openid read:tasks', state: 'pushed' });
  const robot = world.app.robot();
  const evil = { scope: 'openid write:tasks', state: 'changed', redirect_uri: 'https://evil.example/cb' };
  const consent = await visits.signIn(robot, await robot.visit(pathOf(world.notes, requestUri, evil)));
  expect(listedOn(consent)).not.toContain('Change your tasks');
  const back = answerOf(await visits.decide(robot, consent, 'allow'));
  expect(back).toMatchObject({ state: 'pushed', iss: world.app.config.issuer });
  const tokens = await world.redeem(world.notes, { code: back.code ?? '', verifier });
  expect([tokens.status, tokens.body.scope]).toEqual([200, 'openid read:tasks']);
});

test('Q01: GET and all but POST are 405 with Allow', async () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
    const { status, headers } = await world.ask('/par', { method });
    expect([method, status, headers.get('allow')]).toEqual([method, 405, 'POST, OPTIONS']);
  }
});

test('Q01: the client authenticates as at the token endpoint', async () => {
  const { form } = formOf(world.notes);
  checkRefused(await world.post('/par', form), [401, 'invalid_client']);
  const wrong = basic({ id: world.notes.id, secret: 'wrong' });
  const refused = await world.post('/par', form, wrong);
  checkRefused(refused, [401, 'invalid_client']);
  expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /);
  checkRefused(await world.post('/par', { ...form, client_id: spa.id }, basic(world.notes)), [
    400,
    'invalid_request',
  ]);
  const { client_id: _, ...nameless } = form;
  checkRefused(await world.post('/par', nameless), [400, 'invalid_request']);
  checkRefused(await world.post('/par', { ...form, client_id: 'stranger' }), [401, 'invalid_client']);
  const posted = await world.post('/par', { ...form, client_secret: world.notes.secret });
  expect(posted.status).toBe(201);
  expect((await push(spa)).answer.status).toBe(201);
});

test('Q01 K04: an assertion authenticates once', async () => {
  const keys = await createKeyHolder(world.app.config.issuer);
  const signer = await world.registerClient({ auth: 'private_key_jwt', jwks: keys.jwks });
  const { form } = formOf(signer);
  const presented = await keys.present(signer.id);
  expect((await world.post('/par', { ...form, ...presented })).status).toBe(201);
  checkRefused(await world.post('/par', { ...form, ...presented }), [401, 'invalid_client']);
});

test.each<[string, Change, string]>([
  ['a request_uri inside', { request_uri: `${URN}x` }, 'request_uri_not_supported'],
  ['a request_uri elsewhere inside', { request_uri: 'https://evil.example/r' }, 'request_uri_not_supported'],
  ['a request object', { request: 'e30.e30.' }, 'request_not_supported'],
  ['a redirect that is not registered', { redirect_uri: 'https://evil.example/cb' }, 'invalid_request'],
  ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
  ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
  ['an unknown API', { resource: 'https://nobody.example/' }, 'invalid_target'],
  ['a scope beyond the client', { scope: 'latchkey:admin' }, 'invalid_scope'],
])(
  'Q01: what would be refused at the authorization endpoint is refused here: %s',
  async (_n, change, error) => {
    checkRefused((await push(world.notes, change)).answer, [400, error]);
  },
);

test('Q01: a parameter that comes twice, and a body that is no form, are refused', async () => {
  const { form } = formOf(world.notes);
  const headers = { ...basic(world.notes), 'Content-Type': 'application/x-www-form-urlencoded' };
  const body = `${new URLSearchParams(form)}&state=twice`;
  checkRefused(await world.ask('/par', { method: 'POST', headers, body }), [400, 'invalid_request']);
  const json = { ...headers, 'Content-Type': 'application/json' };
  checkRefused(await world.ask('/par', { method: 'POST', headers: json, body: JSON.stringify(form) }), [
    400,
    'invalid_request',
  ]);
});

test('Q01: a pushed request is for the client that pushed it', async () => {
  const { requestUri } = await push(world.notes);
  const robot = world.app.robot();
  const stolen = await robot.visit(pathOf(spa, requestUri));
  expect(stageOf(stolen)).toBe('error');
  expect(stageOf(await robot.visit(pathOf(world.notes, requestUri)))).toBe('sign-in');
});

test('Q01: it is good for one code, and for no more after that', async () => {
  const { requestUri } = await push(world.notes);
  const robot = world.app.robot();
  await world.walk(robot, await robot.get(pathOf(world.notes, requestUri)));
  for (const browser of [robot, world.app.robot()]) {
    const again = await browser.visit(pathOf(world.notes, requestUri));
    expect([stageOf(again), again.status]).toEqual(['error', 400]);
    expect(again.html).toContain('request_uri is invalid, expired, or was already used');
  }
});

test('Q01: begun in two browsers it gives one code; whoever comes second is told', async () => {
  const client = await world.registerClient({ name: 'Twice' });
  const { requestUri } = await push(client);
  const robots = [world.app.robot(), world.app.robot()];
  const begun = await Promise.all(robots.map((robot) => robot.visit(pathOf(client, requestUri))));
  const ends: Page[] = [];
  for (const [index, robot] of robots.entries()) {
    const page = await visits.signIn(robot, begun[index] as Page);
    ends.push(stageOf(page) === 'consent' ? await visits.decide(robot, page, 'allow') : page);
  }
  expect(ends.map(stageOf)).toEqual(['app', 'app']);
  expect(ends.map((page) => answerOf(page).error)).toEqual([undefined, 'invalid_request_uri']);
});

test('Q01: before sign-in it may be loaded again, and the time that a person takes to sign in does not count', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const client = await world.registerClient({ name: 'Patient' });
  const { requestUri, verifier } = await push(client);
  const robot = world.app.robot();
  await robot.visit(pathOf(client, requestUri));
  const page = await robot.visit(pathOf(client, requestUri));
  vi.setSystemTime(Date.now() + 120_000);
  const reloaded = await robot.visit(new URL(page.url).pathname);
  const consent = await visits.signIn(robot, reloaded);
  const back = answerOf(await visits.decide(robot, consent, 'allow'));
  expect((await world.redeem(client, { code: back.code ?? '', verifier })).status).toBe(200);
});

test('Q01: after its minute, made up, or empty it is refused, and nobody is sent anywhere', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { requestUri } = await push(world.notes);
  vi.setSystemTime(Date.now() + 61_000);
  const robot = world.app.robot();
  for (const uri of [requestUri, `${URN}made-up`, URN, 'https://evil.example/request']) {
    const page = await robot.visit(pathOf(world.notes, uri));
    expect([uri, stageOf(page), page.status]).toEqual([uri, 'error', 400]);
  }
});

test('Q01: a client that must push is refused what it did not push (RFC 9126 section 6)', async () => {
  const plain = await visits.begin(strict);
  expect(answerOf(plain.page)).toMatchObject({ error: 'invalid_request', state: 'a-state' });
  const { requestUri, verifier } = await push(strict);
  const robot = world.app.robot();
  const back = await world.walk(robot, await robot.get(pathOf(strict, requestUri)));
  const code = back.searchParams.get('code') ?? '';
  expect((await world.redeem(strict, { code, verifier })).status).toBe(200);
});

test('Q01: another person who signs in on the way gets the same request, and only they a code', async () => {
  const grace = { email: 'grace@example.com', name: 'Grace Hopper', password: 'a long walk over the hills' };
  await world.app.parts.accounts.register(grace, 'operator');
  const { requestUri, verifier } = await push(strict, { scope: 'openid offline_access' });
  const robot = world.app.robot();
  await world.authorize(world.notes, {}, robot);
  const consent = await robot.visit(pathOf(strict, requestUri));
  const page = await visits.decide(robot, consent, 'switch');
  const next = await visits.signIn(robot, page, { email: grace.email, password: grace.password });
  const back = answerOf(stageOf(next) === 'consent' ? await visits.decide(robot, next, 'allow') : next);
  expect((await world.redeem(strict, { code: back.code ?? '', verifier })).body).toHaveProperty(
    'refresh_token',
  );
  expect(stageOf(await robot.visit(pathOf(strict, requestUri)))).toBe('error');
});

test('Q01: parameters of our own cannot be pushed either', async () => {
  const asked = { scope: 'openid offline_access', prompt: 'consent', latchkey_implied_consent: '1' };
  const robot = world.app.robot();
  await world.authorize(world.notes, { scope: asked.scope }, robot);
  const { requestUri } = await push(world.notes, asked);
  expect(stageOf(await robot.visit(pathOf(world.notes, requestUri)))).toBe('consent');
  // Where it is not asked for, what was allowed before counts.
  const remembered = await push(world.notes, { scope: asked.scope });
  expect(stageOf(await robot.visit(pathOf(world.notes, remembered.requestUri)))).toBe('app');
});

test('Q01: one client at one network pushes so many a minute, then waits as it is told; others do not (RFC 9126 section 2.3)', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const limits = { 'pushed_request.issue': { max: 2, window_seconds: 60 } };
  const few = await createWorld({ settings: { limits, trusted_proxies: ['127.0.0.0/8'] } });
  try {
    const other = await few.registerClient({ name: 'Other' });
    const from = (client: AppClient, address = '192.0.2.7') => {
      const path = few.authorizationPath(client, createVerifier().challenge).split('?')[1];
      const headers = { ...headersOf(client), 'X-Forwarded-For': address };
      return few.post('/par', Object.fromEntries(new URLSearchParams(path)), headers);
    };
    // What is refused for another reason takes no place.
    for (const client of [few.notes, { ...few.notes, secret: 'wrong' }, few.notes]) await from(client);
    const tooMany = await from(few.notes);
    checkRefused(tooMany, [429, 'too_many_requests']);
    expect(Number(tooMany.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await from(other)).status).toBe(201);
    expect((await from(few.notes, '198.51.100.7')).status).toBe(201);
    vi.setSystemTime(Date.now() + 1000 * Number(tooMany.headers.get('retry-after')));
    expect((await from(few.notes)).status).toBe(201);
  } finally {
    await few.close();
  }
});
