// Sign-out at the request of an app (OpenID Connect RP-Initiated Logout 1.0): asked of the person, and final.
import { createHash } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { createVerifier, createWorld, type TokenSet, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const BYE = 'https://notes.example.com/bye';

async function signIn(scope = 'openid read:tasks'): Promise<{ robot: FormRobot; tokens: TokenSet }> {
  const robot = world.app.robot();
  return { robot, tokens: await world.signIn(world.notes, { scope }, robot) };
}

function logoutPath(parameters: Record<string, string>): string {
  return `/logout?${new URLSearchParams(parameters)}`;
}

async function isSignedIn(robot: FormRobot): Promise<boolean> {
  return (await robot.get('/account')).status === 200;
}

function signOut(robot: FormRobot, page: Page): Promise<Page> {
  return robot.submit(page, {}, { button: 'logout=yes' });
}

test('L01: after the person confirms, the browser goes to the registered address with the state', async () => {
  const { robot, tokens } = await signIn();
  const page = await robot.get(
    logoutPath({ id_token_hint: tokens.id_token, post_logout_redirect_uri: BYE, state: 'st/ä' }),
  );
  expect(page.status).toBe(200);
  expect(mainTextOf(page)).toContain('Notes asks to sign you out');
  expect(await isSignedIn(robot)).toBe(true);
  const answer = await signOut(robot, page);
  expect(answer.status).toBe(303);
  expect(answer.location).toBe(`${BYE}?state=${encodeURIComponent('st/ä')}`);
  expect(await isSignedIn(robot)).toBe(false);
});

test.each([
  `${BYE}?next=https://evil.example`,
  `${BYE}/`,
  'https://evil.example/bye',
  'https://notes.example.com@evil.example/bye',
  'javascript:alert(1)',
])('L01: %s is not registered: an error page and no redirect', async (uri) => {
  const { robot, tokens } = await signIn();
  const page = await robot.get(logoutPath({ id_token_hint: tokens.id_token, post_logout_redirect_uri: uri }));
  expect([page.status, page.location]).toEqual([400, undefined]);
  expect(await isSignedIn(robot)).toBe(true);
});

test('L01: without a hint or a client an address is not believed', async () => {
  const { robot } = await signIn();
  const page = await robot.get(logoutPath({ post_logout_redirect_uri: BYE }));
  const done = await signOut(robot, page);
  expect(new URL(done.location ?? '').origin).toBe(world.app.config.issuer);
});

test('L02: without a hint the person is asked, by GET and by POST, and nothing happens before', async () => {
  const { robot } = await signIn();
  for (const page of [await robot.get('/logout'), await robot.follow(await robot.post('/logout', {}))]) {
    expect(page.status).toBe(200);
    expect(mainTextOf(page)).toContain('Sign out');
    expect(await isSignedIn(robot)).toBe(true);
  }
});

test('L02 O03: a hint without signature, with a changed claim, or signed by another is an error', async () => {
  const { robot, tokens } = await signIn();
  const [header = '', payload = '', signature = ''] = tokens.id_token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, string>;
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'acct_other' })).toString('base64url');
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const kid = createHash('sha256')
    .update(JSON.stringify(await exportJWK(publicKey)))
    .digest('hex');
  const foreign = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
  const hints = [
    `${none}.${payload}.`,
    `${none}.${payload}.${signature}`,
    `${header}.${changed}.${signature}`,
    foreign,
    'x',
  ];
  for (const id_token_hint of hints) {
    const page = await robot.get(logoutPath({ id_token_hint, post_logout_redirect_uri: BYE }));
    expect([page.status, page.location], id_token_hint).toEqual([400, undefined]);
  }
  expect(await isSignedIn(robot)).toBe(true);
});

test('RP-Initiated Logout section 2: a POST is taken as the same GET', async () => {
  const { robot, tokens } = await signIn();
  const posted = await robot.post('/logout', {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: BYE,
  });
  expect(posted.status).toBe(303);
  const done = await signOut(robot, await robot.follow(posted));
  expect(done.location).toBe(BYE);
});

test('RP-Initiated Logout section 2: a POST of nothing is a request without parameters, and of no form 415', async () => {
  const { status, headers: sent } = await world.ask('/logout', { method: 'POST' });
  expect([status, sent.get('location')]).toEqual([303, '/logout?']);
  const headers = { 'Content-Type': 'application/json' };
  expect(await world.ask('/logout', { method: 'POST', headers, body: '{}' })).toMatchObject({ status: 415 });
});

test('L03: the confirmation needs the secret of its own page', async () => {
  const { robot } = await signIn();
  await robot.get('/logout');
  const bare = await robot.post('/logout/confirm', { logout: 'yes' });
  const guessed = await robot.post('/logout/confirm', { logout: 'yes', xsrf: 'a'.repeat(48) });
  expect([bare.status, guessed.status]).toEqual([400, 400]);
  expect(await isSignedIn(robot)).toBe(true);
});

test('L03: the secret of one browser is worth nothing in another', async () => {
  const [ada, mallory] = [await signIn(), await signIn()];
  const page = await mallory.robot.get('/logout');
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
  await ada.robot.get('/logout');
  expect((await ada.robot.post('/logout/confirm', { logout: 'yes', xsrf })).status).toBe(400);
  expect(await isSignedIn(ada.robot)).toBe(true);
});

test.each([{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.example' }, { Origin: 'null' }])(
  'L03: a confirmation that was sent from another site is refused (%o)',
  async (headers) => {
    const { robot } = await signIn();
    const page = await robot.get('/logout');
    const answer = await robot.submit(page, {}, { button: 'logout=yes', headers });
    expect(answer.status).toBe(403);
    expect(await isSignedIn(robot)).toBe(true);
  },
);

test('L04: afterwards prompt=none says login_required, and the old cookie is nobody', async () => {
  const { robot } = await signIn();
  const cookie = robot.cookie('lk-session') ?? '';
  const signature = robot.cookie('lk-session.sig') ?? '';
  const silently = world.authorizationPath(world.notes, createVerifier().challenge, { prompt: 'none' });
  expect(new URL((await robot.get(silently)).location ?? '').searchParams.has('code')).toBe(true);
  await signOut(robot, await robot.get('/logout'));

  const back = new URL((await robot.get(silently)).location ?? '');
  expect(back.searchParams.get('error')).toBe('login_required');
  const thief = world.app.robot();
  thief.setCookie('lk-session', cookie);
  thief.setCookie('lk-session.sig', signature);
  expect(cookie).not.toBe('');
  expect(await isSignedIn(thief)).toBe(false);
  expect(new URL((await thief.get(silently)).location ?? '').searchParams.get('error')).toBe(
    'login_required',
  );
});

test('L04: grants without offline_access end with the session, others live on', async () => {
  const robot = world.app.robot();
  const online = await world.signIn(world.notes, {}, robot);
  const offline = await world.signIn(world.notes, { scope: 'openid offline_access read:tasks' }, robot);
  await signOut(robot, await robot.get('/logout'));
  expect((await world.introspect(world.api, online.access_token)).body.active).toBe(false);
  expect((await world.introspect(world.api, offline.access_token)).body.active).toBe(true);
  expect((await world.refresh(world.notes, offline.refresh_token)).status).toBe(200);
});

test('L04: the browser is told to forget, on the way back to the app and on our own page', async () => {
  for (const more of [{}, { post_logout_redirect_uri: BYE }] as Record<string, string>[]) {
    const { robot, tokens } = await signIn();
    const page = await robot.get(logoutPath({ id_token_hint: tokens.id_token, ...more }));
    const answer = await signOut(robot, page);
    expect(answer.headers.get('clear-site-data')).toBe('"cache", "storage"');
    const ended = answer.headers.getSetCookie().find((one) => one.startsWith('lk-session='));
    expect(ended).toMatch(/^lk-session=;.*1970/);
  }
});

test('who chooses to stay signed in is signed in, and is not told otherwise', async () => {
  const { robot } = await signIn();
  const page = await robot.get('/logout');
  const stayed = await robot.send(page, {}, { button: 'Stay signed in' });
  expect([stayed.status, new URL(stayed.url).pathname]).toEqual([200, '/account']);
  expect(await isSignedIn(robot)).toBe(true);
  expect(stayed.headers.get('clear-site-data')).toBeNull();
});

test('who is signed out already gets to the end without being asked', async () => {
  const robot = world.app.robot();
  const page = await robot.get('/logout?ui_locales=de');
  expect(mainTextOf(page)).toContain('Du wirst abgemeldet');
  expect(page.html).toMatch(/<script src="\/assets\/go-on\.[0-9a-f]{12}\.js" defer>/);
  expect(mainTextOf(await robot.send(page))).toContain('Du bist abgemeldet');
});

test('C02: the page of a sign-out of nobody may lead to the registered address, which gets the state', async () => {
  const robot = world.app.robot();
  const asked = { client_id: world.notes.id, post_logout_redirect_uri: BYE, state: 's' };
  const page = await robot.get(logoutPath(asked));
  expect(page.headers.get('content-security-policy')).toContain(
    "form-action 'self' https://notes.example.com;",
  );
  expect((await robot.submit(page)).location).toBe(`${BYE}?state=s`);
});

test('signing out is in the audit log', async () => {
  const { robot } = await signIn();
  await signOut(robot, await robot.get('/logout'));
  const [event] = await world.app.parts.audit.list({ type: 'sign_out.succeeded', limit: 1 });
  expect(event).toMatchObject({ actor: `account:${world.ada.id}`, accountId: world.ada.id });
});
