// What an authorization may give: scopes of the client, of the person, of an API (RFC 6749 section 3.3, RFC 8707); row A31.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FormRobot, Page } from '../support/form-robot.ts';
import { answerOf, createVisits, listedOn, stageOf, type Visits } from '../support/visits.ts';
import { API, type AppClient, createVerifier, createWorld, type World } from '../support/world.ts';

const FILES = 'https://files.example.com/';
const FILE_SCOPES = { 'read:files': 'Read your files', 'write:files': 'Change your files' };

/** People may hand on reading, and nothing else of any API. */
const settings = { roles: { member: { scopes: ['read:tasks', 'read:files'] } } };
const everything = [
  'openid',
  'profile',
  'offline_access',
  'read:tasks',
  'write:tasks',
  'read:files',
  'write:files',
];

let world: World;
let visits: Visits;
let limited: World;
let limitedVisits: Visits;
beforeAll(async () => {
  world = await createWorld();
  visits = createVisits(world);
  limited = await createWorld({ settings });
  limitedVisits = createVisits(limited);
  for (const one of [world, limited]) {
    const registration = { name: 'Files', scopes: FILE_SCOPES, tokenFormat: 'opaque' as const };
    await one.app.parts.resources.register(
      { identifier: FILES, isDefault: false, registration },
      { auth: 'client_secret_basic' },
    );
  }
});
afterAll(async () => {
  await world.close();
  await limited.close();
});

function scopesOf(text: unknown): string[] {
  return String(text).split(' ').sort();
}

test('a request without scope gets the client its default scopes', async () => {
  const client = await world.registerClient({ defaultScopes: ['openid', 'read:tasks'] });
  for (const scope of [undefined, '']) {
    const tokens = await world.signIn(client, { scope });
    expect(scopesOf(tokens.scope)).toEqual(['openid', 'read:tasks']);
  }
});

test('a scope that was asked for takes the place of the default', async () => {
  const client = await world.registerClient({ defaultScopes: ['openid', 'read:tasks'] });
  expect((await world.signIn(client, { scope: 'openid' })).scope).toBe('openid');
});

test('default scopes with offline_access bring a refresh token', async () => {
  const client = await world.registerClient({ defaultScopes: ['openid', 'offline_access'] });
  expect(await world.signIn(client, { scope: undefined })).toHaveProperty('refresh_token');
});

test('a client with nothing to ask for is told invalid_scope before anybody signs in', async () => {
  const client = await world.registerClient({ scopes: ['offline_access'] });
  const { page } = await visits.begin(client, { scope: undefined });
  expect(answerOf(page)).toMatchObject({ error: 'invalid_scope', state: 'a-state' });
});

test('offline_access is kept without prompt=consent, and asked for once', async () => {
  const scope = 'openid offline_access';
  const first = await visits.begin(world.notes, { scope });
  const consent = await visits.signIn(first.robot, first.page);
  expect(stageOf(consent)).toBe('consent');
  expect(listedOn(consent)).toContain('Keep access while you are not using the app');
  const back = await visits.decide(first.robot, consent, 'allow');
  const tokens = await world.redeem(world.notes, {
    code: answerOf(back).code ?? '',
    verifier: first.verifier,
  });
  expect(tokens.body).toHaveProperty('refresh_token');

  const second = await visits.begin(world.notes, { scope }, first.robot);
  expect(stageOf(second.page)).toBe('app');
  const again = await world.redeem(world.notes, {
    code: answerOf(second.page).code ?? '',
    verifier: second.verifier,
  });
  expect(again.body).toHaveProperty('refresh_token');
});

test('prompt=consent with offline_access asks anew, and no parameter of an app can talk that away', async () => {
  const scope = 'openid offline_access';
  const { robot } = await world.authorize(world.notes, { scope });
  for (const extra of [{}, { latchkey_implied_consent: '1' }]) {
    const { page } = await visits.begin(world.notes, { scope, prompt: 'consent', ...extra }, robot);
    expect(stageOf(page)).toBe('consent');
  }
});

test.each([
  ['another API of the house', 'openid read:files'],
  ['the issuer', 'openid email'],
  ['the default API', 'openid write:tasks'],
])('A31: a scope beyond the registration of the client is given by nobody: %s', async (_name, scope) => {
  const client = await world.registerClient({ scopes: ['openid', 'read:tasks'] });
  const begun = await visits.begin(client, { scope });
  if (stageOf(begun.page) === 'app')
    return expect(answerOf(begun.page)).toMatchObject({ error: 'invalid_scope' });
  const consent = await visits.signIn(begun.robot, begun.page);
  const foreign = scope.split(' ')[1] ?? '';
  expect(consent.html).not.toContain(foreign);
  const back = await visits.decide(begun.robot, consent, 'allow');
  const { body } = await world.redeem(client, { code: answerOf(back).code ?? '', verifier: begun.verifier });
  expect(body.scope).toBe('openid');
});

test('A31: a scope that nobody knows is dropped and shown nowhere', async () => {
  const { page, robot } = await visits.begin(world.notes, { scope: 'openid admin' });
  const consent = await visits.signIn(robot, page);
  expect(consent.html).not.toContain('admin');
});

async function allow(app: AppClient, parameters: Record<string, string>, robot?: FormRobot) {
  const begun = await limitedVisits.begin(app, parameters, robot);
  const page =
    stageOf(begun.page) === 'sign-in' ? await limitedVisits.signIn(begun.robot, begun.page) : begun.page;
  const back = stageOf(page) === 'consent' ? await limitedVisits.decide(begun.robot, page, 'allow') : page;
  return { ...begun, page, back };
}

function expectNot(page: Page, words: readonly string[]): void {
  for (const one of words) expect(page.html).not.toContain(one);
}

test('A31: what the person may not hand on is neither shown nor given, and is not asked for again', async () => {
  const scope = 'openid offline_access read:tasks write:tasks';
  const first = await allow(limited.notes, { scope });
  expect(stageOf(first.page)).toBe('consent');
  expect(listedOn(first.page)).toContainEqual(expect.stringContaining('Read your tasks'));
  expectNot(first.page, ['write:tasks', 'Change your tasks']);
  const { body } = await limited.redeem(limited.notes, {
    code: answerOf(first.back).code ?? '',
    verifier: first.verifier,
  });
  expect(scopesOf(body.scope)).toEqual(['offline_access', 'openid', 'read:tasks']);

  const second = await limitedVisits.begin(limited.notes, { scope }, first.robot);
  expect(stageOf(second.page)).toBe('app');
  expect(answerOf(second.page).code).toMatch(/^lkc_/);
});

test('A31: the same of an API that is named', async () => {
  const client = await limited.registerClient({ scopes: everything });
  const parameters = { scope: 'openid read:files write:files', resource: FILES };
  const first = await allow(client, parameters);
  expectNot(first.page, ['write:files', 'Change your files']);
  const { body } = await limited.redeem(client, {
    code: answerOf(first.back).code ?? '',
    verifier: first.verifier,
  });
  expect(body.scope).toBe('read:files');
  const second = await limitedVisits.begin(client, parameters, first.robot);
  expect(stageOf(second.page)).toBe('app');
});

test('A31: a client of the product itself gets no more than the person has', async () => {
  const client = await limited.registerClient({ isFirstParty: true });
  const got = await allow(client, { scope: 'openid read:tasks write:tasks' });
  const { body } = await limited.redeem(client, {
    code: answerOf(got.back).code ?? '',
    verifier: got.verifier,
  });
  expect(scopesOf(body.scope)).toEqual(['openid', 'read:tasks']);
});

test('A31: where the person has no right to any of it, the app is told access_denied', async () => {
  const { back } = await allow(limited.notes, { scope: 'write:tasks' });
  expect(answerOf(back)).toMatchObject({ error: 'access_denied', state: 'a-state' });
});

test('a resource named at the authorization is the audience of the token, as it was sent', async () => {
  const client = await world.registerClient({ scopes: everything });
  const api = await world.app.parts.resources.register(
    {
      identifier: 'https://mail.example.com/v1',
      isDefault: false,
      registration: { name: 'Mail', scopes: { 'read:tasks': 'Read mail' }, tokenFormat: 'opaque' },
    },
    { auth: 'client_secret_basic' },
  );
  const tokens = await world.signIn(client, {
    scope: 'openid read:tasks',
    resource: 'https://mail.example.com/v1',
  });
  const asked = await world.introspect({ id: api.clientId, secret: api.secret }, tokens.access_token);
  expect(asked.body).toMatchObject({ active: true, aud: 'https://mail.example.com/v1', scope: 'read:tasks' });
  // A scope of the same name at the default API was not meant.
  expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
});

test('of several resources the consent page names each, and a token is for one', async () => {
  const client = await world.registerClient({ scopes: everything });
  const scope = 'openid read:tasks read:files';
  const { challenge, verifier } = createVerifier();
  const robot = world.app.robot();
  const path = `${world.authorizationPath(client, challenge, { scope, resource: API })}&resource=${encodeURIComponent(FILES)}`;
  const consent = await visits.signIn(robot, await robot.visit(path));
  expect(consent.html).toContain(API);
  expect(consent.html).toContain(FILES);
  const code = answerOf(await visits.decide(robot, consent, 'allow')).code ?? '';
  const exchange = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
  };
  const { status, body } = await world.token(client, { ...exchange, resource: FILES });
  expect({ status, scope: body.scope }).toEqual({ status: 200, scope: 'read:files' });
});

test.each([
  ['unknown', 'https://nobody.example/'],
  ['one letter more', `${API}x`],
  ['without its slash', API.slice(0, -1)],
  ['no URI', 'tasks'],
  ['relative', '/tasks'],
  ['with a fragment', `${API}#x`],
  ['the issuer', 'ISSUER'],
])('a resource that is none of ours is invalid_target: %s', async (_name, named) => {
  const resource = named === 'ISSUER' ? world.app.config.issuer : named;
  const { page } = await visits.begin(world.notes, { resource });
  expect(answerOf(page)).toMatchObject({
    error: 'invalid_target',
    state: 'a-state',
    iss: world.app.config.issuer,
  });
});

test('an API of which the client may have nothing is invalid_target too', async () => {
  const { page } = await visits.begin(world.notes, { resource: FILES, scope: 'openid read:files' });
  expect(answerOf(page)).toMatchObject({ error: 'invalid_target' });
});
