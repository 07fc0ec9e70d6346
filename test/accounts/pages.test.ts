// The account pages, as browsers without script use them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { formatGrantId } from '../../server/grants/grants.ts';
import { nextId } from '../../server/storage/ids.ts';
import type { Statement } from '../../server/storage/statement.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { csrfOf, mainTextOf, type Page } from '../support/form-robot.ts';
import { browserOf, copySession, emailOf, PASSWORD, signIn, signUp } from './people.ts';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ settings: { trusted_proxies: ['127.0.0.0/8'] } });
});
afterAll(() => app.close());

async function personOf(name: string) {
  const robot = browserOf(app, name);
  await signUp(robot, name);
  return robot;
}

async function isSignedIn(robot: { get(path: string): Promise<Page> }): Promise<boolean> {
  return (await robot.get('/account')).status === 200;
}

test('the start page invites strangers in and greets people by name', async () => {
  const robot = browserOf(app, 'Ada');
  expect(mainTextOf(await robot.visit('/'))).toContain('Create an account');
  await signUp(robot, 'Ada');
  expect(mainTextOf(await robot.visit('/'))).toContain('Welcome, Ada');
});

test('whoever signs up is signed in and lands on their account, which names them', async () => {
  const robot = browserOf(app, 'Beatrice');
  const page = await signUp(robot, 'Beatrice');
  expect(page).toMatchObject({ status: 200, url: `${app.config.issuer}/account` });
  expect(mainTextOf(page)).toContain('beatrice@example.com');
});

test('a page of the account sends strangers to sign in, and then to where they were going', async () => {
  await personOf('Clara');
  const robot = browserOf(app, 'Clara elsewhere');
  const asked = await robot.visit('/account/sessions');
  expect(asked.url).toBe(`${app.config.issuer}/sign-in?return_to=%2Faccount%2Fsessions`);
  const page = await robot.send(asked, { email: emailOf('Clara'), password: PASSWORD });
  expect(page).toMatchObject({ status: 200, url: `${app.config.issuer}/account/sessions` });
});

test('whoever is signed in is not asked again, unless they are to prove it anew', async () => {
  const robot = await personOf('Dora');
  const skipped = await robot.get('/sign-in?return_to=%2Faccount%2Faccess');
  expect(skipped).toMatchObject({ status: 303, location: `${app.config.issuer}/account/access` });
  expect(await robot.get('/sign-in?return_to=%2Faccount%2Faccess&prompt=login')).toMatchObject({
    status: 200,
  });
});

const evil = [
  '//evil.example/x',
  '/\\evil.example',
  '\\\\evil.example',
  'https:evil.example',
  'https://evil.example/',
  '/%09/evil.example',
  '/\t/evil.example',
  '/account%0d%0aLocation:%20https://evil.example',
  '/account\r\nX-Evil: 1',
  'javascript:alert(1)',
];

test.each(evil)(
  'A28: return_to=%j leads to no other place, neither before the sign-in nor after it',
  async (returnTo) => {
    const name = `Emma${evil.indexOf(returnTo)}`;
    const query = new URLSearchParams({ return_to: returnTo });
    const robot = await personOf(name);
    const home = `${app.config.issuer}/account`;
    expect(await robot.get(`/sign-in?${query}`)).toMatchObject({ status: 303, location: home });
    expect(await robot.get(`/sign-up?${query}`)).toMatchObject({ status: 303, location: home });
    const page = await robot.get(`/sign-in?${query}&prompt=login`);
    expect(page.html).not.toContain('evil');
    const answer = await robot.post(`/sign-in?${query}`, {
      csrf: csrfOf(page),
      email: emailOf(name),
      password: PASSWORD,
    });
    expect(answer).toMatchObject({ status: 303, location: home });
  },
);

test('A28: return_to sent twice leads home', async () => {
  const robot = await personOf('Esther');
  const answer = await robot.get('/sign-in?return_to=/account/access&return_to=//evil.example');
  expect(answer.location).toBe(`${app.config.issuer}/account`);
});

test('S05: an unknown person, a wrong password and a disabled person get one and the same answer', async () => {
  for (const name of ['Fanny', 'Flora']) await personOf(name);
  await app.parts.accounts.disable(await app.parts.accounts.get(emailOf('Flora')), 'operator');
  const answers = [];
  for (const [name, password] of [
    ['Freda', PASSWORD],
    ['Fanny', 'not the right password'],
    ['Flora', PASSWORD],
  ] as const) {
    const { status, headers, html } = await signIn(
      browserOf(app, `${name} elsewhere`),
      emailOf(name),
      password,
    );
    const kept = [...headers].filter(([header]) => !['date', 'x-request-id'].includes(header));
    const same = html
      .replaceAll(emailOf(name), 'EMAIL')
      .replaceAll(/(name="csrf" value=)"[^"]+"/g, '$1"TOKEN"');
    answers.push({ status, kept, same });
  }
  expect(answers[0]).toMatchObject({ status: 401 });
  expect(answers[0]?.same).toContain('The e-mail or the password is not right.');
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
});

test('S05: the refused form keeps the e-mail and never the password', async () => {
  const { html } = await signIn(browserOf(app, 'Gerda'), emailOf('Gerda'), 'my secret of secrets');
  expect(html).toContain('value="gerda@example.com"');
  expect(html).not.toContain('my secret of secrets');
});

test.each(['Ada\u0007', 'A\nda', 'Ada\u202eevil', 'Ada\u200b'])(
  'a name with what cannot be seen (%j) is refused, with the form filled in; nobody is made of it',
  async (name) => {
    const robot = browserOf(app, JSON.stringify(name));
    const email = emailOf('Unseen');
    const refused = await robot.submit(await robot.visit('/sign-up'), { name, email, password: PASSWORD });
    expect([refused.status, mainTextOf(refused)]).toEqual([400, expect.stringContaining('cannot be seen')]);
    expect(refused.html).toContain(`value="${email}"`);
    expect(refused.html).toContain('aria-invalid="true"');
    await expect(app.parts.accounts.get(email)).rejects.toMatchObject({ code: 'not_found' });
  },
);

test('a name keeps the joiners that its language needs, and loses the spaces around it', async () => {
  const robot = browserOf(app, 'Mina');
  const email = emailOf('Mina');
  await robot.send(await robot.visit('/sign-up'), {
    name: '  \u0645\u06cc\u200c\u0646\u0627 ',
    email,
    password: PASSWORD,
  });
  expect((await app.parts.accounts.get(email)).name).toBe('\u0645\u06cc\u200c\u0646\u0627');
});

test('S02: the password of the sign-in is taken as it was typed', async () => {
  const robot = browserOf(app, 'Grete');
  const password = ` ${'Ünïcode räder '.repeat(8)}`;
  const form = await robot.visit('/sign-up');
  await robot.send(form, { name: 'Grete', email: emailOf('Grete'), password });
  expect((await signIn(robot, emailOf('Grete'), password.trim())).status).toBe(401);
  expect((await signIn(robot, emailOf('Grete'), password.toLowerCase())).status).toBe(401);
  expect((await signIn(robot, emailOf('Grete'), password)).status).toBe(303);
});

test('S10: the id of the session is a new one after each sign-in, and the old one is dead', async () => {
  const robot = await personOf('Hedy');
  const thief = browserOf(app, 'a thief');
  copySession(robot, thief);
  const { accountId } = await sessionOf('Hedy');
  const [before] = await app.parts.sessions.listOf(accountId);
  expect(await isSignedIn(thief)).toBe(true);
  await signIn(robot, emailOf('Hedy'));
  expect(await isSignedIn(robot)).toBe(true);
  expect(await isSignedIn(thief)).toBe(false);
  expect(await app.parts.sessions.listOf(accountId)).toMatchObject([{ uid: before?.uid }]);
});

async function sessionOf(name: string) {
  const { id } = await app.parts.accounts.get(emailOf(name));
  return { accountId: id, listed: await app.parts.sessions.listOf(id) };
}

test('S10: another person who signs in ends the session of the one before', async () => {
  const robot = await personOf('Ida');
  await personOf('Inge');
  const thief = browserOf(app, 'a thief');
  copySession(robot, thief);
  await signIn(robot, emailOf('Inge'));
  expect(await isSignedIn(thief)).toBe(false);
  expect((await sessionOf('Ida')).listed).toEqual([]);
  expect(mainTextOf(await robot.visit('/account'))).toContain('inge@example.com');
});

test('L04: after signing out the cookie is worth nothing, and the browser is told to forget', async () => {
  const robot = await personOf('Joan');
  const thief = browserOf(app, 'a thief');
  copySession(robot, thief);
  const page = await robot.submit(await robot.visit('/account'), {}, { button: 'Sign out' });
  expect(page).toMatchObject({ status: 303, location: `${app.config.issuer}/` });
  expect(page.headers.get('clear-site-data')).toBe('"cache", "storage"');
  expect(await isSignedIn(robot)).toBe(false);
  expect(await isSignedIn(thief)).toBe(false);
  expect(
    await app.parts.audit.list({ accountId: (await sessionOf('Joan')).accountId, limit: 10 }),
  ).toMatchObject([
    { type: 'sign_out.succeeded' },
    { type: 'sign_in.succeeded' },
    { type: 'account.created' },
  ]);
});

test('A30: a form from before the sign-in or the sign-out is refused after it', async () => {
  const robot = browserOf(app, 'Karen');
  const early = await robot.visit('/sign-in');
  await signUp(robot, 'Karen');
  expect((await robot.submit(early, { email: emailOf('Karen'), password: PASSWORD })).status).toBe(403);
  const inside = await robot.visit('/account/password');
  await robot.send(inside, {}, { button: 'Sign out' });
  expect((await robot.submit(inside, { password: PASSWORD, new_password: PASSWORD })).status).toBe(403);
});

const posts = [
  '/sign-in',
  '/sign-out',
  '/sign-up',
  '/first-administrator/anything',
  '/account/password',
  '/account/sessions/anything/end',
  '/account/sessions/end-others',
  '/account/access/anything/revoke',
];

test('C04 A30: every form is refused without its token, with the token of another, and from elsewhere', async () => {
  const robot = await personOf('Lise');
  const other = await personOf('Lotte');
  const csrf = csrfOf(await robot.visit('/account/password'));
  const foreign = csrfOf(await other.visit('/account/password'));
  for (const path of posts) {
    const sent = [
      await robot.post(path, {}),
      await robot.post(path, { csrf: foreign }),
      await robot.post(path, { csrf }, { headers: { 'Sec-Fetch-Site': 'cross-site' } }),
      await robot.post(path, { csrf }, { headers: { 'Sec-Fetch-Site': 'same-site' } }),
      await robot.post(path, { csrf }, { headers: { Origin: 'https://evil.example' } }),
      await robot.post(path, { csrf }, { headers: { Origin: 'null' } }),
    ];
    expect([path, ...sent.map(({ status }) => status)]).toEqual([path, 403, 403, 403, 403, 403, 403]);
  }
  expect(await isSignedIn(robot)).toBe(true);
  expect(
    (await robot.post('/sign-out', { csrf }, { headers: { 'Sec-Fetch-Site': 'same-origin' } })).status,
  ).toBe(303);
});

test('A30: Mallory cannot sign Mary in as herself: the token of her form is not one of the browser it is sent from', async () => {
  const mallory = await personOf('Mallory');
  const mary = browserOf(app, 'Mary');
  const bait = await mallory.visit('/sign-in?prompt=login');
  expect((await mary.submit(bait, { email: emailOf('Mallory'), password: PASSWORD })).status).toBe(403);
  expect(await isSignedIn(mary)).toBe(false);
});

test('S15: a parameter that comes twice, or that is none of a form, is refused', async () => {
  const robot = browserOf(app, 'Nelly');
  for (const name of ['email[]', '__proto__', 'constructor']) {
    expect([name, (await robot.post('/sign-in', { [name]: 'x' })).status]).toEqual([name, 400]);
  }
});

test('S17: nobody signs up as an administrator or in a role of their choice', async () => {
  const robot = browserOf(app, 'Olga');
  const csrf = csrfOf(await robot.visit('/sign-up'));
  const wanted = { name: 'Olga', email: emailOf('Olga'), password: PASSWORD };
  const more = { is_admin: '1', isAdmin: 'true', role: 'admin', email_verified_at: '1' };
  expect((await robot.post('/sign-up', { csrf, ...wanted, ...more })).status).toBe(303);
  expect(await app.parts.accounts.get(emailOf('Olga'))).toMatchObject({
    isAdmin: false,
    role: 'member',
    emailVerifiedAt: undefined,
  });
});

test.each([
  ['a short password', { password: 'short' }, 400, 'at least 12 characters'],
  ['S04: a common password', { password: 'Password1234' }, 400, 'common one'],
  ['something that is no e-mail', { email: 'paula' }, 400, 'not an e-mail address'],
  [
    'an e-mail that is taken',
    { email: ' PAULA@example.com' },
    409,
    'There is an account with this e-mail already.',
  ],
])(
  'sign-up: %s is refused with words, and what was typed is kept but the password',
  async (_what, typed, status, words) => {
    const paula = browserOf(app, 'Paula');
    await signUp(paula, 'Paula');
    const robot = browserOf(app, 'Paula elsewhere');
    const fields = { name: 'Pauline', email: 'pauline@example.com', password: PASSWORD, ...typed };
    const page = await robot.submit(await robot.visit('/sign-up'), fields);
    expect(page.status).toBe(status);
    expect(mainTextOf(page)).toContain(words);
    expect(page.html).toContain('value="Pauline"');
    expect(page.html).toContain(`value="${fields.email}"`);
    expect(page.html).not.toContain(fields.password);
    expect(await isSignedIn(robot)).toBe(false);
  },
);

test('S13 S12: a change of password asks for the one of today, ends all other sessions and keeps this one under a new id', async () => {
  const robot = await personOf('Rosa');
  const phone = browserOf(app, 'Rosa on the phone');
  await signIn(phone, emailOf('Rosa'));
  const thief = browserOf(app, 'a thief');
  copySession(robot, thief);
  const next = 'a new row of quiet stones';

  const form = await robot.visit('/account/password');
  const wrong = await robot.submit(form, { password: 'not the one of today', new_password: next });
  expect(wrong.status).toBe(401);
  expect(mainTextOf(wrong)).toContain('The password of today is not right.');
  const weak = await robot.submit(wrong, { password: PASSWORD, new_password: 'Password1234' });
  expect(weak.status).toBe(400);
  expect(weak.html).toContain('href="#field-new_password"');
  expect(await isSignedIn(phone)).toBe(true);

  const done = await robot.submit(weak, { password: PASSWORD, new_password: next });
  expect(done.status).toBe(200);
  expect(mainTextOf(done)).toContain('Your password is changed.');
  expect(await isSignedIn(robot)).toBe(true);
  expect(await isSignedIn(phone)).toBe(false);
  expect(await isSignedIn(thief)).toBe(false);
  expect((await signIn(phone, emailOf('Rosa'), PASSWORD)).status).toBe(401);
  expect((await signIn(phone, emailOf('Rosa'), next)).status).toBe(303);
});

test('S13: whoever holds a session may not guess the password without end, nor with two of them', async () => {
  const browsers = [await personOf('Ruth'), browserOf(app, 'Ruth elsewhere')] as const;
  await signIn(browsers[1], emailOf('Ruth'));
  const forms = await Promise.all(browsers.map((robot) => robot.visit('/account/password')));
  const statuses: number[] = [];
  for (let count = 0; count < 11; count += 1) {
    const guess = { password: `guess number ${count}`, new_password: 'a row of quiet stones' };
    const page = await browsers[count % 2 === 0 ? 0 : 1].submit(forms[count % 2] as Page, guess);
    statuses.push(page.status);
    if (count === 10) expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  expect(statuses).toEqual([...Array(10).fill(401), 429]);
});

test('S12: a person sees where they are signed in and ends one session, or all others', async () => {
  const agents = {
    firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    curl: 'curl/8.5.0',
  };
  const robot = browserOf(app, 'Sofia', { 'User-Agent': agents.firefox });
  await signUp(robot, 'Sofia');
  const others = ['phone', 'tablet'].map((device) =>
    browserOf(app, `Sofia ${device}`, { 'User-Agent': agents.curl }),
  );
  for (const other of others) await signIn(other, emailOf('Sofia'));
  const [phone, tablet] = others as [(typeof others)[0], (typeof others)[0]];

  const listed = await robot.visit('/account/sessions');
  expect(mainTextOf(listed)).toContain('Firefox on Linux This one');
  expect(mainTextOf(listed).match(/curl/g)?.length).toBeGreaterThanOrEqual(2);

  const { accountId, listed: stored } = await sessionOf('Sofia');
  const uids = stored.filter(({ program }) => program === agents.curl).map(({ uid }) => uid);
  await robot.send(listed, {}, { action: `/account/sessions/${uids[0]}/end` });
  expect((await Promise.all(others.map(isSignedIn))).filter(Boolean)).toHaveLength(1);

  await robot.send(await robot.visit('/account/sessions'), {}, { button: 'End all others' });
  expect(await Promise.all([robot, phone, tablet].map(isSignedIn))).toEqual([true, false, false]);
  expect(await app.parts.audit.list({ accountId, type: 'session.ended', limit: 10 })).toHaveLength(2);
});

test('S12: ending the session one is in is signing out', async () => {
  const robot = await personOf('Susanne');
  const page = await robot.submit(
    await robot.visit('/account/sessions'),
    {},
    { action: '/account/sessions/' },
  );
  expect(page.headers.get('clear-site-data')).toBe('"cache", "storage"');
  expect(await isSignedIn(robot)).toBe(false);
});

test('S12: the session of another person is not there to be ended', async () => {
  const [thea, trude] = [await personOf('Thea'), await personOf('Trude')];
  const { listed } = await sessionOf('Thea');
  const csrf = csrfOf(await trude.visit('/account/sessions'));
  expect((await trude.post(`/account/sessions/${listed[0]?.uid}/end`, { csrf })).status).toBe(404);
  expect(await isSignedIn(thea)).toBe(true);
});

test('S09: a disabled person is out at once and does not get in again', async () => {
  const robot = await personOf('Ursula');
  await app.parts.accounts.disable(await app.parts.accounts.get(emailOf('Ursula')), 'operator');
  expect(await isSignedIn(robot)).toBe(false);
  expect((await signIn(robot, emailOf('Ursula'))).status).toBe(401);
});

test('a person sees what has access and revokes it; what another person has allowed is not theirs', async () => {
  const [vera, wilma] = [await personOf('Vera'), await personOf('Wilma')];
  const { id } = await app.parts.accounts.get(emailOf('Vera'));
  const grantId = await allow(id);
  const page = await vera.visit('/account/access');
  expect(mainTextOf(page)).toContain('kairos-web App');

  const csrf = csrfOf(await wilma.visit('/account/access'));
  const path = `/account/access/${formatGrantId(grantId)}/revoke`;
  expect((await wilma.post(path, { csrf })).status).toBe(404);
  expect(await app.parts.grants.find(grantId)).toMatchObject({ isRevoked: false });

  const after = await vera.send(page, {}, { action: path });
  expect(mainTextOf(after)).toContain('Nothing has access yet');
  expect(await app.parts.grants.find(grantId)).toMatchObject({ isRevoked: true });
});

async function allow(accountId: string): Promise<number> {
  const id = nextId();
  await app.parts.database.transact(() =>
    app.parts.grants.register(id, {
      ...{ accountId, clientId: 'kairos-web', kind: 'authorization', sessionUid: undefined },
      ...{
        amr: ['pwd'],
        acr: undefined,
        authTime: nowSeconds(),
        expiresAt: nowSeconds() + 3600,
        payload: {},
      },
    }),
  );
  return id;
}

/** Everything that is stored, but when somebody was last seen. */
async function dump(): Promise<Record<string, unknown[]>> {
  const list = <Row>(sql: string) => app.parts.database.list<Row>({ sql, bindings: [] } satisfies Statement);
  const tables = await list<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 100",
  );
  const contents = tables.map(async ({ name }) => {
    const rows = await list<Record<string, unknown>>(`SELECT * FROM ${name} LIMIT 10000`);
    return [name, rows.map(({ last_seen_at, ...row }) => row)] as const;
  });
  return Object.fromEntries(await Promise.all(contents));
}

test('C05: no GET changes anything', async () => {
  const robot = await personOf('Xenia');
  const stranger = browserOf(app, 'a stranger');
  const before = await dump();
  expect(Object.keys(before)).toContain('sessions');
  const pages = [
    '/',
    '/sign-in',
    '/sign-up',
    '/account',
    '/account/password',
    '/account/sessions',
    '/account/access',
  ];
  for (const path of [...pages, ...posts]) {
    await robot.get(path);
    await robot.get(`${path}?prompt=login`);
    await stranger.get(path);
  }
  expect(await dump()).toEqual(before);
  expect(await isSignedIn(robot)).toBe(true);
  expect((await robot.get('/sign-out')).status).toBe(405);
});
