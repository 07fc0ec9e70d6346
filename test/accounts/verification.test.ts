// That an address is theirs: confirmed by a link after sign-up, and before a new one takes the place of the old (rows S13, S16, S17).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createParts } from '../../server/parts.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { csrfOf, type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { createWorldIn } from '../support/world.ts';
import { CONFIRM, linkTo, mailsTo, RESET } from './mailbox.ts';
import { browserOf, copySession, emailOf, PASSWORD, signIn, signUp } from './people.ts';

let app: MailingApp;
beforeAll(async () => {
  app = await startTestApp({ settings: { trusted_proxies: ['127.0.0.0/8'] } });
});
afterAll(() => app.close());
afterEach(() => {
  vi.useRealTimers();
});

function passSeconds(seconds: number): void {
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + seconds * 1000);
}

async function personOf(name: string): Promise<FormRobot> {
  const robot = browserOf(app, name);
  await signUp(robot, name);
  return robot;
}

const accountOf = (name: string) => app.parts.accounts.get(emailOf(name));

async function isVerified(name: string): Promise<boolean> {
  return (await accountOf(name)).emailVerifiedAt !== undefined;
}

async function confirm(robot: FormRobot, path: string): Promise<Page> {
  return robot.submit(await robot.get(path), {}, { action: path });
}

async function askChange(robot: FormRobot, email: string, password = PASSWORD): Promise<Page> {
  return robot.submit(await robot.get('/account/email'), { email, password }, { button: 'Send the link' });
}

test('C05: after sign-up a link is sent; looking at it changes nothing, the button of its page confirms the address', async () => {
  const robot = await personOf('Ada');
  expect(mainTextOf(await robot.get('/account'))).toContain('Not confirmed yet');
  const path = await linkTo(app, emailOf('Ada'), CONFIRM);
  const page = await robot.get(path);
  expect(mainTextOf(page)).toContain('ada@example.com');
  expect(await isVerified('Ada')).toBe(false);
  expect(mainTextOf(await robot.submit(page, {}, { action: path }))).toContain('Your address is confirmed');
  expect(await isVerified('Ada')).toBe(true);
  expect((await robot.get(path)).status).toBe(404);
  expect(mainTextOf(await robot.get('/account'))).not.toContain('Not confirmed yet');
});

test('the link lives 24 hours, and can be sent again; then the first one is worth nothing', async () => {
  const robot = await personOf('Beatrice');
  const first = await linkTo(app, emailOf('Beatrice'), CONFIRM);
  const account = await robot.get('/account/email');
  await robot.submit(account, {}, { action: '/account/email/verification' });
  const second = await linkTo(app, emailOf('Beatrice'), CONFIRM);
  expect([(await robot.get(first)).status, (await robot.get(second)).status]).toEqual([404, 200]);
  passSeconds(86_399);
  const page = await robot.get(second);
  expect(page.status).toBe(200);
  passSeconds(2);
  expect((await robot.submit(page, {}, { action: second })).status).toBe(404);
});

test('who has the link and not the account confirms nothing: an account that a stranger made stays unconfirmed', async () => {
  await personOf('Clara');
  const path = await linkTo(app, emailOf('Clara'), CONFIRM);
  const nobody = browserOf(app, 'nobody');
  expect((await nobody.get(path)).location).toContain('/sign-in?return_to=%2Fverify-email%2F');
  const eve = await personOf('Eve');
  expect((await eve.get(path)).status).toBe(404);
  const csrf = csrfOf(await eve.get('/account'));
  expect((await eve.post(path, { csrf })).status).toBe(404);
  expect(await isVerified('Clara')).toBe(false);
});

test('S17: nobody confirms an address, or takes a role, by sending a field', async () => {
  const robot = browserOf(app, 'Dora');
  const form = await robot.visit('/sign-up');
  const fields = { name: 'Dora', email: emailOf('Dora'), password: PASSWORD };
  const more = { email_verified: 'true', email_verified_at: '1', is_admin: '1', role: 'admin', id: 'acct_x' };
  await robot.post('/sign-up', { csrf: csrfOf(form), ...fields, ...more });
  expect(await accountOf('Dora')).toMatchObject({
    emailVerifiedAt: undefined,
    isAdmin: false,
    role: 'member',
  });
});

test('the userinfo endpoint says email_verified when it is so, and not before', async () => {
  const place = await startTestApp();
  const world = await createWorldIn(place);
  const robot = place.robot();
  const { access_token } = await world.signIn(world.notes, { scope: 'openid email' }, robot);
  const ask = () => world.ask('/userinfo', { headers: { Authorization: `Bearer ${access_token}` } });
  expect((await ask()).body).toMatchObject({ email: 'ada@example.com', email_verified: false });
  await confirm(robot, await linkTo(place, 'ada@example.com', CONFIRM));
  expect((await ask()).body).toMatchObject({ email: 'ada@example.com', email_verified: true });
  await place.close();
});

test('S13: a new address needs a sign-in of just now, and the password', async () => {
  const robot = await personOf('Emma');
  const page = await robot.get('/account/email');
  const refused = await askChange(robot, 'emma@new.example', 'a wrong password');
  expect(refused.status).toBe(401);
  passSeconds(301);
  const stale = { csrf: csrfOf(page), email: 'emma@new.example', password: PASSWORD };
  expect((await robot.post('/account/email', stale)).status).toBe(403);
  const asked = await robot.get('/account/email');
  expect(asked.location).toBe(`${app.config.issuer}/sign-in?return_to=%2Faccount%2Femail&prompt=login`);
  expect(await mailsTo(app, 'emma@new.example')).toEqual([]);
  await signIn(robot, emailOf('Emma'));
  expect((await askChange(robot, 'emma@new.example')).status).toBe(200);
  expect(await mailsTo(app, 'emma@new.example')).toHaveLength(1);
});

test('a new address takes the place of the old one when it is confirmed, and not before; the old one is told', async () => {
  const robot = await personOf('Fanny');
  await askChange(robot, 'Fanny@New.example');
  expect((await accountOf('Fanny')).email).toBe('fanny@example.com');
  const toOld = async () => (await mailsTo(app, emailOf('Fanny'))).map(({ subject }) => subject);
  expect(await toOld()).toContain('Your e-mail address is about to change');
  await confirm(robot, await linkTo(app, 'fanny@new.example', CONFIRM));
  const account = await app.parts.accounts.get('fanny@new.example');
  expect(account).toMatchObject({ email: 'Fanny@New.example', emailVerifiedAt: expect.any(Number) });
  await expect(accountOf('Fanny')).rejects.toMatchObject({ code: 'not_found' });
  expect(await toOld()).toContain('Your e-mail address was changed');
  expect((await signIn(browserOf(app, 'Fanny 2'), 'fanny@new.example')).status).toBe(303);
  expect((await signIn(browserOf(app, 'Fanny 2'), emailOf('Fanny'))).status).toBe(401);
});

test('S14: a link to choose a new password that went to the old address dies with it', async () => {
  const robot = await personOf('Grace');
  const elsewhere = browserOf(app, 'Grace elsewhere');
  await elsewhere.send(await elsewhere.visit('/forgot-password'), { email: emailOf('Grace') });
  const reset = await linkTo(app, emailOf('Grace'), RESET);
  await askChange(robot, 'grace@new.example');
  expect((await elsewhere.get(reset)).status).toBe(200);
  await confirm(robot, await linkTo(app, 'grace@new.example', CONFIRM));
  expect((await elsewhere.get(reset)).status).toBe(404);
});

test('a password that is changed ends a change of address that was asked for before it', async () => {
  const robot = await personOf('Hedy');
  const thief = browserOf(app, 'a thief');
  copySession(robot, thief);
  await askChange(thief, 'thief@evil.example');
  const path = await linkTo(app, 'thief@evil.example', CONFIRM);
  await robot.send(
    await robot.visit('/account/password'),
    { password: PASSWORD, new_password: 'slow wheels of brass turn' },
    { action: '/account/password' },
  );
  expect((await robot.get(path)).status).toBe(404);
});

test('an address that another person has is not told on, and cannot be taken', async () => {
  const robot = await personOf('Irene');
  await personOf('Joan');
  const free = mainTextOf(await askChange(robot, 'somebody@new.example'));
  const taken = mainTextOf(await askChange(robot, emailOf('Joan')));
  expect(taken.replace(emailOf('Joan'), 'somebody@new.example')).toBe(free);
  const answer = await confirm(robot, await linkTo(app, emailOf('Joan'), CONFIRM));
  expect(answer.status).toBe(409);
  expect((await accountOf('Joan')).name).toBe('Joan');
});

test('S16: a new address is judged after its normalization, and the link goes to what it is then', async () => {
  const robot = await personOf('Kate');
  for (const email of [
    'kate＠evil.example',
    'kate@new.example,eve@evil.example',
    'kate@new.example\r\nBcc: x@y.z',
  ]) {
    expect((await askChange(robot, email)).status).toBe(400);
  }
  await askChange(robot, 'ⓚate@New.example');
  expect(await mailsTo(app, 'kate@new.example')).toHaveLength(1);
});

test('S07: one account sends so many links to strangers and no more', async () => {
  const robot = await personOf('Mallory');
  const statuses = [];
  for (let count = 0; count < 6; count += 1)
    statuses.push((await askChange(robot, `v${count}@example.com`)).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
});

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  test('F12: of 20 who use one link from two processes at once one confirms, and of two accounts one gets the address', async () => {
    const place = await startTestApp({ dialect });
    const other = await createParts(place.config, { actor: 'system' });
    const people = [];
    for (const name of ['Ada', 'Grace']) {
      await signUp(place.robot(), name);
      people.push(await place.parts.accounts.get(emailOf(name)));
    }
    const [ada, grace] = people;
    if (ada === undefined || grace === undefined) throw new Error('nobody signed up');
    const secretOf = async (email: string) => (await linkTo(place, email, CONFIRM)).split('/')[2] ?? '';
    const secret = await secretOf(emailOf('Ada'));
    const ends = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? place.parts : other).emailVerification.confirm(secret, ada),
      ),
    );
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);

    await place.parts.emailVerification.askChange(ada, 'one@new.example');
    const adas = await secretOf('one@new.example');
    await place.parts.emailVerification.askChange(grace, 'One@New.example');
    const graces = await secretOf('one@new.example');
    const both = await Promise.allSettled([
      place.parts.emailVerification.confirm(adas, ada),
      other.emailVerification.confirm(graces, grace),
    ]);
    const codes = both.map((end) => (end.status === 'rejected' ? end.reason.code : 'won'));
    expect(codes.toSorted()).toEqual(['already_exists', 'won']);
    await other.close();
    await place.close();
  });
});
