// A password that is forgotten in the middle of an authorization, or of pairing a device: nothing of it is lost (rows S14, A28).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDeviceVisits } from '../interactions/device-visits.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { findAll, parseHtml, textOf } from '../support/html.ts';
import { answerOf, createVisits, stageOf, type Visits } from '../support/visits.ts';
import { createWorldIn, PASSWORD, type World } from '../support/world.ts';
import { linkTo, RESET } from './mailbox.ts';

let app: MailingApp;
let world: World;
let visits: Visits;
beforeAll(async () => {
  app = await startTestApp();
  world = await createWorldIn(app);
  visits = createVisits(world);
});
afterAll(() => app.close());

const FORGOTTEN = 'Forgotten your password?';
const BACK = 'Back to sign in';
const ON = 'Continue where you were';

function hrefOf(page: Page, words: string): string | undefined {
  return findAll(parseHtml(page.html), 'a').find((link) => textOf(link) === words)?.attributes.href;
}

function click(robot: FormRobot, page: Page, words: string): Promise<Page> {
  const href = hrefOf(page, words);
  if (href === undefined) throw new Error(`no link "${words}": ${mainTextOf(page)}`);
  return robot.visit(href);
}

let people = 0;

/** Somebody of their own, who forgets their password at this page and asks for the link there. */
async function forget(robot: FormRobot, signIn: Page) {
  const email = `forgetful-${++people}@example.com`;
  const password = `slow wheels of brass turn ${people}`;
  await app.parts.accounts.register({ email, name: 'Ada', password: PASSWORD }, 'operator');
  const asked = await robot.send(await click(robot, signIn, FORGOTTEN), { email });
  return { asked, person: { email, password }, path: await linkTo(app, email, RESET) };
}

async function reset(robot: FormRobot, { path, person }: Awaited<ReturnType<typeof forget>>) {
  const page = await robot.send(await robot.get(path), { password: person.password });
  expect(mainTextOf(page)).toContain('Your password is changed');
  return page;
}

test('S14: in the browser that asked, the reset leads back to the authorization, which goes on to the app', async () => {
  const { robot, page } = await visits.begin(world.notes, { state: 'kept' });
  const who = await forget(robot, page);
  const signIn = await click(robot, await reset(robot, who), ON);
  expect([stageOf(signIn), mainTextOf(signIn)]).toEqual(['sign-in', expect.stringContaining('Notes')]);
  const consent = await visits.signIn(robot, signIn, who.person);
  expect(answerOf(await visits.decide(robot, consent, 'allow'))).toMatchObject({
    state: 'kept',
    code: expect.any(String),
  });
  const again = await robot.get(who.path);
  expect(again.status).toBe(404);
});

test('S14: with the link opened in another browser, that one says to go back, and the first goes on', async () => {
  const { robot, page } = await visits.begin(world.notes, { state: 'kept' });
  const who = await forget(robot, page);
  const phone = app.robot();
  const done = await reset(phone, who);
  expect(hrefOf(done, ON)).toBeUndefined();
  expect(mainTextOf(done)).toContain('Go back there');
  const consent = await visits.signIn(robot, await click(robot, who.asked, BACK), who.person);
  expect(answerOf(await visits.decide(robot, consent, 'allow'))).toMatchObject({ state: 'kept' });
});

test('S14: whoever is asked for the password again in the middle, and has forgotten it, goes on too', async () => {
  const { robot, page } = await visits.begin(world.notes);
  const who = await forget(robot, page);
  const consent = await visits.signIn(robot, page, {
    email: who.person.email,
    password: PASSWORD,
  });
  await visits.decide(robot, consent, 'allow');
  const asked = await visits.begin(world.notes, { prompt: 'login', state: 'kept' }, robot);
  expect(stageOf(asked.page)).toBe('sign-in');
  await robot.send(await click(robot, asked.page, FORGOTTEN), { email: who.person.email });
  const path = await linkTo(app, who.person.email, RESET);
  const signIn = await click(robot, await reset(robot, { ...who, path }), ON);
  const next = await visits.signIn(robot, signIn, who.person);
  const back = stageOf(next) === 'consent' ? await visits.decide(robot, next, 'allow') : next;
  expect(answerOf(back)).toMatchObject({ state: 'kept', code: expect.any(String) });
});

test('S14: a device that waits is still there after the reset, with its code filled in', async () => {
  const robot = app.robot();
  const { user_code } = await createDeviceVisits(world).ask();
  const who = await forget(robot, await robot.visit(`/device?user_code=${user_code}`));
  const signIn = await click(robot, await reset(robot, who), ON);
  const entry = await robot.send(signIn, who.person);
  expect(entry.url).toBe(`${app.config.issuer}/device?user_code=${user_code}`);
  const question = await robot.submit(entry);
  expect(mainTextOf(question)).toContain(user_code);
});

test.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
  'A28: no link leads to %s, which somebody wrote into the address of the page or into the cookie',
  async (evil) => {
    const robot = app.robot();
    const signIn = await robot.visit(`/sign-in?return_to=${encodeURIComponent(evil)}`);
    const who = await forget(robot, signIn);
    expect(hrefOf(who.asked, BACK)).toBe('/sign-in?return_to=%2Faccount');
    robot.setCookie('lk-return', Buffer.from(evil).toString('base64url'));
    expect(hrefOf(await reset(robot, who), ON)).toBe('/sign-in?return_to=%2Faccount');
  },
);

test('S14: without anything to go back to nothing is offered, also where an earlier page had something', async () => {
  const { robot, page } = await visits.begin(world.notes);
  await forget(robot, page);
  const who = await forget(robot, await robot.visit('/sign-in'));
  expect(hrefOf(await reset(robot, who), ON)).toBeUndefined();
});
