// What an app is told when a session ends (OpenID Connect Back-Channel Logout 1.0 sections 2.1 to 2.5; row L05).
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createLogoutWorld, type LogoutWorld } from './logout-world.ts';

let world: LogoutWorld;
beforeAll(async () => {
  world = await createLogoutWorld();
});
afterAll(() => world.close());
beforeEach(() => {
  for (const receiver of world.receivers) receiver.asked.length = 0;
});

async function signOut(robot: ReturnType<LogoutWorld['app']['robot']>): Promise<void> {
  await robot.submit(await robot.get('/logout'), {}, { button: 'logout=yes' });
}

test('L05: discovery says that clients are told, and told which session', async () => {
  const { body } = await world.ask('/.well-known/openid-configuration');
  expect(body).toMatchObject({
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  });
});

test('L05: the token is a logout+jwt of ours for that client, for two minutes, with the sid of the ID token', async () => {
  const app = await world.listen();
  const robot = world.app.robot();
  const tokens = await world.signIn(app, {}, robot);
  await signOut(robot);
  await world.deliver();

  expect(app.receiver.asked).toMatchObject([
    { method: 'POST', path: '/logout', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  ]);
  const [told] = await world.toldAt(app.receiver);
  expect(told?.protectedHeader).toMatchObject({ alg: 'RS256', typ: 'logout+jwt' });
  const now = Math.floor(Date.now() / 1000);
  expect(told?.payload).toEqual({
    iss: world.app.config.issuer,
    aud: app.id,
    sub: world.ada.id,
    sid: world.sidOf(tokens.id_token),
    iat: expect.toSatisfy((iat: number) => iat >= now - 5 && iat <= now),
    exp: (told?.payload.iat ?? 0) + 120,
    jti: expect.stringMatching(/^[\w-]{22}$/),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  });
  expect(world.sidOf(tokens.id_token)).toMatch(/^[\w-]{16,}$/);
});

test('L05: the token is signed when it is sent, and each try is another token', async () => {
  const app = await world.listen();
  const robot = world.app.robot();
  await world.signIn(app, {}, robot);
  await signOut(robot);
  app.receiver.behave((_request, response) => void response.writeHead(503).end());
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const signedOutAt = Math.floor(Date.now() / 1000);
    vi.setSystemTime(Date.now() + 3_600_000);
    await world.deliver();
    app.receiver.behave((_request, response) => void response.writeHead(204).end());
    vi.setSystemTime(Date.now() + 60_000);
    await world.deliver();
    const [first, second] = await world.toldAt(app.receiver);
    expect((first?.payload.iat ?? 0) - signedOutAt).toBeGreaterThanOrEqual(3600);
    expect(second?.payload.jti).not.toBe(first?.payload.jti);
    expect((second?.payload.iat ?? 0) - (first?.payload.iat ?? 0)).toBeGreaterThanOrEqual(60);
  } finally {
    vi.useRealTimers();
  }
});

test('L05: a client that does not need the session is told whose it was, and its ID tokens name none', async () => {
  const app = await world.listen({}, { needsSid: false });
  const robot = world.app.robot();
  const tokens = await world.signIn(app, {}, robot);
  await signOut(robot);
  await world.deliver();
  expect(world.sidOf(tokens.id_token)).toBeUndefined();
  expect(await world.toldOf(app.receiver)).toEqual([{ aud: app.id, sub: world.ada.id, sid: undefined }]);
});

test('L05: an ID token from a refresh names the same session', async () => {
  const app = await world.listen();
  const tokens = await world.signIn(app, { scope: 'openid offline_access read:tasks' });
  const refreshed = await world.refresh(app, tokens.refresh_token);
  expect(world.sidOf(refreshed.body.id_token as string)).toBe(world.sidOf(tokens.id_token));
});

test('L05: a logout token opens nothing: it is no ID token hint, no access token and no assertion', async () => {
  const app = await world.listen();
  const robot = world.app.robot();
  await world.signIn(app, {}, robot);
  await signOut(robot);
  await world.deliver();
  const [told] = await world.toldAt(app.receiver);
  const token = told?.token ?? '';
  expect((await world.introspect(world.api, token)).body).toEqual({ active: false });
  const { status } = await world.ask('/userinfo', { headers: { Authorization: `Bearer ${token}` } });
  expect(status).toBe(401);
});

test('L05: two sessions of one person at one app have names of their own, and the right one is named', async () => {
  const app = await world.listen();
  const [laptop, phone] = [world.app.robot(), world.app.robot()];
  const onLaptop = await world.signIn(app, {}, laptop);
  const onPhone = await world.signIn(app, {}, phone);
  expect(world.sidOf(onLaptop.id_token)).not.toBe(world.sidOf(onPhone.id_token));
  await signOut(phone);
  await world.deliver();
  expect((await world.toldOf(app.receiver)).map(({ sid }) => sid)).toEqual([world.sidOf(onPhone.id_token)]);
});

test('L05: every app of the session is told once, and one that did not register is not', async () => {
  const [one, two] = [
    await world.listen(),
    await world.listen({ name: 'Shop' }, { receiver: world.receivers[1] }),
  ];
  const robot = world.app.robot();
  for (const app of [one, two, world.notes, one]) await world.signIn(app, {}, robot);
  await signOut(robot);
  await world.deliver();
  await world.deliver();
  expect((await world.toldOf(world.receivers[0])).map(({ aud }) => aud)).toEqual([one.id]);
  expect((await world.toldOf(world.receivers[1])).map(({ aud }) => aud)).toEqual([two.id]);
});
