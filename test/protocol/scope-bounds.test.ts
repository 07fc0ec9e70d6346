// Scopes that are no scopes, and scopes without end (RFC 6749 section 3.3): refused everywhere, kept nowhere, said again to nobody.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countRows } from '../storage/ground.ts';
import { registerService } from '../support/jwt-world.ts';
import type { Answer } from '../support/program.ts';
import { type AppClient, basic, createVerifier, createWorld, type World } from '../support/world.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const LONGEST = 8192;

let world: World;
let television: AppClient;
let service: AppClient;
let refreshToken: string;

beforeAll(async () => {
  world = await createWorld();
  television = await world.registerClient({
    ...{ name: 'Television', type: 'native', auth: 'none', grants: [DEVICE], redirectUris: [] },
  });
  service = await registerService(world);
  const lasting = { scope: 'openid offline_access read:tasks', prompt: 'consent' };
  refreshToken = (await world.signIn(world.notes, lasting)).refresh_token;
});
afterAll(() => world.close());

function authorization(scope: string): Record<string, string> {
  const { notes } = world;
  return {
    ...{
      client_id: notes.id,
      redirect_uri: notes.redirectUri,
      response_type: 'code',
      state: 'a-state',
      scope,
    },
    ...{ code_challenge: createVerifier().challenge, code_challenge_method: 'S256' },
  };
}

/** Whoever takes a scope in a body. */
const takers: readonly (readonly [string, (scope: string) => Promise<Answer>])[] = [
  ['a pushed request', (scope) => world.post('/par', authorization(scope), basic(world.notes))],
  ['a device', (scope) => world.post('/device/code', { client_id: television.id, scope })],
  ['a service', (scope) => world.token(service, { grant_type: 'client_credentials', scope })],
  ['a refresh', (scope) => world.refresh(world.notes, refreshToken, { scope })],
  [
    'an assertion',
    (scope) =>
      world.post('/token', {
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: 'a.b.c',
        scope,
      }),
  ],
];

const malformed = {
  'a quote': 'openid a"b',
  'a backslash': 'openid a\\b',
  'a control character': 'openid a\u0001b',
  'a newline': 'openid\nread:tasks',
  'a letter beyond ASCII': 'openid é',
  'two spaces': 'openid  read:tasks',
  'a space in front': ' openid',
};

const endless = {
  'one of 50 KB': 'a'.repeat(50_000),
  '10 000 names': Array.from({ length: 10_000 }, (_, n) => `s${n % 1000}`).join(' '),
  'one name 8 000 times': Array.from({ length: 8000 }, () => 'openid').join(' '),
  'good ones, and then 8 000 others': `openid read:tasks ${'x:y '.repeat(8000)}z`,
};

function stored(): Promise<number[]> {
  const { database } = world.app.parts;
  return Promise.all(['artifacts', 'device_codes'].map((table) => countRows(database, table)));
}

describe.each(takers)('%s', (_who, ask) => {
  test.each(Object.entries(malformed))('A32: %s is invalid_scope', async (_what, scope) => {
    const { status, body } = await ask(scope);
    expect([status, body.error]).toEqual([400, 'invalid_scope']);
  });

  test.each(Object.entries(endless))(
    'A32: %s is invalid_scope; nothing is kept or said again',
    async (_what, scope) => {
      const before = await stored();
      const { status, body, text } = await ask(scope);
      expect([status, body.error]).toEqual([400, 'invalid_scope']);
      expect(text.length).toBeLessThan(200);
      expect(await stored()).toEqual(before);
    },
  );
});

test.each(Object.entries(malformed))(
  'A32: %s, asked for with a browser, is told to the app',
  async (_what, scope) => {
    const { headers } = await world.ask(`/authorize?${new URLSearchParams(authorization(scope))}`);
    const back = new URL(headers.get('location') ?? '');
    expect(back.origin + back.pathname).toBe(world.notes.redirectUri);
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'invalid_scope', state: 'a-state' });
  },
);

test('A32: as much as fits into an address is told to the app too, without being said again', async () => {
  const scope = 'openid '.repeat(Math.ceil(LONGEST / 7)).trim();
  const { headers } = await world.ask(`/authorize?${new URLSearchParams(authorization(`${scope} xx`))}`);
  const back = new URL(headers.get('location') ?? '');
  expect(back.searchParams.get('error')).toBe('invalid_scope');
  expect(back.href.length).toBeLessThan(400);
});

test('A32 A01: an endless scope opens no redirect to an address that is not registered', async () => {
  const form = { ...authorization('x'.repeat(LONGEST + 1)), redirect_uri: 'https://evil.example/cb' };
  const { status, headers } = await world.ask(`/authorize?${new URLSearchParams(form)}`);
  expect([status, headers.get('location')]).toEqual([400, null]);
});

test.each(['/authorize', '/logout'])(
  'A32 A17: a form for %s that fits into no address is refused',
  async (path) => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    // The second is short as it is written, and three times as long in an address.
    for (const body of [`state=${'x'.repeat(20_000)}`, `state=${'"'.repeat(6000)}`]) {
      const answer = await world.ask(path, { method: 'POST', headers, body });
      expect([answer.status, answer.headers.get('location')]).toEqual([413, null]);
    }
    const { status } = await world.ask(path, { method: 'POST', headers, body: `state=${'x'.repeat(9000)}` });
    expect(status).toBe(303);
  },
);

test('A32: a POST that could not come again as an address is refused, and not sent back to the browser', async () => {
  for (const scope of Object.values(endless)) {
    const { status, headers, text } = await world.post('/authorize', authorization(scope));
    expect(status).toBe(413);
    expect(headers.get('location')).toBeNull();
    expect(text.length).toBeLessThan(10_000);
  }
});

test('A32: names that mean something to JavaScript mean nothing here', async () => {
  const scope = 'read:tasks __proto__ constructor toString hasOwnProperty';
  const { status, body } = await world.post('/device/code', { client_id: television.id, scope });
  expect(status).toBe(200);
  expect(body.error).toBeUndefined();
});
