// The consent page: it tells the truth, remembers, and asks only for more (RFC 6749 section 10.2); rows A24, A25.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { findAll, parseHtml, textOf } from '../support/html.ts';
import { ADA, answerOf, createVisits, listedOn, stageOf, type Visits } from '../support/visits.ts';
import { API, type AppClient, createWorld, type World } from '../support/world.ts';

let world: World;
let visits: Visits;
beforeAll(async () => {
  world = await createWorld();
  visits = createVisits(world);
});
afterAll(() => world.close());

type Parameters = Record<string, string | undefined>;

/** Ada signs in, in a browser of her own, and stands before the consent page. */
async function atConsent(client: AppClient, parameters: Parameters = {}) {
  const begun = await visits.begin(client, parameters);
  const page = await visits.signIn(begun.robot, begun.page);
  expect(stageOf(page)).toBe('consent');
  return { ...begun, page };
}

async function scopeFrom(client: AppClient, back: Page, verifier: string): Promise<string[]> {
  const { body } = await world.redeem(client, { code: answerOf(back).code ?? '', verifier });
  return String(body.scope).split(' ').sort();
}

async function stageOfNext(
  client: AppClient,
  robot: FormRobot,
  parameters: Parameters = {},
): Promise<string> {
  const { page } = await visits.begin(client, parameters, robot);
  return stageOf(page);
}

/** The terms of the page's list of facts: How long, When, Takes you to. */
function factsOf(page: Page): Record<string, string> {
  const document = parseHtml(page.html);
  const [terms, details] = ['dt', 'dd'].map((tag) => findAll(document, tag).map(textOf));
  return Object.fromEntries((terms ?? []).map((term, index) => [term, details?.[index] ?? '']));
}

test('A25: the page says who asks, as which account, for what of which API, for how long, and where it leads', async () => {
  const client = await world.registerClient({
    name: 'Ink & Quill',
    redirectUris: ['https://quill.example:8443/cb'],
  });
  const { page } = await atConsent(client, { scope: 'openid profile offline_access read:tasks' });
  const text = mainTextOf(page);
  expect(findAll(parseHtml(page.html), 'h1').map(textOf)).toEqual([expect.stringContaining('Ink & Quill')]);
  expect(text).toContain('Ada Lovelace');
  expect(text).toContain(ADA.email);
  expect(listedOn(page)).toEqual([
    'Know who you are (an identifier)',
    'See your name',
    'Keep access while you are not using the app',
    'Read your tasks',
  ]);
  expect(findAll(parseHtml(page.html), 'h2').map(textOf)).toEqual(['About you', 'Tasks']);
  expect(text).toContain(API);
  expect(text).toContain('Unverified');
  expect(factsOf(page)).toEqual({
    'How long': 'Until you revoke it, or the app has not been used for a long time',
    When: 'Also while you are away from the app',
    'Takes you to': 'quill.example:8443',
  });
});

test('A25: an app that the operator vouches for is marked so, and nobody is warned of it', async () => {
  const client = await world.registerClient({ isVerified: true });
  const { page } = await atConsent(client);
  const text = mainTextOf(page);
  expect(text).toContain('Verified');
  expect(text).not.toMatch(/Unverified|Nobody here has checked/);
});

test('A25: without lasting access it says for how long, and the page still names the host', async () => {
  const client = await world.registerClient();
  const { page } = await atConsent(client);
  expect(factsOf(page)).toEqual({
    'How long': 'For 1 hour at a time, and only while you are signed in here',
    When: 'Only while you use the app',
    'Takes you to': 'notes.example.com',
  });
  expect(listedOn(page)).not.toContain('Keep access while you are not using the app');
});

test('A25: an app that gets a refresh token without offline_access is said to have lasting access', async () => {
  const client = await world.registerClient({ scopes: ['openid'] });
  const { page, robot, verifier } = await atConsent(client, { scope: 'openid' });
  expect(factsOf(page)).toMatchObject({ When: 'Also while you are away from the app' });
  const back = await visits.decide(robot, page, 'allow');
  const { body } = await world.redeem(client, { code: answerOf(back).code ?? '', verifier });
  expect(body).toHaveProperty('refresh_token');
});

test('A25: the redirect of a native app is told by where it really goes', async () => {
  const redirectUris = ['com.example.app:/cb', 'http://127.0.0.1/cb'];
  const client = await world.registerClient({ type: 'native', auth: 'none', redirectUris });
  expect(factsOf((await atConsent(client)).page)['Takes you to']).toBe('com.example.app:');
  const local = await atConsent(client, { redirect_uri: 'http://127.0.0.1:5555/cb' });
  expect(factsOf(local.page)['Takes you to']).toBe('127.0.0.1:5555');
});

test('what was allowed is remembered for the person and the app, in every browser', async () => {
  const client = await world.registerClient();
  const { page, robot } = await atConsent(client);
  await visits.decide(robot, page, 'allow');
  expect(await stageOfNext(client, robot)).toBe('app');
  const elsewhere = await visits.begin(client);
  expect(stageOf(await visits.signIn(elsewhere.robot, elsewhere.page))).toBe('app');
  expect(await stageOfNext(await world.registerClient(), robot)).toBe('consent');
});

test('it is asked again only for more, and the page tells what is new', async () => {
  const client = await world.registerClient();
  const first = await atConsent(client, { scope: 'openid read:tasks' });
  await visits.decide(first.robot, first.page, 'allow');
  expect(await stageOfNext(client, first.robot, { scope: 'openid' })).toBe('app');
  const more = await visits.begin(client, { scope: 'openid read:tasks write:tasks' }, first.robot);
  expect(stageOf(more.page)).toBe('consent');
  expect(listedOn(more.page).filter((line) => line.endsWith('New'))).toEqual(['Change your tasks New']);
  const back = await visits.decide(first.robot, more.page, 'allow');
  expect(await scopeFrom(client, back, more.verifier)).toEqual(['openid', 'read:tasks', 'write:tasks']);
  expect(await stageOfNext(client, first.robot, { scope: 'openid write:tasks' })).toBe('app');
});

test('a no to more leaves what was allowed before', async () => {
  const client = await world.registerClient();
  const first = await atConsent(client, { scope: 'openid' });
  await visits.decide(first.robot, first.page, 'allow');
  const more = await visits.begin(client, { scope: 'openid write:tasks' }, first.robot);
  const denied = await visits.decide(first.robot, more.page, 'deny');
  expect(answerOf(denied)).toMatchObject({ error: 'access_denied' });
  expect(await stageOfNext(client, first.robot, { scope: 'openid' })).toBe('app');
  expect(await stageOfNext(client, first.robot, { scope: 'openid write:tasks' })).toBe('consent');
});

test('a permission is one person his or hers: another one is asked', async () => {
  const client = await world.registerClient();
  const first = await atConsent(client);
  await visits.decide(first.robot, first.page, 'allow');
  const grace = { email: 'grace@example.com', name: 'Grace Hopper', password: ADA.password };
  await world.app.parts.accounts.register(grace, 'operator');
  const begun = await visits.begin(client);
  const page = await visits.signIn(begun.robot, begun.page, { email: grace.email, password: grace.password });
  expect(stageOf(page)).toBe('consent');
});

test('an optional scope may be left out: it is not in the token, and not asked for again', async () => {
  const client = await world.registerClient({ optionalScopes: ['write:tasks'] });
  const scope = 'openid read:tasks write:tasks';
  const { page, robot, verifier } = await atConsent(client, { scope });
  expect(listedOn(page)).toContain('Change your tasks Optional');
  const box = findAll(parseHtml(page.html), 'input').find(({ attributes }) => attributes.type === 'checkbox');
  const back = await visits.decide(robot, page, 'allow', { [box?.attributes.name ?? '']: undefined });
  expect(await scopeFrom(client, back, verifier)).toEqual(['openid', 'read:tasks']);
  const again = await visits.begin(client, { scope }, robot);
  expect(stageOf(again.page)).toBe('app');
  expect(await scopeFrom(client, again.page, again.verifier)).toEqual(['openid', 'read:tasks']);
});

test('left ticked it is given; and whoever left it out can be asked anew by the app', async () => {
  const client = await world.registerClient({ optionalScopes: ['write:tasks'] });
  const scope = 'openid write:tasks';
  const { page, robot } = await atConsent(client, { scope });
  await visits.decide(robot, page, 'allow', { scope_1: undefined });
  const anew = await visits.begin(client, { scope, prompt: 'consent' }, robot);
  expect(stageOf(anew.page)).toBe('consent');
  const back = await visits.decide(robot, anew.page, 'allow');
  expect(await scopeFrom(client, back, anew.verifier)).toEqual(['openid', 'write:tasks']);
});

test('a scope that is not optional cannot be left out by leaving out its field', async () => {
  const client = await world.registerClient({ optionalScopes: ['write:tasks'] });
  const { page, robot, verifier } = await atConsent(client, { scope: 'openid read:tasks' });
  expect(
    findAll(parseHtml(page.html), 'input').filter(({ attributes }) => attributes.type === 'checkbox'),
  ).toEqual([]);
  const back = await visits.decide(robot, page, 'allow');
  expect(await scopeFrom(client, back, verifier)).toEqual(['openid', 'read:tasks']);
});

test('where everything was optional and left out the app is told access_denied', async () => {
  const client = await world.registerClient({ optionalScopes: ['read:tasks'] });
  const { page, robot } = await atConsent(client, { scope: 'read:tasks' });
  const back = await visits.decide(robot, page, 'allow', { scope_0: undefined });
  expect(answerOf(back)).toMatchObject({ error: 'access_denied' });
});

test('a client of the product itself asks nobody', async () => {
  const client = await world.registerClient({ isFirstParty: true });
  const begun = await visits.begin(client, { scope: 'openid offline_access read:tasks' });
  const back = await visits.signIn(begun.robot, begun.page);
  expect(stageOf(back)).toBe('app');
  expect(await scopeFrom(client, back, begun.verifier)).toEqual(['offline_access', 'openid', 'read:tasks']);
});

const PUBLIC = { type: 'native', auth: 'none' } as const;

test.each([
  ['loopback', 'http://127.0.0.1:5000/cb'],
  ['localhost', 'http://localhost:5000/cb'],
  ['a private-use scheme', 'com.example.app:/cb'],
])(
  'A24: a public client that answers to %s is asked for each time, since it proves nothing',
  async (_name, uri) => {
    const redirectUris = [
      'http://127.0.0.1/cb',
      'http://localhost/cb',
      'com.example.app:/cb',
      'https://app.example/cb',
    ];
    const client = await world.registerClient({ ...PUBLIC, redirectUris });
    const { page, robot } = await atConsent(client, { redirect_uri: uri });
    await visits.decide(robot, page, 'allow');
    expect(await stageOfNext(client, robot, { redirect_uri: uri })).toBe('consent');
    expect(
      answerOf((await visits.begin(client, { redirect_uri: uri, prompt: 'none' }, robot)).page),
    ).toMatchObject({
      error: 'interaction_required',
    });
  },
);

test.each(['native', 'browser'] as const)(
  'A24: a public %s client with a claimed https address is remembered',
  async (type) => {
    const client = await world.registerClient({
      type,
      auth: 'none',
      redirectUris: ['https://app.example/cb'],
    });
    const { page, robot } = await atConsent(client);
    await visits.decide(robot, page, 'allow');
    expect(await stageOfNext(client, robot)).toBe('app');
  },
);

test('A24: a public client of the product itself is asked for on loopback all the same', async () => {
  const client = await world.registerClient({
    ...PUBLIC,
    isFirstParty: true,
    redirectUris: ['http://127.0.0.1/cb'],
  });
  const { page, robot } = await atConsent(client);
  await visits.decide(robot, page, 'allow');
  expect(await stageOfNext(client, robot)).toBe('consent');
});
