// RFC 10027, "Detect and Remediate": a person is told of a device that was paired, and ends its access from there (row D30).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linkTo, mailsTo } from '../accounts/mailbox.ts';
import { createDeviceVisits } from '../interactions/device-visits.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { askForCode, enterCode } from '../support/devices.ts';
import { mainTextOf } from '../support/form-robot.ts';
import { createWorldIn, PASSWORD, type World } from '../support/world.ts';

const NOTICE = 'A device can now use your account';
const ADA = 'ada@example.com';

let app: MailingApp;
let world: World;
beforeAll(async () => {
  app = await startTestApp();
  world = await createWorldIn(app);
});
afterAll(() => app.close());

test('D30: an approved device is told by mail, with the way to the page on which one click ends it', async () => {
  const robot = app.robot();
  const code = await createDeviceVisits(world).ask({}, { 'User-Agent': 'curl/8.5.0' });
  const question = await enterCode(robot, code.user_code);
  expect((await mailsTo(app, ADA)).map(({ subject }) => subject)).not.toContain(NOTICE);
  await robot.submit(question, {}, { button: 'decision=allow' });
  const { body } = await createDeviceVisits(world).poll(code);
  const path = await linkTo(app, ADA, NOTICE);
  const text = (await mailsTo(app, ADA)).find(({ subject }) => subject === NOTICE)?.text ?? '';
  for (const words of ['latchkey-cli', 'Read your tasks', 'curl', '127.0.0.1', /How long: until \d/])
    expect(text).toMatch(words);
  const elsewhere = app.robot();
  const access = await elsewhere.send(await elsewhere.visit(path), { email: ADA, password: PASSWORD });
  expect([access.url, mainTextOf(access)]).toEqual([
    `${app.config.issuer}${path}`,
    expect.stringContaining('latchkey-cli'),
  ]);
  expect((await world.introspect(world.api, String(body.access_token))).body.active).toBe(true);
  await elsewhere.submit(access);
  expect((await world.introspect(world.api, String(body.access_token))).body).toEqual({ active: false });
  expect(mainTextOf(await elsewhere.get(path))).toContain('It has no access');
});

test('D30: the link of the message shows another person nothing, and ends nothing for them', async () => {
  const robot = app.robot();
  const question = await enterCode(robot, (await askForCode(world)).user_code);
  await robot.submit(question, {}, { button: 'decision=allow' });
  const path = await linkTo(app, ADA, NOTICE);
  const grace = { email: 'grace@example.com', password: PASSWORD };
  await app.parts.accounts.register({ ...grace, name: 'Grace' }, 'operator');
  const hers = app.robot();
  const page = await hers.send(await hers.visit(path), grace);
  expect(mainTextOf(page)).toContain('It has no access');
  expect(page.html).not.toContain('latchkey-cli');
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
  expect((await hers.post(`${path}/revoke`, { csrf })).status).toBe(404);
  expect(await app.parts.grants.listOf(world.ada.id)).toHaveLength(1);
});

test('D30: a device that was declined is no message', async () => {
  const robot = app.robot();
  const before = (await mailsTo(app, ADA)).filter(({ subject }) => subject === NOTICE).length;
  const question = await enterCode(robot, (await askForCode(world)).user_code);
  await robot.submit(question, {}, { button: 'decision=deny' });
  expect((await mailsTo(app, ADA)).filter(({ subject }) => subject === NOTICE)).toHaveLength(before);
});
