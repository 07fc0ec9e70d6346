// Which API a token is for (RFC 8707): row U01. What the consent page says of it: authorization-scopes.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askForCode, DEVICE_GRANT, MANY_CODES, pair } from '../support/devices.ts';
import type { Answer } from '../support/program.ts';
import { answerOf, createVisits, type Visits } from '../support/visits.ts';
import { API, type AppClient, basic, createVerifier, createWorld, type World } from '../support/world.ts';

// As clients write them, which is not always as a URL parser would.
const FILES = 'https://FILES.example.com';
const MAIL = 'https://mail.example.com:443/v1';
const NOT_OURS: [string, string][] = [
  ['unknown', 'https://nobody.example/'],
  ['with a fragment', `${API}#x`],
  ['with an empty fragment', `${API}#`],
  ['relative', '/tasks'],
  ['no URI', 'tasks'],
  ['in other letters', 'https://files.example.com'],
  ['with one slash more', `${FILES}/`],
  ['the issuer itself', 'ISSUER'],
];

type Caller = { id: string; secret: string | undefined };

let world: World;
let visits: Visits;
let app: AppClient;
let files: Caller;
let mail: Caller;
let robot: ReturnType<World['app']['robot']>;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
  visits = createVisits(world);
  files = await register(FILES, { 'read:files': 'Read your files', 'write:files': 'Change your files' });
  mail = await register(MAIL, { 'read:mail': 'Read your mail' });
  app = await world.registerClient({
    scopes: ['openid', 'offline_access', 'read:tasks', 'read:files', 'write:files', 'read:mail'],
    grants: ['authorization_code', 'refresh_token', DEVICE_GRANT],
  });
  robot = world.app.robot();
});
afterAll(() => world.close());

async function register(identifier: string, scopes: Record<string, string>): Promise<Caller> {
  const registration = { name: identifier, scopes, tokenFormat: 'opaque' as const };
  const made = await world.app.parts.resources.register(
    { identifier, isDefault: false, registration },
    { auth: 'client_secret_basic' },
  );
  return { id: made.clientId, secret: made.secret };
}

const SCOPE = 'openid offline_access read:tasks read:files write:files read:mail';

/** An authorization for these APIs; answers what is needed to redeem its code. */
async function authorize(resources: readonly string[]): Promise<Record<string, string>> {
  const { verifier, challenge } = createVerifier();
  const named = resources.map((one) => `&resource=${encodeURIComponent(one)}`).join('');
  const start = await robot.get(`${world.authorizationPath(app, challenge, { scope: SCOPE })}${named}`);
  const back = await world.walk(robot, start);
  const code = back.searchParams.get('code') ?? '';
  return { grant_type: 'authorization_code', code, redirect_uri: app.redirectUri, code_verifier: verifier };
}

async function audienceOf(answer: Answer): Promise<unknown[]> {
  const callers: Caller[] = [world.api, files, mail];
  const answers = await Promise.all(
    callers.map((caller) => world.introspect(caller, String(answer.body.access_token))),
  );
  return answers.filter(({ body }) => body.active).map(({ body }) => body.aud);
}

test.each(NOT_OURS)(
  'U01: at the authorization endpoint a resource that is %s is invalid_target',
  async (_n, named) => {
    const resource = named === 'ISSUER' ? world.app.config.issuer : named;
    const { page } = await visits.begin(app, { resource });
    expect(answerOf(page)).toMatchObject({ error: 'invalid_target', state: 'a-state' });
  },
);

test.each(NOT_OURS)(
  'U01: at the token endpoint a resource that is %s is invalid_target, and no token comes',
  async (_n, named) => {
    const resource = named === 'ISSUER' ? world.app.config.issuer : named;
    const answer = await world.token(app, { ...(await authorize([FILES])), resource });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_target']);
    expect(answer.body).not.toHaveProperty('access_token');
  },
);

test('U01: a token is for the one API that was named, aud as it was sent, and no other API sees it', async () => {
  for (const [identifier, scope] of [
    [FILES, 'read:files write:files'],
    [MAIL, 'read:mail'],
  ] as const) {
    const answer = await world.token(app, await authorize([identifier]));
    expect([answer.status, answer.body.scope]).toEqual([200, scope]);
    expect(await audienceOf(answer)).toEqual([identifier]);
  }
});

test('U01: of several that were granted the token request names one; without that it is invalid_target', async () => {
  const got = await authorize([FILES, MAIL]);
  const answer = await world.token(app, { ...got, resource: MAIL });
  expect(await audienceOf(answer)).toEqual([MAIL]);
  const none = await world.token(app, await authorize([FILES, MAIL]));
  expect([none.status, none.body.error]).toEqual([400, 'invalid_target']);
});

test('U01: two at once in a token request are refused', async () => {
  const got = await authorize([FILES, MAIL]);
  const body = `${new URLSearchParams(got)}&${new URLSearchParams({ resource: FILES })}&${new URLSearchParams({ resource: MAIL })}`;
  const headers = { ...basic(app), 'Content-Type': 'application/x-www-form-urlencoded' };
  const answer = await world.ask('/token', { method: 'POST', headers, body });
  expect([answer.status, answer.body.error]).toEqual([400, 'invalid_target']);
});

test('U01 R14: what was not granted cannot be named later, at the exchange or at a refresh', async () => {
  const widened = await world.token(app, { ...(await authorize([FILES])), resource: MAIL });
  expect([widened.status, widened.body.error]).toEqual([400, 'invalid_target']);
  const unnamed = await world.token(app, { ...(await authorize([])), resource: FILES });
  expect([unnamed.status, unnamed.body.error]).toEqual([400, 'invalid_target']);
  const { body } = await world.token(app, await authorize([FILES]));
  for (const resource of [MAIL, API, 'https://nobody.example/']) {
    const refreshed = await world.refresh(app, String(body.refresh_token), { resource });
    expect([resource, refreshed.status, refreshed.body.error]).toEqual([resource, 400, 'invalid_target']);
  }
});

test('U01: each refresh may be for another of the granted APIs, with the scopes of that one alone', async () => {
  const first = await world.token(app, { ...(await authorize([FILES, MAIL])), resource: FILES });
  const second = await world.refresh(app, String(first.body.refresh_token), { resource: MAIL });
  expect([second.status, second.body.scope]).toEqual([200, 'read:mail']);
  expect(await audienceOf(second)).toEqual([MAIL]);
  const narrow = { resource: FILES, scope: 'read:files' };
  const third = await world.refresh(app, String(second.body.refresh_token), narrow);
  expect([third.status, third.body.scope]).toEqual([200, 'read:files']);
  expect(await audienceOf(third)).toEqual([FILES]);
});

test('U01: a device names its API when it asks for the code', async () => {
  const code = await askForCode(world, app, { scope: 'openid read:files', resource: FILES });
  await pair(robot, code);
  const answer = await world.token(app, { grant_type: DEVICE_GRANT, device_code: code.device_code });
  expect(await audienceOf(answer)).toEqual([FILES]);
  const unknown = await world.post(
    '/device/code',
    { client_id: app.id, resource: 'https://nobody.example/' },
    basic(app),
  );
  expect([unknown.status, unknown.body.error]).toEqual([400, 'invalid_target']);
});

test('U01: who names no API is meant for the default one, and a token for an API does not open userinfo', async () => {
  const plain = await world.token(app, await authorize([]));
  expect(await audienceOf(plain)).toEqual([API]);
  const { body } = await world.token(app, await authorize([FILES]));
  const headers = { Authorization: `Bearer ${body.access_token}` };
  expect((await world.ask('/userinfo', { headers })).status).toBe(403);
});
