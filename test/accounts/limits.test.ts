// Account pages under attack and in their first quarter of an hour: limits, known devices, the first administrator.
import { afterEach, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import { csrfOf, mainTextOf } from '../support/form-robot.ts';
import { browserOf, emailOf, PASSWORD, signIn, signUp } from './people.ts';

const apps: TestApp[] = [];

async function start(settings = {}, dialect: 'sqlite' | 'postgres' = 'sqlite'): Promise<TestApp> {
  const app = await startTestApp({ settings: { trusted_proxies: ['127.0.0.0/8'], ...settings }, dialect });
  apps.push(app);
  return app;
}

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const tight = {
  limits: {
    'sign_in.account': { max: 4, window_seconds: 900 },
    'sign_in.account_address': { max: 3, window_seconds: 900 },
  },
};

test('S06 S07: after too many wrong passwords from one network the right one is refused too, however the e-mail is written', async () => {
  const app = await start(tight);
  await signUp(browserOf(app, 'Ada'), 'Ada');
  const robot = browserOf(app, 'Ada elsewhere');
  const statuses = [];
  for (const email of ['ada@example.com', ' ADA@Example.com', 'ada+tag@example.com']) {
    statuses.push((await signIn(robot, email, 'wrong password')).status);
  }
  expect(statuses).toEqual([401, 401, 401]);
  const page = await signIn(robot, emailOf('Ada'));
  expect(page.status).toBe(429);
  expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(800);
  expect(mainTextOf(page)).toContain('Too many attempts.');
  expect(page.html).toContain('value="ada@example.com"');
});

test('S06: of 40 wrong passwords sent at once no more than the limit are looked at', async () => {
  const app = await start(tight);
  await signUp(browserOf(app, 'Ada'), 'Ada');
  const robots = Array.from({ length: 40 }, () => browserOf(app, 'Eve'));
  const answers = await Promise.all(robots.map((robot) => signIn(robot, emailOf('Ada'), 'wrong password')));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(3);
  expect(statuses.filter((status) => status === 429)).toHaveLength(37);
});

test('S08: Grace, locked out by somebody else, still gets in with a browser in which she has been before', async () => {
  const app = await start(tight);
  const laptop = browserOf(app, 'Grace');
  await signUp(laptop, 'Grace');
  await laptop.send(await laptop.visit('/account'), {}, { button: 'Sign out' });
  const mallory = browserOf(app, 'Mallory');
  await signUp(mallory, 'Mallory');
  for (const from of ['Eve', 'Eve', 'Eve', 'Oscar']) {
    expect((await signIn(browserOf(app, from), emailOf('Grace'), 'wrong password')).status).toBe(401);
  }
  // A new browser, and one that knows only somebody else, stand outside.
  expect((await signIn(browserOf(app, 'a library'), emailOf('Grace'))).status).toBe(429);
  expect((await signIn(mallory, emailOf('Grace'))).status).toBe(429);
  expect((await signIn(laptop, emailOf('Grace'))).status).toBe(303);
});

test('sign-up from one network ends at the limit, with a time to come back', async () => {
  const app = await start({ limits: { 'sign_up.address': { max: 2, window_seconds: 600 } } });
  for (const name of ['Ada', 'Grace']) await signUp(browserOf(app, 'a school'), name);
  const robot = browserOf(app, 'a school');
  const typed = { name: 'Hedy', email: emailOf('Hedy'), password: PASSWORD };
  const page = await robot.submit(await robot.visit('/sign-up'), typed);
  expect(page.status).toBe(429);
  expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(500);
  expect(page.html).toContain('value="Hedy"');
  await signUp(browserOf(app, 'at home'), 'Hedy');
  expect(await app.parts.accounts.get(emailOf('Hedy'))).toMatchObject({ name: 'Hedy' });
});

test('sign-up that is switched off is not there, and no page leads to it', async () => {
  const app = await start({ people: { sign_up: false } });
  const robot = app.robot();
  expect((await robot.get('/sign-up')).status).toBe(404);
  for (const path of ['/', '/sign-in']) expect((await robot.get(path)).html).not.toContain('sign-up');
  const csrf = csrfOf(await robot.get('/sign-in'));
  const wanted = { name: 'Ada', email: emailOf('Ada'), password: PASSWORD };
  expect((await robot.post('/sign-up', { csrf, ...wanted })).status).toBe(404);
  expect(await app.parts.accounts.list({ after: '', limit: 10 })).toEqual([]);
});

async function createLink(app: TestApp): Promise<string> {
  const link = await app.parts.firstAdministrator.createLink();
  if (link === undefined) throw new Error('there is an administrator already');
  return new URL(link).pathname;
}

test('S18: the one-time link makes an administrator, who is signed in; then it is gone', async () => {
  const app = await start();
  const path = await createLink(app);
  const robot = app.robot();
  const form = await robot.visit(path);
  const weak = await robot.submit(form, { name: 'Ada', email: emailOf('Ada'), password: 'Password1234' });
  expect(weak.status).toBe(400);
  expect(weak.html).toContain('value="Ada"');
  const page = await robot.send(weak, { name: 'Ada', email: emailOf('Ada'), password: PASSWORD });
  expect(page).toMatchObject({ status: 200, url: `${app.config.issuer}/account` });
  expect(page.html).toContain('Administrator');
  const other = app.robot();
  expect((await other.get(path)).status).toBe(404);
  const csrf = csrfOf(await other.get('/sign-in'));
  const late = await other.post(path, { csrf, name: 'Eve', email: emailOf('Eve'), password: PASSWORD });
  expect(late.status).toBe(404);
  expect(mainTextOf(late)).toContain('This link was used already');
  expect(late.html).not.toContain('<form');
});

const dialects = ['sqlite', 'postgres'] as const;

test.each(dialects)(
  'S18: of ten who use the link at once (%s), one becomes administrator and nine are told that it is gone',
  async (dialect) => {
    const app = await start({}, dialect);
    const path = await createLink(app);
    const robots = Array.from({ length: 10 }, () => app.robot());
    const forms = await Promise.all(robots.map((robot) => robot.visit(path)));
    const answers = await Promise.all(
      robots.map((robot, n) => {
        const wanted = { name: `Ada ${n}`, email: `ada${n}@example.com`, password: PASSWORD };
        return robot.submit(forms[n] as (typeof forms)[0], wanted);
      }),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([303, ...Array(9).fill(404)]);
    expect(await app.parts.accounts.list({ after: '', limit: 10 })).toMatchObject([{ isAdmin: true }]);
  },
);

test('S18: a guessed secret is no link, and guesses are limited', async () => {
  const app = await start();
  await createLink(app);
  const robot = app.robot();
  expect((await robot.get(`/first-administrator/${'A'.repeat(43)}`)).status).toBe(404);
  const csrf = csrfOf(await robot.get('/sign-in'));
  const wanted = { csrf, name: 'Eve', email: emailOf('Eve'), password: PASSWORD };
  const statuses = [];
  for (let count = 0; count < 11; count += 1) {
    statuses.push((await robot.post(`/first-administrator/guess-${count}`, wanted)).status);
  }
  expect(statuses).toEqual([...Array(10).fill(404), 429]);
  expect(await app.parts.accounts.list({ after: '', limit: 10 })).toEqual([]);
});
