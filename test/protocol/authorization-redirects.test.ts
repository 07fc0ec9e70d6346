// Where an authorization may answer: redirect URIs compared exactly (RFC 9700 section 4.1.3, RFC 8252 section 7); rows A01 to A06, A28.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from '../support/form-robot.ts';
import { answerOf, createVisits, stageOf, uidOf, type Visits } from '../support/visits.ts';
import { type AppClient, createVerifier, createWorld, type World } from '../support/world.ts';

const REGISTERED = 'https://app.example/cb';

let world: World;
let visits: Visits;
let app: AppClient;
let native: AppClient;
beforeAll(async () => {
  world = await createWorld();
  visits = createVisits(world);
  app = await world.registerClient({ redirectUris: [REGISTERED] }, 'app');
  native = await world.registerClient({
    type: 'native',
    auth: 'none',
    redirectUris: ['http://127.0.0.1/cb', 'http://localhost/cb', 'http://[::1]/cb', 'com.example.app:/cb'],
  });
});
afterAll(() => world.close());

/** A refusal that stays here: a page for people, and no word to whoever wants the answer. */
function expectPage(page: Page): void {
  expect(page.status).toBe(400);
  expect(page.location).toBeUndefined();
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.headers.get('refresh')).toBeNull();
  expect(page.html).not.toContain('evil');
  expect(page.html).not.toMatch(/^\s+at /m);
}

async function ask(parameters: Record<string, string | undefined>, client = app): Promise<Page> {
  const { challenge } = createVerifier();
  return world.app.robot().get(world.authorizationPath(client, challenge, parameters));
}

const imitations: readonly (readonly [string, string])[] = [
  ['a prefix of it', 'https://app.example/c'],
  ['its origin', 'https://app.example'],
  ['its origin with a slash', 'https://app.example/'],
  ['a suffix', 'https://app.example/cb/evil'],
  ['letters behind it', 'https://app.example/cbevil'],
  ['a slash behind it', 'https://app.example/cb/'],
  ['a query', 'https://app.example/cb?a=1'],
  ['an empty query', 'https://app.example/cb?'],
  ['a fragment', 'https://app.example/cb#x'],
  ['an empty fragment', 'https://app.example/cb#'],
  ['the host in capitals', 'https://APP.example/cb'],
  ['the scheme in capitals', 'HTTPS://app.example/cb'],
  ['the path in capitals', 'https://app.example/CB'],
  ['it as user information', 'https://app.example@evil.example/cb'],
  ['user information before it', 'https://evil@app.example/cb'],
  ['two at-signs', 'https://app.example@evil.example@app.example/cb'],
  ['a semicolon and dots', 'https://app.example/x/..;/cb'],
  ['dots', 'https://app.example/x/../cb'],
  ['one dot', 'https://app.example/./cb'],
  ['encoded dots', 'https://app.example/x/%2e%2e/cb'],
  ['an encoded letter', 'https://app.example/%63b'],
  ['two slashes in the path', 'https://app.example//cb'],
  ['a relative address', '//app.example/cb'],
  ['a path alone', '/cb'],
  ['a backslash for the slash', 'https://app.example\\cb'],
  ['a backslash before another host', 'https://evil.example\\@app.example/cb'],
  ['backslashes for the slashes', 'https:\\\\app.example\\cb'],
  ['a tab inside', 'https://app.exam\tple/cb'],
  ['a newline inside', 'https://app.example/c\nb'],
  ['a carriage return and a header', 'https://app.example/cb\r\nLocation: https://evil.example/'],
  ['a space before it', ' https://app.example/cb'],
  ['a space behind it', 'https://app.example/cb '],
  ['a NUL behind it', 'https://app.example/cb\0'],
  ['a dot behind the host', 'https://app.example./cb'],
  ['a look-alike in punycode', 'https://xn--pp-8ia.example/cb'],
  ['a look-alike in Cyrillic', 'https://аpp.example/cb'],
  ['another port', 'https://app.example:444/cb'],
  ['the default port', 'https://app.example:443/cb'],
  ['a subdomain', 'https://evil.app.example/cb'],
  ['it as a subdomain', 'https://app.example.evil.example/cb'],
  ['http', 'http://app.example/cb'],
  ['a loopback address', 'http://127.0.0.1/cb'],
  ['another host', 'https://evil.example/cb'],
  ['a script', 'javascript:alert(1)//https://app.example/cb'],
  ['data', 'data:text/html,evil'],
  ['a wildcard', 'https://*.example/cb'],
  ['it twice', 'https://app.example/cb https://app.example/cb'],
];

test.each(imitations)(
  'A01: a redirect URI that is not the registered one, letter for letter, goes nowhere: %s',
  async (_name, uri) => {
    expectPage(await ask({ redirect_uri: uri }));
    // Nor does an error of the same request.
    expectPage(await ask({ redirect_uri: uri, response_type: 'token' }));
  },
);

test('A01: the registered one is taken', async () => {
  expect((await ask({ redirect_uri: REGISTERED })).location).toContain('/interaction/');
});

const loopback: readonly (readonly [string, boolean])[] = [
  ['http://127.0.0.1/cb', true],
  ['http://127.0.0.1:49152/cb', true],
  ['http://localhost:3999/cb', true],
  ['http://[::1]:1/cb', true],
  ['com.example.app:/cb', true],
  ['http://127.0.0.1:49152/cb/', false],
  ['http://127.0.0.1:49152/other', false],
  ['http://127.0.0.1:49152/cb?a=1', false],
  ['http://127.0.0.2:49152/cb', false],
  ['http://127.0.0.1:evil/cb', false],
  ['http://127.0.0.1:99999/cb', false],
  ['http://127.0.0.1:80@evil.example/cb', false],
  ['http://evil@127.0.0.1:49152/cb', false],
  ['http://127.0.0.1.evil.example:49152/cb', false],
  ['http://localhost.evil.example:49152/cb', false],
  ['https://127.0.0.1:49152/cb', false],
  ['http://0.0.0.0:49152/cb', false],
  ['http://0x7f000001:49152/cb', false],
  ['com.example.app://cb', false],
  ['com.example.app:/cb/evil', false],
  ['com.example.evil:/cb', false],
];

test.each(loopback)(
  'A01: a native app may take any port on loopback, and nothing else may differ: %s -> %s',
  async (uri, isTaken) => {
    const page = await ask({ redirect_uri: uri }, native);
    if (isTaken) expect(page.location).toContain('/interaction/');
    else expectPage(page);
  },
);

test('A01: a code for a native app goes to the port that it listens on now', async () => {
  const { page, robot, verifier } = await visits.begin(native, { redirect_uri: 'http://127.0.0.1:49152/cb' });
  const back = await visits.decide(robot, await visits.signIn(robot, page), 'allow');
  expect(back.location).toMatch(/^http:\/\/127\.0\.0\.1:49152\/cb\?code=/);
  const got = { code: answerOf(back).code ?? '', verifier };
  expect(await world.redeem({ ...native, redirectUri: 'http://127.0.0.1:49153/cb' }, got)).toMatchObject({
    status: 400,
  });
  expect(await world.redeem({ ...native, redirectUri: 'http://127.0.0.1:49152/cb' }, got)).toMatchObject({
    status: 200,
  });
});

test('A01: a web app has no such freedom, not even on loopback', async () => {
  const local = await world.registerClient({ redirectUris: ['http://localhost:8080/cb'] });
  expect((await ask({}, local)).location).toContain('/interaction/');
  expectPage(await ask({ redirect_uri: 'http://localhost:8081/cb' }, local));
});

test.each([
  ['unknown', 'nobody'],
  ['empty', ''],
  ['10 KB long', 'x'.repeat(10_240)],
  ['markup', '<img src=x onerror=alert(1)>"\''],
  ['a prototype', '__proto__'],
  ['a resource server', 'API'],
])('A02: a client_id that is none of a client stays here: %s', async (_name, id) => {
  const page = await ask({ client_id: id === 'API' ? world.api.id : id });
  expectPage(page);
  expect(page.html).not.toContain('<img');
  expect(page.html).not.toContain('x'.repeat(1000));
});

test('A02: a blocked client is nobody', async () => {
  const blocked = await world.registerClient({ redirectUris: [REGISTERED] });
  await world.app.parts.clients.block(blocked.id);
  expectPage(await ask({}, blocked));
});

test.each([
  ['left out', undefined],
  ['empty', ''],
])('A03 H12: a redirect URI is always needed, also where only one is registered: %s', async (_name, uri) => {
  expectPage(await ask({ redirect_uri: uri }));
});

async function askTwice(extra: string): Promise<Page> {
  const { challenge } = createVerifier();
  return world.app.robot().get(`${world.authorizationPath(app, challenge)}&${extra}`);
}

test.each([
  'state=2',
  'scope=openid',
  'code_challenge=x',
  'response_type=code',
  'prompt=none&prompt=none',
  'nonce=1&nonce=1',
])('A04: a repeated parameter is invalid_request, told to the registered address: %s', async (extra) => {
  const page = await askTwice(extra);
  expect(page.location).toMatch(/^https:\/\/app\.example\/cb\?/);
  expect(answerOf(page)).toMatchObject({ error: 'invalid_request', iss: world.app.config.issuer });
});

test.each([
  `redirect_uri=${encodeURIComponent('https://evil.example/')}`,
  `redirect_uri=${encodeURIComponent(REGISTERED)}`,
  'client_id=app',
  'client_id=evil',
])('A04: with the address or the client itself repeated, nobody is told: %s', async (extra) => {
  const page = await askTwice(extra);
  if (page.location === undefined) return expectPage(page);
  expect(page.location).toMatch(/^https:\/\/app\.example\/cb\?error=invalid_request&/);
});

test('A05: unknown parameters are ignored, an empty one counts as left out', async () => {
  const got = await world.authorize(app, {
    foo: 'bar',
    access_type: 'offline',
    state: '',
    nonce: '',
    display: '',
  });
  expect([...got.back.searchParams.keys()].sort()).toEqual(['code', 'iss']);
  expect(await world.redeem(app, got)).toMatchObject({ status: 200 });
});

test.each([
  ['left out', undefined, 'invalid_request'],
  ['empty', '', 'invalid_request'],
  ['token', 'token', 'unsupported_response_type'],
  ['id_token', 'id_token', 'unsupported_response_type'],
  ['code id_token', 'code id_token', 'unsupported_response_type'],
  ['id_token token', 'id_token token', 'unsupported_response_type'],
  ['none', 'none', 'unsupported_response_type'],
  ['no type at all', 'evil', 'unsupported_response_type'],
])(
  'A06 H12: a response type other than code is refused, in the query, with state and iss: %s',
  async (_name, type, error) => {
    const page = await ask({ response_type: type, nonce: 'n' });
    expect(page.status).toBe(303);
    expect(page.location).toMatch(/^https:\/\/app\.example\/cb\?/);
    expect(page.location).not.toContain('#');
    expect(answerOf(page)).toMatchObject({ error, state: 'a-state', iss: world.app.config.issuer });
  },
);

const elsewhere = [
  '//evil.example',
  '/\\evil.example',
  'https:evil.example',
  '/%09/evil.example',
  'https://evil.example/',
  '/x%0d%0aLocation:%20https://evil.example/',
];

test.each(elsewhere)(
  'A28: nothing of the pages in the middle leads where a parameter says: %s',
  async (target) => {
    const robot = world.app.robot();
    const { page } = await visits.begin(
      app,
      { return_to: target, next: target, target_link_uri: target, client_uri: target },
      robot,
    );
    expect(stageOf(page)).toBe('sign-in');
    expect(page.html).not.toContain('evil.example');
    const query = new URLSearchParams({ return_to: target, next: target });
    const again = await robot.get(`/interaction/${uidOf(page)}/sign-in?${query}`);
    expect(again.html).not.toContain('evil.example');
    const back = await visits.signIn(robot, again);
    expect(new URL(back.url).origin).toBe(world.app.config.issuer);
    expect(back.location ?? '').not.toContain('evil.example');
  },
);
