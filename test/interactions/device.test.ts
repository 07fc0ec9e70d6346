// The device pages (RFC 8628 section 3.3, RFC 10027): what they show, and what one click of whom does.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { requestCode } from '../support/devices.ts';
import { mainTextOf } from '../support/form-robot.ts';
import { findAll, parseHtml, textOf } from '../support/html.ts';
import { createWorld, PASSWORD, type World } from '../support/world.ts';
import { BROWSER, CLI, createDeviceVisits, type DeviceVisits, PROXIED } from './device-visits.ts';

let world: World;
let visits: DeviceVisits;
beforeAll(async () => {
  world = await createWorld({
    settings: { ...PROXIED, limits: { 'device_code.issue': { max: 1000, window_seconds: 60 } } },
  });
  visits = createDeviceVisits(world);
});
afterAll(() => world.close());

const from = (address: string, program = 'latchkey-cli/1.0') => ({
  'X-Forwarded-For': address,
  'User-Agent': program,
});

test('D07: case, spaces, dashes, non-breaking ones too, do not matter in a user code', async () => {
  const code = await visits.ask();
  const robot = await visits.arrive();
  const letters = code.user_code.replace('-', '');
  expect(letters).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{8}$/);
  const spaced = [...letters].join(' ');
  const spellings = [
    code.user_code,
    letters,
    letters.toLowerCase(),
    spaced,
    `${letters.slice(0, 4)}\u00a0${letters.slice(4)}`,
    `\u2003${letters.slice(0, 4)}\u2011${letters.slice(4)}\n`,
    letters.replace(/[A-Z]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)),
  ];
  for (const typed of spellings) {
    const page = await visits.enter(robot, typed);
    expect([typed, page.status]).toEqual([typed, 200]);
    expect(mainTextOf(page)).toContain(code.user_code);
  }
});

test('D17 D18: the complete link asks to sign in, comes back with the code filled in, and decides nothing', async () => {
  const code = await visits.ask();
  const link = new URL(code.verification_uri_complete);
  const robot = world.app.robot({ 'X-Forwarded-For': BROWSER });
  const first = await robot.get(link.pathname + link.search);
  expect(first.status).toBe(303);
  const signIn = await robot.follow(first);
  expect(new URL(signIn.url).pathname).toBe('/sign-in');
  const entry = await robot.send(signIn, { email: 'ada@example.com', password: PASSWORD });
  expect(new URL(entry.url).pathname).toBe('/device');
  const [field] = findAll(parseHtml(entry.html), 'input').filter(
    (input) => input.attributes.name === 'user_code',
  );
  expect(field?.attributes).toMatchObject({
    value: code.user_code,
    autocomplete: 'off',
    autocapitalize: 'characters',
  });
  expect(mainTextOf(entry)).not.toContain('Allow');
  for (const headers of [{ Purpose: 'prefetch' }, { 'Sec-Purpose': 'prefetch;prerender' }]) {
    await robot.get(`${link.pathname}${link.search}&decision=allow`, { headers });
  }
  await world.ask(link.pathname + link.search, { method: 'HEAD' });
  expect((await visits.poll(code)).body.error).toBe('authorization_pending');

  const decision = await robot.submit(entry, {}, { button: 'Continue' });
  expect(mainTextOf(decision)).toContain('Is this the code on your device?');
  expect(mainTextOf(decision)).toContain(code.user_code);
});

test('D17: a decision needs the session, the token of the form and POST', async () => {
  const code = await visits.ask();
  const robot = await visits.arrive();
  const page = await visits.enter(robot, code.user_code);
  const fields = Object.fromEntries(
    findAll(parseHtml(page.html), 'input').map(({ attributes }) => [attributes.name, attributes.value ?? '']),
  );
  const allow = { ...fields, decision: 'allow' };
  expect((await robot.post('/device', { ...allow, csrf: '' })).status).toBe(403);
  expect(
    (
      await robot.post('/device', allow, {
        headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
      })
    ).status,
  ).toBe(403);
  const stranger = world.app.robot();
  const form = await stranger.get('/sign-in');
  const [token] = findAll(parseHtml(form.html), 'input').filter(
    ({ attributes }) => attributes.name === 'csrf',
  );
  const sent = await stranger.post('/device', { ...allow, csrf: token?.attributes.value ?? '' });
  expect(sent.status).toBe(303);
  expect(sent.location).toContain('/sign-in?return_to=');
  await robot.get(`/device?${new URLSearchParams(allow)}`);
  expect((await visits.poll(code)).body.error).toBe('authorization_pending');
});

test('D24 D22: the page says who asks, for what, with what, from where and how long ago; Deny stands first, nothing is focused', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const code = await visits.ask({}, from('203.0.113.9', 'curl/8.5.0'));
  vi.setSystemTime(Date.now() + 180_000);
  const robot = await visits.arrive();
  const page = await visits.enter(robot, code.user_code);
  vi.useRealTimers();
  const text = mainTextOf(page);
  for (const words of [CLI, 'curl', '203.0.113.9', '3 minutes ago', 'only if you started this yourself'])
    expect(text).toContain(words);
  for (const words of ['Read your tasks', 'Change your tasks', 'ada@example.com'])
    expect(text).toContain(words);
  const buttons = findAll(parseHtml(page.html), 'button').filter(
    ({ attributes }) => attributes.name === 'decision',
  );
  expect(buttons.map(({ attributes }) => attributes.value)).toEqual(['deny', 'allow', 'report']);
  const looks = buttons.slice(0, 2).map(({ attributes }) => attributes.class?.split(' ').toSorted());
  expect(looks).toEqual([
    ['button', 'button-deny'],
    ['button', 'button-primary'],
  ]);
  expect(page.html).not.toContain('autofocus');
});

test('D25: another network than this one is a plain warning and no refusal; the same one is none', async () => {
  const robot = await visits.arrive();
  const near = await visits.enter(robot, (await visits.ask({}, from(BROWSER))).user_code);
  expect(mainTextOf(near)).not.toContain('another network');
  const far = await visits.enter(robot, (await visits.ask({}, from('203.0.113.9'))).user_code);
  expect(far.status).toBe(200);
  expect(mainTextOf(far)).toContain('another network');
  const six = await visits.arrive('ada@example.com', '2001:db8:1:2::a');
  const neighbour = await visits.enter(six, (await visits.ask({}, from('2001:db8:1:2:ffff::1'))).user_code);
  expect(mainTextOf(neighbour)).not.toContain('another network');
  const allowed = await visits.decide(robot, far, 'allow');
  expect(allowed.status).toBe(200);
});

test('D24: allowed means tokens for what was ticked, and a device under "what has access" that can be revoked', async () => {
  const grace = await visits.register('Grace');
  const code = await visits.ask();
  const robot = await visits.arrive(grace.email);
  const page = await visits.enter(robot, code.user_code);
  const [box] = findAll(parseHtml(page.html), 'label').filter(
    (label) => textOf(label) === 'Change your tasks',
  );
  const field = box === undefined ? undefined : findAll(box, 'input')[0]?.attributes.name;
  const done = await visits.decide(robot, page, 'allow', { [field ?? '']: undefined });
  expect(done.status).toBe(200);
  expect(mainTextOf(done)).toContain('Your device is connected');

  const { status, body } = await visits.poll(code);
  expect(status).toBe(200);
  expect(body.scope).toBe('openid email read:tasks');
  const inspect = async () => (await world.introspect(world.api, String(body.access_token))).body;
  expect(await inspect()).toMatchObject({ active: true, sub: grace.id, scope: 'read:tasks' });

  const access = await robot.get('/account/access');
  expect(mainTextOf(access)).toContain('Device');
  expect(mainTextOf(access)).toContain(CLI);
  await robot.submit(access, {}, { action: '/account/access/' });
  expect(await inspect()).toEqual({ active: false });
  const refresh = { grant_type: 'refresh_token', refresh_token: String(body.refresh_token), client_id: CLI };
  expect((await world.post('/token', refresh)).body.error).toBe('invalid_grant');
});

test('the lifetime that was chosen ends the device, and nothing prolongs it', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const robot = await visits.arrive();
  const ends: Record<string, number> = { '8_hours': 8 * 3600, '30_days': 30 * 86_400 };
  for (const [lifetime, seconds] of Object.entries(ends)) {
    const start = Date.now();
    const code = await visits.ask();
    const page = await visits.enter(robot, code.user_code);
    const [chosen] = findAll(parseHtml(page.html), 'input').filter(
      ({ attributes }) => attributes.name === 'lifetime' && attributes.checked !== undefined,
    );
    expect(chosen?.attributes.value).toBe('30_days');
    await visits.decide(robot, page, 'allow', { lifetime });
    let token = String((await visits.poll(code)).body.refresh_token);
    // Used often enough that only the end can end it.
    for (const share of [0.3, 0.6, 0.95]) {
      vi.setSystemTime(start + seconds * share * 1000);
      const { status, body } = await world.post('/token', {
        grant_type: 'refresh_token',
        refresh_token: token,
        client_id: CLI,
      });
      expect([lifetime, share, status]).toEqual([lifetime, share, 200]);
      token = String(body.refresh_token);
    }
    vi.setSystemTime(start + (seconds + 1) * 1000);
    const over = await world.post('/token', {
      grant_type: 'refresh_token',
      refresh_token: token,
      client_id: CLI,
    });
    expect([lifetime, over.body.error]).toEqual([lifetime, 'invalid_grant']);
    vi.setSystemTime(start);
  }
  vi.useRealTimers();
});

test('D24: a device is marked as verified only where its client proves who it is: anybody may say the id of a public one', async () => {
  for (const [auth, mark] of [
    ['none', 'Unverified'],
    ['client_secret_basic', 'Verified'],
  ] as const) {
    const client = await world.registerClient({
      ...{ name: 'Loom', type: 'native', auth, redirectUris: [], isVerified: true },
      grants: ['urn:ietf:params:oauth:grant-type:device_code'],
    });
    const asked = await requestCode(world, client);
    const robot = await visits.arrive();
    const page = await visits.enter(robot, String(asked.body.user_code));
    expect([auth, mainTextOf(page)]).toEqual([auth, expect.stringMatching(`\\b${mark}\\b`)]);
  }
});

test('a client that cannot refresh is offered no lifetime', async () => {
  const lamp = await world.registerClient({
    name: 'Lamp',
    type: 'native',
    auth: 'none',
    grants: ['urn:ietf:params:oauth:grant-type:device_code'],
    redirectUris: [],
  });
  const code = await visits.ask({ client_id: lamp.id, scope: 'read:tasks' });
  const robot = await visits.arrive();
  const page = await visits.enter(robot, code.user_code);
  expect(page.html).not.toContain('name="lifetime"');
  await visits.decide(robot, page, 'allow');
  const { body } = await visits.poll(code, lamp.id);
  expect(body).toMatchObject({ scope: 'read:tasks' });
  expect(body.refresh_token).toBeUndefined();
});

test('nothing ticked is asked again, with what is missing; an unknown lifetime too', async () => {
  const robot = await visits.arrive();
  const code = await visits.ask({ scope: 'read:tasks' });
  const page = await visits.enter(robot, code.user_code);
  const none = await visits.decide(robot, page, 'allow', { scope_0: undefined });
  expect(none.status).toBe(400);
  expect(mainTextOf(none)).toContain('Choose at least one thing');
  const forever = await visits.decide(robot, none, 'allow', { lifetime: 'toString' });
  expect(forever.status).toBe(400);
  expect((await visits.decide(robot, forever, 'allow')).status).toBe(200);
});

test('D32: what came as a code is text on every page, and no page may be framed', async () => {
  const robot = await visits.arrive();
  const payload = `"><script>alert(1)</script>`;
  const pages = [
    await robot.get(`/device?user_code=${encodeURIComponent(payload)}`),
    await visits.enter(robot, payload),
  ];
  for (const page of pages) {
    expect(page.html).not.toContain('<script');
    expect(page.html).toContain('&quot;&gt;&lt;script&gt;');
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('x-frame-options')).toBe('DENY');
  }
  expect(pages.map((page) => page.status)).toEqual([200, 404]);
  const twice = await robot.get('/device?user_code=A&user_code=B');
  expect(twice.status).toBe(200);
});

test.each(['/device/junk', '/device/auth', '/device/%63ode', '/device/junk/more', '/Device', '/device/'])(
  'H9 D34: GET %s is 404, with and without a session',
  async (path) => {
    expect((await world.ask(path)).status).toBe(404);
    expect((await world.ask(path, { method: 'POST' })).status).toBe(404);
    expect((await (await visits.arrive()).get(path)).status).toBe(404);
  },
);

test('H9 D01: GET /device/code is 405 with Allow', async () => {
  const answer = await world.ask('/device/code');
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toBe('POST, OPTIONS');
});
