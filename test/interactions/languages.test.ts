// Which language a page speaks: the app's ui_locales (OpenID Connect Core section 3.1.2.1), else Accept-Language (RFC 9110 section 12.5.4).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mainTextOf, type Page } from '../support/form-robot.ts';
import { findAll, parseHtml, textOf } from '../support/html.ts';
import { createVisits, listedOn, uidOf, type Visits } from '../support/visits.ts';
import { type AppClient, basic, createVerifier, createWorld, type World } from '../support/world.ts';

const ORDERS = 'https://orders.example.com/';

let world: World;
let visits: Visits;
let app: AppClient;
beforeAll(async () => {
  world = await createWorld({
    settings: {
      branding: { name: { en: 'The Works', de: 'Das Werk' } },
      resources: [
        {
          identifier: ORDERS,
          name: { en: 'Orders', de: 'Bestellungen' },
          scopes: {
            'read:orders': { en: 'See your orders', de: 'Deine Bestellungen sehen' },
            'write:orders': 'Place orders',
          },
        },
      ],
    },
  });
  visits = createVisits(world);
  app = await world.registerClient({
    scopes: ['openid', 'offline_access', 'read:tasks', 'read:orders', 'write:orders'],
  });
});
afterAll(() => world.close());

const german = { 'Accept-Language': 'de-AT,de;q=0.9,en;q=0.5' };
const english = { 'Accept-Language': 'en-GB,de;q=0.5' };

/** The language that the page is in, and says that it is in. */
function languageOf(page: Page): string | undefined {
  const { lang } = findAll(parseHtml(page.html), 'html')[0]?.attributes ?? {};
  expect(page.headers.get('content-language')).toBe(lang);
  expect(page.headers.get('vary')?.split(/, */)).toContain('Accept-Language');
  return lang;
}

function titleOf(page: Page): string {
  return findAll(parseHtml(page.html), 'title').map(textOf).join();
}

function headingsOf(page: Page): string[] {
  return findAll(parseHtml(page.html), 'h2').map((heading) => textOf(heading).trim());
}

test('every page of an authorization speaks the language that the app asks for, whatever the browser says', async () => {
  const robot = world.app.robot(english);
  const signIn = (
    await visits.begin(
      app,
      { ui_locales: 'fr de', resource: ORDERS, scope: 'openid read:orders write:orders' },
      robot,
    )
  ).page;
  const signUp = await robot.get(`/interaction/${uidOf(signIn)}/sign-up`);
  const wrong = await visits.signIn(robot, signIn, { email: 'ada@example.com', password: 'wrong' });
  const forgotten = await robot.get(
    /href="(\/forgot-password[^"]*)"/.exec(wrong.html)?.[1]?.replaceAll('&amp;', '&') ?? '',
  );
  const sent = await robot.send(forgotten, { email: 'nobody@example.com' });
  const forged = await robot.post(`/interaction/${uidOf(signIn)}/sign-in`, { email: 'ada@example.com' });
  const consent = await visits.signIn(robot, wrong);
  const pages = { signIn, signUp, wrong, forgotten, sent, forged, consent };
  for (const [name, page] of Object.entries(pages)) expect([name, languageOf(page)]).toEqual([name, 'de']);
  expect(titleOf(signIn)).toBe('Anmelden · Das Werk');
  expect(mainTextOf(wrong)).toContain('Die E-Mail-Adresse oder das Passwort stimmt nicht.');
  expect([forged.status, mainTextOf(forged)]).toEqual([
    403,
    expect.stringContaining('Dieses Formular kam nicht'),
  ]);
  expect(mainTextOf(consent)).toContain('möchte dein Konto nutzen');
  expect(headingsOf(consent)).toEqual(['Über dich', 'Bestellungen']);
  // What an operator wrote in one language only stays as it is.
  expect(listedOn(consent)).toEqual([
    'Wissen, wer du bist (eine Kennung)',
    'Deine Bestellungen sehen',
    'Place orders',
  ]);
});

test('without ui_locales the browser decides, by its q-values', async () => {
  const asked: [string, string][] = [
    ['de-AT,de;q=0.9,en;q=0.5', 'de'],
    ['en;q=0.3,de;q=0.8,fr', 'de'],
    ['fr,de;q=0,en;q=0.1', 'en'],
    ['*', 'en'],
    ['tlh', 'en'],
  ];
  for (const [header, language] of asked) {
    const { page } = await visits.begin(app, {}, world.app.robot({ 'Accept-Language': header }));
    expect([header, languageOf(page)]).toEqual([header, language]);
  }
});

test('H07: a list of languages that is none, or is endless, does no harm', async () => {
  const lists = [
    '__proto__ constructor',
    '../../etc/passwd',
    'de'.repeat(500),
    'x-y '.repeat(500),
    '%00',
    ' de ',
  ];
  for (const ui_locales of lists) {
    const { page } = await visits.begin(app, { ui_locales }, world.app.robot());
    expect([page.status, languageOf(page)]).toEqual([200, ui_locales === ' de ' ? 'de' : 'en']);
  }
  const { page } = await visits.begin(app, { ui_locales: `${'fr '.repeat(10)}de` }, world.app.robot());
  expect(languageOf(page)).toBe('en');
});

test('a refused authorization is explained in the language that it asked for', async () => {
  const robot = world.app.robot(english);
  const wrong = { redirect_uri: 'https://evil.example/', ui_locales: 'de' };
  const { page } = await visits.begin(app, wrong, robot);
  expect([page.status, languageOf(page)]).toEqual([400, 'de']);
  expect(mainTextOf(page)).toContain(
    'an eine Adresse zurückschicken lassen, die für sie nicht registriert ist',
  );
  expect(mainTextOf(page)).toMatch(/nenne diese Nummer: \S{8}/);
});

test('RFC 9126: a pushed request asks for a language as any other does', async () => {
  const { challenge } = createVerifier();
  const asked = new URL(
    world.authorizationPath(app, challenge, { ui_locales: 'de' }),
    world.app.config.issuer,
  );
  const pushed = await world.post('/par', Object.fromEntries(asked.searchParams), basic(app));
  const query = new URLSearchParams({ client_id: app.id, request_uri: String(pushed.body.request_uri) });
  expect(languageOf(await world.app.robot(english).visit(`/authorize?${query}`))).toBe('de');
});

test('signing out speaks the language that the app asks for, before and after', async () => {
  const robot = world.app.robot(english);
  await world.authorize(app, {}, robot);
  const ask = await robot.get('/logout?ui_locales=de');
  expect([languageOf(ask), titleOf(ask)]).toEqual(['de', 'Abmelden · Das Werk']);
  const after = await robot.send(ask, {}, { button: 'logout=yes' });
  expect([languageOf(after), mainTextOf(after)]).toEqual([
    'de',
    expect.stringContaining('Du bist abgemeldet'),
  ]);
});

test('the pages of devices and errors speak the language of the browser', async () => {
  const robot = world.app.robot(german);
  const signIn = await robot.visit('/device');
  expect([languageOf(signIn), mainTextOf(signIn)]).toEqual(['de', expect.stringContaining('Anmelden')]);
  const missing = await robot.get('/nowhere');
  expect([missing.status, languageOf(missing)]).toEqual([404, 'de']);
  expect(titleOf(missing)).toBe('Seite nicht gefunden · Das Werk');
});

test('programs are answered in English, whatever they speak', async () => {
  const answer = await world.post('/token', {}, german);
  expect(JSON.stringify(answer.body)).toMatch(/"error_description":"[a-z ]+/);
  const json = await world.app.robot({ ...german, Accept: 'application/json' }).get('/nowhere');
  expect(JSON.parse(json.html)).toMatchObject({ error_description: 'There is nothing here.' });
});

test('discovery names the languages (OpenID Connect Discovery section 3)', async () => {
  const { body } = await world.ask('/.well-known/openid-configuration');
  expect((body as Record<string, unknown>).ui_locales_supported).toEqual(['en', 'de']);
});
