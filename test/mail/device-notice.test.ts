// RFC 10027, "Detect and Remediate": a person is told of a device that was paired, and ends its access from there (row D30).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linkTo, mailsTo } from '../accounts/mailbox.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { askForCode, enterCode, poll } from '../support/devices.ts';
import { createWorldIn, type World } from '../support/world.ts';

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
  const code = await askForCode(world);
  const question = await enterCode(robot, code.user_code);
  expect((await mailsTo(app, ADA)).map(({ subject }) => subject)).not.toContain(NOTICE);
  await robot.submit(question, {}, { button: 'decision=allow' });
  const { body } = await poll(world, code);
  const path = await linkTo(app, ADA, NOTICE);
  expect((await mailsTo(app, ADA)).find(({ subject }) => subject === NOTICE)?.text).toContain('latchkey-cli');
  const access = await robot.get(path);
  expect(access.html).toContain('latchkey-cli');
  expect((await world.introspect(world.api, String(body.access_token))).body.active).toBe(true);
  await robot.submit(access, {}, { action: '/account/access/' });
  expect((await world.introspect(world.api, String(body.access_token))).body).toEqual({ active: false });
});

test('D30: a device that was declined is no message', async () => {
  const robot = app.robot();
  const before = (await mailsTo(app, ADA)).filter(({ subject }) => subject === NOTICE).length;
  const question = await enterCode(robot, (await askForCode(world)).user_code);
  await robot.submit(question, {}, { button: 'decision=deny' });
  expect((await mailsTo(app, ADA)).filter(({ subject }) => subject === NOTICE)).toHaveLength(before);
});
