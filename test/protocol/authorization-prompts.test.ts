// When a person is asked who they are, and when what they allow (OpenID Connect Core section 3.1.2.1); rows A13 to A15.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { ADA, answerOf, createVisits, GRACE, stageOf, type Visits } from '../support/visits.ts';
import { createWorld, PASSWORD, type World } from '../support/world.ts';

let world: World;
let visits: Visits;
/** A browser in which Ada has signed in and allowed Notes. */
let robot: FormRobot;
beforeAll(async () => {
  world = await createWorld();
  visits = createVisits(world);
  await world.app.parts.accounts.register({ ...GRACE, name: 'Grace Hopper', password: PASSWORD }, 'operator');
});
afterAll(() => world.close());
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  ({ robot } = await world.authorize(world.notes));
});
afterEach(() => void vi.useRealTimers());

type Parameters = Record<string, string | undefined>;

function pass(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

async function claimsFrom(back: Page, verifier: string): Promise<Record<string, unknown>> {
  const { body } = await world.redeem(world.notes, { code: answerOf(back).code ?? '', verifier });
  const [, payload = ''] = String(body.id_token).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}

test('A13: prompt=none without a session is login_required, and no page is shown', async () => {
  const { page } = await visits.begin(world.notes, { prompt: 'none' });
  expect(answerOf(page)).toMatchObject({
    error: 'login_required',
    state: 'a-state',
    iss: world.app.config.issuer,
  });
});

test('A13: prompt=none gets a code where nothing is left to ask, and consent_required where something is', async () => {
  const { page } = await visits.begin(world.notes, { prompt: 'none' }, robot);
  expect(answerOf(page).code).toMatch(/^lkc_/);
  const more = await visits.begin(world.notes, { prompt: 'none', scope: 'openid write:tasks' }, robot);
  expect(answerOf(more.page)).toMatchObject({ error: 'consent_required' });
});

test('A13: prompt=none with offline_access is never a way around consent', async () => {
  const parameters = { prompt: 'none', scope: 'openid offline_access' };
  const { page, verifier } = await visits.begin(world.notes, parameters, robot);
  const { status, body } = await world.redeem(world.notes, { code: answerOf(page).code ?? '', verifier });
  expect(status).toBe(200);
  expect(body).not.toHaveProperty('refresh_token');
});

test.each(['none login', 'none consent', 'login none', 'nonsense', 'login nonsense', 'LOGIN', 'create'])(
  'A13: a prompt that makes no sense is invalid_request: %s',
  async (prompt) => {
    const { page } = await visits.begin(world.notes, { prompt }, robot);
    expect(answerOf(page)).toMatchObject({ error: 'invalid_request', state: 'a-state' });
  },
);

test('A13: prompt=consent asks again for what was allowed before, and a no now counts', async () => {
  const { page } = await visits.begin(world.notes, { prompt: 'consent' }, robot);
  expect(stageOf(page)).toBe('consent');
  expect(answerOf(await visits.decide(robot, page, 'deny'))).toMatchObject({ error: 'access_denied' });
});

test('A13: prompt=login consent asks both, one after the other', async () => {
  const { page } = await visits.begin(world.notes, { prompt: 'login consent' }, robot);
  expect(stageOf(page)).toBe('sign-in');
  const consent = await visits.signIn(robot, page);
  expect(stageOf(consent)).toBe('consent');
  expect(answerOf(await visits.decide(robot, consent, 'allow')).code).toMatch(/^lkc_/);
});

test.each<[string, Parameters, number]>([
  ['A13: prompt=login', { prompt: 'login' }, 5],
  ['A14: max_age=0', { max_age: '0' }, 5],
  ['A14: max_age=1 after two seconds', { max_age: '1' }, 2],
  ['A14: max_age=3600 after more than an hour', { max_age: '3600' }, 3601],
])(
  '%s asks a person who is signed in for the password again, and auth_time is new',
  async (_name, parameters, seconds) => {
    pass(seconds);
    const now = Math.floor(Date.now() / 1000);
    const { page, verifier } = await visits.begin(world.notes, parameters, robot);
    expect(stageOf(page)).toBe('sign-in');
    const wrong = await visits.signIn(robot, page, { ...ADA, password: 'not the password of Ada' });
    expect(stageOf(wrong)).toBe('error');
    const back = await visits.signIn(robot, wrong);
    const claims = await claimsFrom(back, verifier);
    expect(claims).toMatchObject({ sub: world.ada.id });
    if (parameters.max_age !== undefined && parameters.max_age !== '0') expect(claims.auth_time).toBe(now);
    const next = await visits.begin(world.notes, { max_age: '1000' }, robot);
    expect(await claimsFrom(next.page, next.verifier)).toMatchObject({ auth_time: now });
  },
);

test('A13: prompt=login is not satisfied by going on without the password', async () => {
  const { page } = await visits.begin(world.notes, { prompt: 'login' }, robot);
  const uid = new URL(page.url).pathname.split('/')[2];
  const resumed = await robot.get(`/authorize/${uid}`);
  expect(resumed.location ?? '').not.toContain('code=');
  const again = await robot.follow(resumed);
  expect(again.location ?? '').not.toContain('code=');
});

test('A14: within max_age nobody is asked, and auth_time tells when it was', async () => {
  const signedInAt = Math.floor(Date.now() / 1000);
  pass(50);
  const { page, verifier } = await visits.begin(world.notes, { max_age: '60' }, robot);
  expect(stageOf(page)).toBe('app');
  expect(await claimsFrom(page, verifier)).toMatchObject({ auth_time: signedInAt });
});

test.each(['-1', 'abc', '1.5', '1e99', '99999999999999999999'])(
  'A14: a max_age that is no number of seconds is invalid_request: %s',
  async (max_age) => {
    const { page } = await visits.begin(world.notes, { max_age }, robot);
    expect(answerOf(page)).toMatchObject({ error: 'invalid_request', state: 'a-state' });
  },
);

test('A14: max_age with prompt=none is login_required, never an old sign-in', async () => {
  pass(10);
  const { page } = await visits.begin(world.notes, { max_age: '5', prompt: 'none' }, robot);
  expect(answerOf(page)).toMatchObject({ error: 'login_required' });
});

test('A15: an id_token_hint of another person gets no code of this one', async () => {
  const grace = world.app.robot();
  const consent = await visits
    .begin(world.notes, {}, grace)
    .then(({ page }) => visits.signIn(grace, page, GRACE));
  await visits.decide(grace, consent, 'allow');
  const { id_token } = await world.signIn(world.notes, {}, grace);
  const silent = await visits.begin(world.notes, { prompt: 'none', id_token_hint: id_token }, robot);
  expect(answerOf(silent.page)).toMatchObject({ error: 'login_required' });
  const asked = await visits.begin(world.notes, { id_token_hint: id_token }, robot);
  expect(stageOf(asked.page)).toBe('sign-in');
});

test.each([
  ['prompt=login', 'emmy@example.com', { prompt: 'login' }],
  ['max_age', 'mary@example.com', { max_age: '5' }],
])(
  'somebody else who signs in where %s asked anew is told apart, and the request begins again for them',
  async (_name, email, parameters) => {
    const person = { email, name: 'Somebody Else', password: PASSWORD };
    const { id } = await world.app.parts.accounts.register(person, 'operator');
    pass(10);
    const { page, verifier } = await visits.begin(world.notes, parameters, robot);
    const consent = await visits.signIn(robot, page, { email, password: PASSWORD });
    expect(stageOf(consent)).toBe('consent');
    expect(mainTextOf(consent)).toContain(email);
    expect(consent.html).not.toContain(ADA.email);
    const back = await visits.decide(robot, consent, 'allow');
    expect(await claimsFrom(back, verifier)).toMatchObject({ sub: id });
  },
);

test('A13 C02: where another tab signed somebody else in meanwhile, a page of ours signs them out and goes on to the app', async () => {
  const tabs = world.app.robot();
  const { page, verifier } = await visits.begin(world.notes, {}, tabs);
  const answered = await tabs.submit(page, ADA, { button: 'Sign in' });
  await tabs.send(await tabs.get('/sign-in'), GRACE);
  const between = await tabs.get(answered.location ?? '');
  expect(mainTextOf(between)).toContain('Signing you out');
  const policy = between.headers.get('content-security-policy');
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("form-action 'self' https://notes.example.com;");
  expect((await claimsFrom(await tabs.send(between), verifier)).sub).toBe(world.ada.id);
});
