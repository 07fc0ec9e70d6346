// After the decision on a device: a second click, what the person sees of it, and another account (RFC 8628 section 3.3; row D19).
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { mainTextOf } from '../support/form-robot.ts';
import { createWorld, PASSWORD, type World } from '../support/world.ts';
import { createDeviceVisits, type DeviceVisits } from './device-visits.ts';

let world: World;
let visits: DeviceVisits;
beforeAll(async () => {
  world = await createWorld({
    settings: { limits: { 'device_code.issue': { max: 1000, window_seconds: 60 } } },
  });
  visits = createDeviceVisits(world);
});
afterAll(() => world.close());
afterEach(() => void vi.useRealTimers());

async function atDecision() {
  const who = await visits.register('Grace');
  const robot = await visits.arrive(who.email);
  const code = await visits.ask();
  return { who, robot, code, page: await visits.enter(robot, code.user_code) };
}

const SHOWN = { allow: 'Your device is connected', deny: 'Denied', report: 'Denied and reported' } as const;

test.each(['allow', 'deny', 'report'] as const)(
  'D19: %s a second time by the same person is told the same, one after the other and both at once',
  async (decision) => {
    for (const isAtOnce of [false, true]) {
      const { who, robot, page, code } = await atDecision();
      const click = () => visits.decide(robot, page, decision);
      const answers = isAtOnce ? await Promise.all([click(), click()]) : [await click(), await click()];
      for (const answer of answers)
        expect([answer.status, mainTextOf(answer)]).toEqual([200, expect.stringContaining(SHOWN[decision])]);
      expect(await world.app.parts.grants.listOf(who.id)).toHaveLength(decision === 'allow' ? 1 : 0);
      expect((await visits.poll(code)).status).toBe(decision === 'allow' ? 200 : 400);
    }
  },
);

test('D19: another answer is refused, and so is the same one once its access was revoked', async () => {
  const { who, robot, page } = await atDecision();
  await visits.decide(robot, page, 'allow');
  for (const other of ['deny', 'report'] as const)
    expect((await visits.decide(robot, page, other)).status).toBe(410);
  await robot.submit(await robot.get('/account/access'), {}, { action: '/account/access/' });
  expect(await world.app.parts.grants.listOf(who.id)).toEqual([]);
  expect((await visits.decide(robot, page, 'allow')).status).toBe(410);
});

test('the end that was chosen is shown with what has access, and so is that there is none', async () => {
  const { robot, page } = await atDecision();
  await visits.decide(robot, page, 'allow', { lifetime: '8_hours' });
  expect(mainTextOf(await robot.get('/account/access'))).toMatch(
    /, until \d{1,2} \w+ \d{4}, .* not connected yet/,
  );
  const other = await atDecision();
  await visits.decide(other.robot, other.page, 'allow', { lifetime: 'until_revoked' });
  await visits.poll(other.code);
  expect(mainTextOf(await other.robot.get('/account/access'))).toMatch(/, until revoked · last used/);
});

test('a device that never came for its tokens has no access any more when its code is over', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { who, robot, page, code } = await atDecision();
  await visits.decide(robot, page, 'allow');
  expect(await world.app.parts.grants.listOf(who.id)).toHaveLength(1);
  vi.setSystemTime(Date.now() + 660_000);
  expect(mainTextOf(await robot.get('/account/access'))).toContain('Nothing has access yet');
  expect((await visits.poll(code)).body.error).toBe('expired_token');
});

test('one that came in the last second of its code has its whole life; so has one that cannot refresh', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const lamp = await world.registerClient({
    ...{ name: 'Lamp', type: 'native', auth: 'none', redirectUris: [] },
    grants: ['urn:ietf:params:oauth:grant-type:device_code'],
  });
  for (const clientId of ['latchkey-cli', lamp.id]) {
    const robot = await visits.arrive((await visits.register('Grace')).email);
    const code = await visits.ask({ client_id: clientId, scope: 'openid read:tasks' });
    await visits.decide(robot, await visits.enter(robot, code.user_code), 'allow');
    vi.setSystemTime(Date.now() + 598_000);
    const { status, body } = await visits.poll(code, clientId);
    expect([clientId, status]).toEqual([clientId, 200]);
    vi.setSystemTime(Date.now() + 3_599_000);
    const { body: seen } = await world.introspect(world.api, String(body.access_token));
    expect([clientId, seen.active]).toEqual([clientId, true]);
  }
});

test('a device that was approved and not polled yet is revoked like any other', async () => {
  const { robot, page, code } = await atDecision();
  await visits.decide(robot, page, 'allow');
  await robot.submit(await robot.get('/account/access'), {}, { action: '/account/access/' });
  expect((await visits.poll(code)).body.error).toBe('invalid_grant');
});

test.each([
  ['where the code is entered', 'Use another account'],
  ['where it is decided', undefined],
])('another account, chosen %s, signs out and comes back to the same code', async (_place, button) => {
  const { user_code } = await visits.ask();
  const grace = await visits.register('Grace');
  const robot = await visits.arrive();
  const entry = await robot.get(`/device?user_code=${user_code}`);
  expect(mainTextOf(entry)).toContain('Signed in as ada@example.com');
  const signIn =
    button === undefined
      ? await robot.send(await robot.submit(entry), {}, { action: '/sign-out' })
      : await robot.send(entry, {}, { button });
  expect(new URL(signIn.url).pathname).toBe('/sign-in');
  expect((await robot.get('/account')).status).toBe(303);
  const back = await robot.send(signIn, { email: grace.email, password: PASSWORD });
  expect(mainTextOf(back)).toContain(`Signed in as ${grace.email}`);
  const question = await robot.submit(back);
  expect([question.status, mainTextOf(question)]).toEqual([200, expect.stringContaining(user_code)]);
});

test('A28: signing out leads to no page of anybody else', async () => {
  const robot = await visits.arrive();
  const page = await robot.get('/device');
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
  const sent = await robot.post('/sign-out', { csrf, return_to: 'https://evil.example/' });
  expect(sent.location).toBe(`${world.app.config.issuer}/account`);
});
