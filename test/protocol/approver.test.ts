// What an ID token says of the sign-in behind it (OpenID Connect Core section 2, RFC 8176): the person's own, wherever the token is.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { askForCode, CLI, enterCode, MANY_CODES, poll } from '../support/devices.ts';
import type { Answer } from '../support/program.ts';
import { createWorld, PASSWORD, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };

let world: World;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
});
afterAll(() => world.close());
afterEach(() => {
  vi.useRealTimers();
});

/** The clock stands still, and goes on by so much. */
function pass(seconds: number): void {
  const before = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(before + seconds * 1000);
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

function claimsOf(idToken: string): Record<string, unknown> {
  const [, payload = ''] = idToken.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}

function idTokenOf({ status, text, body }: Answer): Record<string, unknown> {
  if (status !== 200) throw new Error(`no tokens: ${status} ${text}`);
  return claimsOf((body as TokenSet).id_token);
}

/** Ada signed in on a page of ours, outside of any authorization. */
async function signInOutside() {
  const robot = world.app.robot();
  await robot.send(await robot.get('/sign-in'), { email: 'ada@example.com', password: PASSWORD });
  return robot;
}

test('D33: the ID token of a device says how and when its approver signed in, also when it is refreshed, and names no session', async () => {
  pass(0);
  const signedInAt = now();
  const robot = await signInOutside();
  pass(300);
  const code = await askForCode(world);
  const page = await enterCode(robot, code.user_code);
  pass(60);
  await robot.send(page, {}, { button: 'decision=allow' });
  pass(10);
  const answer = await poll(world, code);
  const approver = { sub: world.ada.id, aud: CLI.id, amr: ['pwd'], auth_time: signedInAt };
  expect(idTokenOf(answer)).toMatchObject(approver);
  expect(idTokenOf(answer)).not.toHaveProperty('sid');
  pass(3600);
  const refreshed = await world.refresh(CLI, String(answer.body.refresh_token));
  expect(idTokenOf(refreshed)).toMatchObject({ ...approver, iat: now() });
});

test('D33: the ID token of an app says the same of the session that it came from, whichever page began that', async () => {
  pass(0);
  const signedInAt = now();
  const robots = [await signInOutside(), world.app.robot()];
  await world.signIn(world.notes, {}, robots[1]);
  pass(600);
  for (const robot of robots) {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    expect(claimsOf(tokens.id_token)).toMatchObject({ amr: ['pwd'], auth_time: signedInAt });
    const refreshed = await world.refresh(world.notes, tokens.refresh_token);
    expect(idTokenOf(refreshed)).toMatchObject({ amr: ['pwd'], auth_time: signedInAt });
  }
});

test('D33: whoever proves once more who they are has a younger auth_time', async () => {
  pass(0);
  const robot = await signInOutside();
  pass(600);
  const tokens = await world.signIn(world.notes, { prompt: 'login' }, robot);
  expect(claimsOf(tokens.id_token)).toMatchObject({ amr: ['pwd'], auth_time: now() });
});

test('D33: these claims are of the ID token: they are announced, and userinfo says nothing of a sign-in', async () => {
  const { access_token } = await world.signIn(world.notes);
  const userinfo = await world.ask('/userinfo', { headers: { Authorization: `Bearer ${access_token}` } });
  expect(userinfo.body).toEqual({ sub: world.ada.id });
  const { body } = await world.ask('/.well-known/openid-configuration');
  expect(body.claims_supported).toEqual(expect.arrayContaining(['amr', 'auth_time']));
});
