// A forgotten password: one answer for everybody, a link that opens the door once, and everything that was open ends (ASVS 6.4.3).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createParts } from '../../server/parts.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { csrfOf, type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { createWorldIn, type World } from '../support/world.ts';
import { linkTo, mailsTo, RESET } from './mailbox.ts';
import { browserOf, emailOf, PASSWORD, signIn, signUp } from './people.ts';

const NEXT = 'slow wheels of brass turn';
const limits = { 'sign_in.account': { max: 6, window_seconds: 3600 } };

let app: MailingApp;
beforeAll(async () => {
  app = await startTestApp({
    settings: { trusted_proxies: ['127.0.0.0/8'], allowed_hosts: ['other.example'], limits },
  });
});
afterAll(() => app.close());
afterEach(() => {
  vi.useRealTimers();
});

function passSeconds(seconds: number): void {
  if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + seconds * 1000);
}

async function ask(robot: FormRobot, email: string): Promise<Page> {
  return robot.send(await robot.visit('/forgot-password'), { email });
}

/** Somebody with an account, and the path of a link to choose a new password. */
async function forgetful(name: string) {
  await signUp(browserOf(app, name), name);
  const robot = browserOf(app, `${name} elsewhere`);
  await ask(robot, emailOf(name));
  return { robot, path: await linkTo(app, emailOf(name), RESET) };
}

async function choose(robot: FormRobot, path: string, password = NEXT): Promise<Page> {
  return robot.send(await robot.get(path), { password });
}

test('S14: the link of the mail lets a person choose a password; the old one is worth nothing then', async () => {
  const { robot, path } = await forgetful('Ada');
  expect(path).toMatch(/^\/reset-password\/[\w-]{43}$/);
  const page = await robot.get(path);
  expect(page.headers.get('referrer-policy')).toMatch(/^(no-referrer|same-origin)$/);
  expect(mainTextOf(await robot.send(page, { password: NEXT }))).toContain('Your password is changed');
  expect((await signIn(robot, emailOf('Ada'))).status).toBe(401);
  expect((await signIn(robot, emailOf('Ada'), NEXT)).status).toBe(303);
  expect((await mailsTo(app, emailOf('Ada'))).map(({ subject }) => subject)).toContain(
    'Your password was changed',
  );
});

test('S14: a known and an unknown address get one and the same answer, and only the known one gets mail', async () => {
  await signUp(browserOf(app, 'Beatrice'), 'Beatrice');
  const answers = [];
  for (const name of ['Beatrice', 'Bertha']) {
    const { status, headers, html } = await ask(browserOf(app, `${name} elsewhere`), emailOf(name));
    const kept = [...headers].filter(([header]) => !['date', 'x-request-id'].includes(header));
    answers.push({ status, kept, html });
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]?.html).toContain('If there is an account with this address');
  expect(await mailsTo(app, emailOf('Bertha'))).toEqual([]);
  expect(await linkTo(app, emailOf('Beatrice'), RESET)).toBeTruthy();
});

test('S14 C05: looking at the link, however often, changes nothing', async () => {
  const { robot, path } = await forgetful('Clara');
  for (let count = 0; count < 3; count += 1) expect((await robot.get(path)).status).toBe(200);
  expect((await signIn(robot, emailOf('Clara'))).status).toBe(303);
  expect(mainTextOf(await choose(robot, path))).toContain('Your password is changed');
});

test('S14: the link works once; half an hour later, or with a letter changed, it never does', async () => {
  const used = await forgetful('Dora');
  await choose(used.robot, used.path);
  expect((await used.robot.get(used.path)).status).toBe(404);
  const late = await forgetful('Delia');
  const form = await late.robot.get(late.path);
  passSeconds(1800);
  expect((await late.robot.submit(form, { password: NEXT })).status).toBe(404);
  expect((await late.robot.get('/reset-password/undefined')).status).toBe(404);
});

test('S14: a newer link ends the older one; a changed password ends both', async () => {
  const { robot, path: older } = await forgetful('Emma');
  await ask(robot, emailOf('Emma'));
  const newer = await linkTo(app, emailOf('Emma'), RESET);
  expect([(await robot.get(older)).status, (await robot.get(newer)).status]).toEqual([404, 200]);
  await signIn(robot, emailOf('Emma'));
  await robot.send(
    await robot.visit('/account/password'),
    { password: PASSWORD, new_password: NEXT },
    { action: '/account/password' },
  );
  expect((await robot.get(newer)).status).toBe(404);
});

test('S14: no host that is sent gets into the link', async () => {
  await signUp(browserOf(app, 'Fanny'), 'Fanny');
  const robot = browserOf(app, 'Fanny elsewhere');
  const form = await robot.visit('/forgot-password');
  const evil = { 'X-Forwarded-Host': 'other.example', Forwarded: 'host=evil.example' };
  const answer = await robot.submit(form, { email: emailOf('Fanny') }, { headers: evil });
  expect(answer.status).toBe(200);
  const fields = { csrf: csrfOf(form), email: emailOf('Fanny') };
  const direct = await robot.post('/forgot-password', fields, { headers: { Host: 'evil.example' } });
  expect(direct.status).toBe(421);
  const [mail] = await mailsTo(app, emailOf('Fanny'));
  expect(mail?.link?.startsWith(`${app.config.issuer}/reset-password/`)).toBe(true);
  expect(mail?.text).not.toMatch(/evil\.example|other\.example/);
});

test('S14: the link goes to the address of the account, not to the one that was typed', async () => {
  await signUp(browserOf(app, 'Grace'), 'Grace');
  // A circled letter is another mailbox to a mail server, and the same address to us.
  await ask(browserOf(app, 'Grace elsewhere'), 'ⓖrace@example.com');
  expect(await linkTo(app, emailOf('Grace'), RESET)).toBeTruthy();
});

test('S09: a disabled person gets no link, and one that was sent before opens nothing', async () => {
  const { robot, path } = await forgetful('Hedy');
  const form = await robot.get(path);
  await app.parts.accounts.disable(await app.parts.accounts.get(emailOf('Hedy')), 'operator');
  expect((await robot.submit(form, { password: NEXT })).status).toBe(404);
  const before = (await mailsTo(app, emailOf('Hedy'))).length;
  expect((await ask(robot, emailOf('Hedy'))).status).toBe(200);
  expect(await mailsTo(app, emailOf('Hedy'))).toHaveLength(before);
});

test('S04: the rules for passwords hold here too, and the link survives a refused one', async () => {
  const { robot, path } = await forgetful('Irene');
  const refused = await choose(robot, path, 'password1234');
  expect(refused.status).toBe(400);
  expect(mainTextOf(await robot.send(refused, { password: NEXT }))).toContain('Your password is changed');
});

test('S07: a mailbox is not flooded, however its address is written, and the last link that was sent works', async () => {
  await signUp(browserOf(app, 'Joan'), 'Joan');
  for (let count = 0; count < 6; count += 1) {
    const page = await ask(browserOf(app, `Joan ${count}`), count < 3 ? emailOf('Joan') : 'JOAN@example.com');
    expect(page.status).toBe(200);
  }
  const resets = (await mailsTo(app, emailOf('Joan'))).filter(({ subject }) => subject === RESET);
  expect(resets).toHaveLength(3);
  const path = await linkTo(app, emailOf('Joan'), RESET);
  expect((await browserOf(app, 'Joan').get(path)).status).toBe(200);
});

test('S06: one network asks for so many links and no more', async () => {
  const robot = browserOf(app, 'Mallory');
  const statuses = [];
  for (let count = 0; count < 21; count += 1)
    statuses.push((await ask(robot, `m${count}@example.com`)).status);
  expect(statuses.slice(0, 20)).toEqual(Array(20).fill(200));
  expect(statuses[20]).toBe(429);
});

test('S08: whoever is locked out by the guesses of others gets back in by the link', async () => {
  const { robot, path } = await forgetful('Lise');
  for (let count = 0; count < 6; count += 1) {
    await signIn(browserOf(app, `Eve ${count}`), emailOf('Lise'), 'a wrong password');
  }
  expect((await signIn(browserOf(app, 'Lise at work'), emailOf('Lise'))).status).toBe(429);
  await choose(robot, path);
  expect((await signIn(robot, emailOf('Lise'), NEXT)).status).toBe(303);
});

describe('what was open', () => {
  let world: World;
  let mailing: MailingApp;
  beforeAll(async () => {
    mailing = await startTestApp();
    world = await createWorldIn(mailing);
  });
  afterAll(() => mailing.close());

  test('S14: all sessions and refresh tokens end with the reset, and who has the link has the mailbox', async () => {
    const robot = mailing.robot();
    const tokens = await world.signIn(world.notes, { scope: 'openid offline_access read:tasks' }, robot);
    expect((await robot.get('/account')).status).toBe(200);
    const elsewhere = mailing.robot();
    await ask(elsewhere, 'ada@example.com');
    const answer = await choose(elsewhere, await linkTo(mailing, 'ada@example.com', RESET));
    expect(answer.status).toBe(200);
    expect((await robot.get('/account')).status).toBe(303);
    expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
    expect((await world.refresh(world.notes, tokens.refresh_token)).body.error).toBe('invalid_grant');
    const ada = await mailing.parts.accounts.get('ada@example.com');
    expect(ada.emailVerifiedAt).toBeDefined();
  });
});

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  test('S14 F12: of 50 who use one link from two processes at once, one chooses the password', async () => {
    const place = await startTestApp({ dialect });
    const other = await createParts(place.config, { actor: 'system' });
    await signUp(place.robot(), 'Ada');
    await ask(place.robot(), emailOf('Ada'));
    const secret = (await linkTo(place, emailOf('Ada'), RESET)).split('/')[2] ?? '';
    const ends = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? place.parts : other).passwordReset.use(secret, `${NEXT} ${index}`),
      ),
    );
    const won = ends.flatMap((end, index) => (end.status === 'fulfilled' ? [index] : []));
    const codes = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.code] : []));
    expect(won).toHaveLength(1);
    // Who found the hasher full never came to the link; who did found it spent.
    expect(codes.filter((code) => code === 'not_found').length).toBeGreaterThanOrEqual(10);
    expect(['not_found', 'temporarily_unavailable']).toEqual(expect.arrayContaining([...new Set(codes)]));
    expect((await signIn(place.robot(), emailOf('Ada'), `${NEXT} ${won[0]}`)).status).toBe(303);
    await other.close();
    await place.close();
  });
});
