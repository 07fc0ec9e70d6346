// What every page of an authorization carries: headers and cookies (ASVS 3.3, 3.4); rows H10, A19, A20.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FormRobot, Page } from '../support/form-robot.ts';
import { createVisits, stageOf, uidOf } from '../support/visits.ts';
import { createWorld, type World } from '../support/world.ts';

const HTTPS = 'https://id.example.com';

let world: World;
let secure: World;
beforeAll(async () => {
  world = await createWorld();
  secure = await createWorld({ settings: { issuer: HTTPS } });
});
afterAll(async () => {
  await world.close();
  await secure.close();
});

type Crawl = { robot: FormRobot; pages: Record<string, Page> };

/** Every page, and every answer in between, that a person meets on the way to an app and out again. */
async function crawl(world: World): Promise<Crawl> {
  const visits = createVisits(world);
  const robot = world.app.robot();
  const app = await world.registerClient();
  const start = await robot.get(world.authorizationPath(app, 'x'.repeat(43)));
  const signIn = await robot.follow(start);
  const signUp = await robot.get(`/interaction/${uidOf(signIn)}/sign-up`);
  const wrong = await visits.signIn(robot, signIn, { email: 'ada@example.com', password: 'wrong' });
  const consent = await visits.signIn(robot, wrong);
  const allowed = await robot.submit(consent, {}, { button: 'decision=allow' });
  const back = await robot.follow(allowed);
  const formPost = await visits.begin(app, { response_mode: 'form_post' }, robot);
  const refused = await visits.begin(app, { redirect_uri: 'https://evil.example/' }, robot);
  return {
    robot,
    pages: {
      'the start': start,
      'sign-in': signIn,
      'sign-up': signUp,
      'a sign-in that failed': wrong,
      consent,
      'the answer to Allow': allowed,
      'the way back to the app': back,
      form_post: formPost.page,
      'a refused request': refused.page,
      'an interaction that is over': await robot.get(`/interaction/${uidOf(consent)}`),
      'a resumption that is over': await robot.get(`/authorize/${uidOf(consent)}`),
      'a page that is not there': await robot.get('/authorize/x/y'),
      'the confirmation of a sign-out': await robot.get('/logout'),
      'a sign-out of nobody': await world.app.robot().get('/logout'),
      'after a sign-out': await robot.follow(await robot.get('/logout/success')),
    },
  };
}

function isHtml({ headers, location }: Page): boolean {
  return location === undefined && headers.get('content-type')?.startsWith('text/html') === true;
}

test('the crawl meets each kind of page', async () => {
  const { pages } = await crawl(world);
  expect(Object.values(pages).filter(isHtml).length).toBeGreaterThanOrEqual(10);
  expect(stageOf(pages['sign-in'] as Page)).toBe('sign-in');
  expect(stageOf(pages.consent as Page)).toBe('consent');
  expect((pages['the way back to the app'] as Page).location).toContain('code=');
  expect(Object.values(pages).filter(({ status }) => status >= 500)).toEqual([]);
});

test('H10 A19: no page of an authorization may be framed, and none runs a script but its own', async () => {
  const { pages } = await crawl(world);
  for (const [name, page] of Object.entries(pages)) {
    const policy = page.headers.get('content-security-policy') ?? '';
    expect({ name, policy }).toEqual({ name, policy: expect.stringContaining("frame-ancestors 'none'") });
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe-');
    expect(policy).not.toMatch(/(script|style)-src[^;]*\*/);
    // Of its own that is in a file of its own.
    expect(policy).not.toContain('sha256');
    expect({ name, html: page.html }).toEqual({
      name,
      html: expect.not.stringMatching(/<script(?! src="\/assets\/)/),
    });
    expect({ name, framing: page.headers.get('x-frame-options') }).toEqual({ name, framing: 'DENY' });
  }
});

test('H10 A20: nothing of it is kept, guessed at, or told on', async () => {
  const { pages } = await crawl(world);
  for (const [name, page] of Object.entries(pages)) {
    const { headers } = page;
    expect({ name, cache: headers.get('cache-control') }).toEqual({
      name,
      cache: expect.stringContaining('no-store'),
    });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('permissions-policy')).toContain('camera=()');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
    // With no-referrer Chromium sends `Origin: null` on our own forms.
    expect({ name, referrer: headers.get('referrer-policy') }).toEqual({
      name,
      referrer: isHtml(page) ? 'same-origin' : 'no-referrer',
    });
  }
});

test('H10: the sign-in and consent pages lead forms here and to the app alone', async () => {
  const { pages } = await crawl(world);
  for (const name of ['sign-in', 'sign-up', 'consent', 'a sign-in that failed', 'form_post']) {
    const policy = pages[name]?.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("form-action 'self' https://notes.example.com;");
  }
  for (const name of ['a refused request', 'an interaction that is over']) {
    expect(pages[name]?.headers.get('content-security-policy')).toContain("form-action 'self';");
  }
});

test('H10: HSTS comes with https, and only there', async () => {
  const plain = await crawl(world);
  for (const page of Object.values(plain.pages))
    expect(page.headers.get('strict-transport-security')).toBeNull();
  const { pages } = await crawl(secure);
  for (const page of Object.values(pages))
    expect(page.headers.get('strict-transport-security')).toMatch(/^max-age=63072000/);
});

test('H10: with https every cookie is Secure, HttpOnly, SameSite=Lax and bound to its host or its path', async () => {
  const { pages } = await crawl(secure);
  const cookies = Object.values(pages).flatMap(({ headers }) => headers.getSetCookie());
  expect(cookies.length).toBeGreaterThan(5);
  for (const cookie of cookies) {
    expect(cookie).toMatch(/; secure/i);
    expect(cookie).toMatch(/; httponly/i);
    expect(cookie).toMatch(/; samesite=lax/i);
    expect(cookie).not.toMatch(/; domain=/i);
    expect(cookie).toMatch(
      /^(__Host-[\w.-]+=[^;]*; path=\/;|__Secure-[\w.-]+=[^;]*; path=\/(interaction|authorize)\/)/i,
    );
  }
});

test('H10 H4: with https every redirect of ours is to the issuer or to the app', async () => {
  const { pages } = await crawl(secure);
  const origins = Object.values(pages).flatMap(({ location }) =>
    location === undefined ? [] : [new URL(location).origin],
  );
  expect(origins.length).toBeGreaterThan(2);
  expect(origins.filter((origin) => origin !== HTTPS && origin !== 'https://notes.example.com')).toEqual([]);
});
