// Apps on people's machines (RFC 8252): loopback redirects, private-use schemes, and a question each time; rows N01 to N03.
// What may be registered: test/config/redirect-uris.test.ts and test/admin/clients.test.ts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerOf, createVisits, stageOf, type Visits } from '../support/visits.ts';
import { type AppClient, createWorld, type World } from '../support/world.ts';

const NATIVE = { type: 'native', auth: 'none' } as const;

let world: World;
let visits: Visits;
let app: AppClient;
beforeAll(async () => {
  world = await createWorld();
  visits = createVisits(world);
  app = await world.registerClient({
    ...NATIVE,
    redirectUris: ['http://127.0.0.1/cb', 'http://localhost/cb', 'com.example.app:/cb'],
  });
});
afterAll(() => world.close());

test.each([
  'http://127.0.0.1:49152/cb',
  'http://127.0.0.1:1/cb',
  'http://127.0.0.1/cb',
  'http://localhost:61000/cb',
])('N01: a code comes to %s, whatever port the app listens on (RFC 8252 section 7.3)', async (uri) => {
  const got = await world.authorize(app, { redirect_uri: uri });
  expect(got.back.href.startsWith(`${uri}?`)).toBe(true);
  const tokens = await world.redeem({ ...app, redirectUri: uri }, got);
  expect(tokens.status).toBe(200);
  const elsewhere = await world.authorize(app, { redirect_uri: uri });
  const moved = { ...app, redirectUri: 'http://127.0.0.1:40000/cb' };
  expect((await world.redeem(moved, elsewhere)).body.error).toBe('invalid_grant');
});

test.each([
  ['[::1], which is not registered', 'http://[::1]:49152/cb'],
  ['another path', 'http://127.0.0.1:49152/other'],
  ['another address of the machine', 'http://127.0.0.2:49152/cb'],
  ['a name under localhost', 'http://evil.localhost:49152/cb'],
  ['https', 'https://127.0.0.1:49152/cb'],
  ['a host that begins alike', 'http://127.0.0.1.evil.example:49152/cb'],
  ['a user name', 'http://127.0.0.1:49152@evil.example/cb'],
  ['another scheme', 'com.example.other:/cb'],
  ['the scheme in capitals', 'COM.EXAMPLE.APP:/cb'],
])('N01: nobody is sent to %s', async (_name, uri) => {
  const { page } = await visits.begin(app, { redirect_uri: uri });
  expect([stageOf(page), page.status]).toEqual(['error', 400]);
});

test('N01: [::1] is good where it is registered, with any port', async () => {
  const six = await world.registerClient({ ...NATIVE, redirectUris: ['http://[::1]/cb'] });
  const got = await world.authorize(six, { redirect_uri: 'http://[::1]:49152/cb' });
  expect(got.back.href).toMatch(/^http:\/\/\[::1\]:49152\/cb\?/);
  const { page } = await visits.begin(six, { redirect_uri: 'http://127.0.0.1:49152/cb' });
  expect(stageOf(page)).toBe('error');
});

test('N01: the freedom of ports is for native apps: a page on loopback keeps to its own', async () => {
  const page = await world.registerClient({
    type: 'browser',
    auth: 'none',
    redirectUris: ['http://127.0.0.1:8080/cb'],
  });
  expect(stageOf((await visits.begin(page)).page)).toBe('sign-in');
  const other = await visits.begin(page, { redirect_uri: 'http://127.0.0.1:8081/cb' });
  expect(stageOf(other.page)).toBe('error');
});

test('N01: who registers loopback beside a private-use scheme is native, whatever it says of itself', async () => {
  const agent = await world.registerClient({
    type: 'web',
    redirectUris: ['http://localhost:8080/cb', 'edu.kit.data.oidc-agent:/redirect'],
  });
  const got = await world.authorize(agent, { redirect_uri: 'http://localhost:4242/cb' });
  expect(got.code).toMatch(/^lkc_/);
});

test('N02: a code comes to a private-use scheme', async () => {
  const uri = 'com.example.app:/cb';
  const got = await world.authorize(app, { redirect_uri: uri });
  expect(got.back.protocol).toBe('com.example.app:');
  expect((await world.redeem({ ...app, redirectUri: uri }, got)).status).toBe(200);
});

test.each(['http://127.0.0.1:5000/cb', 'com.example.app:/cb'])(
  'N03: at %s anybody may listen, so the person is asked each time, and never silently (RFC 8252 section 8.6)',
  async (uri) => {
    const first = await world.authorize(app, { redirect_uri: uri });
    const again = await visits.begin(app, { redirect_uri: uri }, first.robot);
    expect(stageOf(again.page)).toBe('consent');
    const silent = await visits.begin(app, { redirect_uri: uri, prompt: 'none' }, first.robot);
    expect(answerOf(silent.page).error).toBe('interaction_required');
  },
);

test('N03: an https address that the app claims is proof enough: there it is asked once', async () => {
  const claimed = await world.registerClient({ ...NATIVE, redirectUris: ['https://app.example/cb'] });
  const { robot } = await world.authorize(claimed);
  expect(stageOf((await visits.begin(claimed, {}, robot)).page)).toBe('app');
});
