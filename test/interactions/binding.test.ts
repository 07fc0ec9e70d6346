// An interaction belongs to the browser that began it, is answered once, in order, and in time; rows A18, A21 to A23, A29, A30.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { csrfOf, type FormRobot, type Page } from '../support/form-robot.ts';
import { ADA, answerOf, createVisits, GRACE, stageOf, uidOf, type Visits } from '../support/visits.ts';
import { type AppClient, createWorld, PASSWORD, type World } from '../support/world.ts';

let world: World;
let visits: Visits;
beforeAll(async () => {
  world = await createWorld();
  visits = createVisits(world);
  await world.app.parts.accounts.register({ ...GRACE, name: 'Grace Hopper', password: PASSWORD }, 'operator');
});
afterAll(() => world.close());
afterEach(() => void vi.useRealTimers());

async function atConsent(client: AppClient = world.notes) {
  const begun = await visits.begin(client, { prompt: 'consent' });
  const page = await visits.signIn(begun.robot, begun.page);
  expect(stageOf(page)).toBe('consent');
  return { ...begun, page };
}

/** The grants of Ada for this client, as the database has them. */
async function grantsFor(client: AppClient): Promise<number> {
  const listed = await world.app.parts.grants.listOf(world.ada.id);
  return listed.filter(({ clientId }) => clientId === client.id).length;
}

async function hasConsent(client: AppClient): Promise<boolean> {
  return (await world.app.parts.grants.findConsent(world.ada.id, client.id)) !== undefined;
}

function isSignedIn(robot: FormRobot): Promise<boolean> {
  return robot.get('/account').then(({ status }) => status === 200);
}

/** Says that this is over, and nothing about whose it was. */
function expectGone(page: Page, client: AppClient = world.notes): void {
  expect(page.status).toBe(400);
  expect(page.location).toBeUndefined();
  expect(page.html).toContain('Go back to the app and start again');
  expect(page.html).not.toContain('Notes');
  expect(page.html).not.toContain(client.id);
  expect(page.html).not.toContain(new URL(client.redirectUri).host);
  expect(page.html).not.toContain(ADA.email);
}

const steps = ['', '/sign-in', '/sign-up'];
const acts: readonly (readonly [string, Record<string, string>])[] = [
  ['/sign-in', ADA],
  ['/sign-up', { email: 'mallory@example.com', name: 'Mallory', password: PASSWORD }],
  ['/consent', { decision: 'allow' }],
  ['/consent', { decision: 'deny' }],
];

test.each(['sign-in', 'consent'])(
  'A21: another browser sees nothing of an interaction and can do nothing in it: %s',
  async (stage) => {
    const begun = stage === 'consent' ? await atConsent() : await visits.begin(world.notes);
    const uid = uidOf(begun.page);
    // One browser that knows us not, and one that has an interaction, and a person, of its own.
    const other = await atConsent();
    for (const robot of [world.app.robot(), other.robot]) {
      for (const step of steps) expectGone(await robot.get(`/interaction/${uid}${step}`));
      const csrf = csrfOf(await robot.get('/sign-in?prompt=login'));
      for (const [step, fields] of acts)
        expectGone(await robot.post(`/interaction/${uid}${step}`, { ...fields, csrf }));
      const resumed = await robot.get(`/authorize/${uid}`);
      expect(resumed.status).toBe(400);
      expect(resumed.location).toBeUndefined();
    }
    // For the browser that began it nothing has happened.
    expect(stageOf(await begun.robot.get(`/interaction/${uid}`))).toBe(stage);
  },
);

test('A21: a cookie of one interaction opens no other one', async () => {
  const [first, second] = [await visits.begin(world.notes), await visits.begin(world.notes)];
  for (const name of ['lk-interaction', 'lk-interaction.sig']) {
    expect(first.robot.cookie(name)).toBeDefined();
    second.robot.setCookie(name, first.robot.cookie(name) ?? '');
  }
  // Sent with path=/ it comes after the one of the page itself; on a third page it is the only one.
  const third = world.app.robot();
  for (const name of ['lk-interaction', 'lk-interaction.sig'])
    third.setCookie(name, first.robot.cookie(name) ?? '');
  expectGone(await third.get(`/interaction/${uidOf(second.page)}`));
  expect(stageOf(await second.robot.get(`/interaction/${uidOf(second.page)}`))).toBe('sign-in');
});

test('A21: a uid that never was is answered the same', async () => {
  const robot = world.app.robot();
  for (const step of steps) expectGone(await robot.get(`/interaction/${'x'.repeat(43)}${step}`));
});

test('A22: Allow pressed twice is one permission and one grant; the second press is told that it is over', async () => {
  const client = await world.registerClient();
  const { robot, page } = await atConsent(client);
  const first = await robot.submit(page, {}, { button: 'decision=allow' });
  expect(first.status).toBe(303);
  expectGone(await robot.submit(page, {}, { button: 'decision=allow' }), client);
  expectGone(await robot.submit(page, {}, { button: 'decision=deny' }), client);
  expect(answerOf(await robot.follow(first)).code).toMatch(/^lkc_/);
  expect(await grantsFor(client)).toBe(1);
});

test('A22: pressed ten times at once it is one grant too, and never an error of ours', async () => {
  const client = await world.registerClient();
  const { robot, page } = await atConsent(client);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => robot.submit(page, {}, { button: 'decision=allow' })),
  );
  expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
  const gone = await Promise.all(
    answers.filter(({ status }) => status === 303).map((answer) => robot.follow(answer)),
  );
  expect(gone.filter(({ location }) => location?.includes('code='))).toHaveLength(1);
  expect(await grantsFor(client)).toBe(1);
});

test('A22: the way back to the app taken ten times at once is one code and one grant', async () => {
  const client = await world.registerClient();
  const { robot, page } = await atConsent(client);
  const { location = '' } = await robot.submit(page, {}, { button: 'decision=allow' });
  const answers = await Promise.all(Array.from({ length: 10 }, () => robot.get(location)));
  expect(answers.map(({ status }) => status).filter((status) => status >= 500)).toEqual([]);
  expect(answers.filter((answer) => answer.location?.includes('code='))).toHaveLength(1);
  expect(await grantsFor(client)).toBe(1);
});

test('A22: the back button after the end gets nowhere, whichever form it brings back', async () => {
  const client = await world.registerClient();
  const begun = await visits.begin(client);
  const consent = await visits.signIn(begun.robot, begun.page);
  expect(answerOf(await visits.decide(begun.robot, consent, 'allow')).code).toMatch(/^lkc_/);
  const csrf = csrfOf(await begun.robot.get('/account/password'));
  for (const page of [begun.page, consent]) {
    for (const [step, fields] of acts)
      expectGone(await begun.robot.post(`/interaction/${uidOf(page)}${step}`, { ...fields, csrf }), client);
    const resumed = await begun.robot.get(`/authorize/${uidOf(page)}`);
    expect(resumed.location).toBeUndefined();
  }
  expect(await grantsFor(client)).toBe(1);
});

test('A22: a sign-in page that was answered leads on, and does not sign in anew', async () => {
  const { robot, page } = await visits.begin(world.notes);
  await robot.submit(page, ADA, { action: `/interaction/${uidOf(page)}/sign-in` });
  const csrf = csrfOf(await robot.get('/sign-in?prompt=login'));
  expectGone(await robot.post(`/interaction/${uidOf(page)}/sign-in`, { ...GRACE, csrf }));
});

test.each([
  ['allowing', { decision: 'allow' }],
  ['an empty form', {}],
  ['another decision', { decision: 'maybe' }],
])('A23: before signing in nothing can be allowed: %s', async (_name, fields) => {
  const client = await world.registerClient();
  const { robot, page } = await visits.begin(client);
  const posted = await robot.post(`/interaction/${uidOf(page)}/consent`, { ...fields, csrf: csrfOf(page) });
  expect(posted.status).toBe(400);
  expect(posted.location).toBeUndefined();
  expect(await robot.follow(await robot.get(`/authorize/${uidOf(page)}`))).not.toHaveProperty(
    'location',
    expect.stringContaining('code='),
  );
  expect(await hasConsent(client)).toBe(false);
  expect(await grantsFor(client)).toBe(0);
});

test.each([
  ['an empty form', {}],
  ['no password', { email: ADA.email }],
  ['no e-mail', { password: PASSWORD }],
])('A23: a sign-in with parts left out signs nobody in: %s', async (_name, fields) => {
  const { robot, page } = await visits.begin(world.notes);
  const posted = await robot.post(`/interaction/${uidOf(page)}/sign-in`, { ...fields, csrf: csrfOf(page) });
  expect(posted.status).toBeGreaterThanOrEqual(400);
  expect(posted.status).toBeLessThan(500);
  expect(await isSignedIn(robot)).toBe(false);
});

test('A23: signed in, an empty decision is no decision', async () => {
  const client = await world.registerClient();
  const { robot, page } = await atConsent(client);
  for (const fields of [{}, { decision: '' }, { decision: 'ALLOW' }, { scope_0: 'yes' }]) {
    const posted = await robot.post(`/interaction/${uidOf(page)}/consent`, { ...fields, csrf: csrfOf(page) });
    expect(posted).toMatchObject({ status: 400, location: undefined });
  }
  expect(await hasConsent(client)).toBe(false);
  expect(answerOf(await visits.decide(robot, page, 'allow')).code).toMatch(/^lkc_/);
});

test.each(['sign-in', 'consent'])(
  'A29: a page that was left for half an hour is over, in friendly words: %s',
  async (stage) => {
    const begun = stage === 'consent' ? await atConsent() : await visits.begin(world.notes);
    vi.useFakeTimers({ toFake: ['Date'] });
    // The browser may keep its cookies longer than it was told: the server must not.
    const cookies = ['lk-interaction', 'lk-interaction.sig', 'lk-session', 'lk-session.sig'].map(
      (name) => [name, begun.robot.cookie(name)] as const,
    );
    // The engine allows the skew of clocks (15 seconds) here too.
    vi.setSystemTime(Date.now() + 1816 * 1000);
    for (const [name, value] of cookies) if (value !== undefined) begun.robot.setCookie(name, value);
    const uid = uidOf(begun.page);
    expectGone(await begun.robot.get(`/interaction/${uid}`));
    for (const [step, fields] of acts)
      expectGone(
        await begun.robot.post(`/interaction/${uid}${step}`, { ...fields, csrf: csrfOf(begun.page) }),
      );
  },
);

test('A29: a minute earlier it is not', async () => {
  const { robot, page } = await atConsent();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 1740 * 1000);
  expect(answerOf(await visits.decide(robot, page, 'allow')).code).toMatch(/^lkc_/);
});

test.each<[string, (own: string, foreign: string) => { csrf?: string; headers?: Record<string, string> }]>([
  ['no token', () => ({})],
  ['the token of another session', (_own, foreign) => ({ csrf: foreign })],
  ['an invented token', () => ({ csrf: 'AAAAAAAAAAAAAAAAAAAAAA.AAAA' })],
  ['a page on another site', (own) => ({ csrf: own, headers: { 'Sec-Fetch-Site': 'cross-site' } })],
  ['a sister site', (own) => ({ csrf: own, headers: { 'Sec-Fetch-Site': 'same-site' } })],
  ['another origin', (own) => ({ csrf: own, headers: { Origin: 'https://evil.example' } })],
  ['a hidden origin', (own) => ({ csrf: own, headers: { Origin: 'null' } })],
])(
  'A30: a form that is not of our page changes nothing, so nobody is signed in as the attacker: %s',
  async (_name, forge) => {
    const foreign = csrfOf((await visits.begin(world.notes)).page);
    const { robot, page } = await visits.begin(world.notes);
    const { csrf, headers = {} } = forge(csrfOf(page), foreign);
    for (const [step, fields] of acts) {
      const sent = csrf === undefined ? fields : { ...fields, csrf };
      const posted = await robot.post(`/interaction/${uidOf(page)}${step}`, sent, { headers });
      expect(posted).toMatchObject({ status: 403, location: undefined });
    }
    expect(await isSignedIn(robot)).toBe(false);
    expect(stageOf(await visits.signIn(robot, page))).not.toBe('error');
  },
);

test('A18: no answer to a form with a password or a decision makes the browser send it again', async () => {
  const statuses: number[] = [];
  const client = await world.registerClient();
  const robot = world.app.robot();
  const send = async (
    page: Page,
    fields: Record<string, string>,
    choice: { action?: string; button?: string },
  ) => {
    const posted = await robot.submit(page, fields, choice);
    statuses.push(posted.status);
    return robot.follow(posted);
  };
  const signInAt = (page: Page) => ({ action: `/interaction/${uidOf(page)}/sign-in` });
  const begun = await visits.begin(client, {}, robot);
  const consent = await send(begun.page, ADA, signInAt(begun.page));
  const again = await send(consent, {}, { button: 'decision=switch' });
  const asGrace = await send(again, GRACE, signInAt(again));
  await send(asGrace, {}, { button: 'decision=allow' });
  const anew = await visits.begin(client, { prompt: 'consent' }, robot);
  await send(anew.page, {}, { button: 'decision=deny' });
  const signUp = await visits.begin(client, {}, world.app.robot());
  const form = await signUp.robot.get(`/interaction/${uidOf(signUp.page)}/sign-up`);
  const person = { name: 'Emmy Noether', email: 'emmy@example.com', password: PASSWORD };
  statuses.push((await signUp.robot.submit(form, person)).status);
  expect(statuses).toEqual([303, 303, 303, 303, 303, 303]);
});
