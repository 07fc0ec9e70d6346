// Who may call the introspection endpoint, and by which proof (RFC 7662 section 2.1, RFC 7523 section 3).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { type AppClient, basic, createWorld, type World } from '../support/world.ts';
import { ASSERTION_TYPE, createKeyHolder, type KeyHolder } from './key-holder.ts';

const FILES = 'https://files.example.com/';
const YEARS = 5 * 365 * 86_400;

let world: World;
let keys: KeyHolder;
/** The resource server of the files, which signs assertions. */
let files: { id: string };
let fileToken: string;

beforeAll(async () => {
  world = await createWorld();
  keys = await createKeyHolder(world.app.config.issuer);
  const registration = {
    name: 'Files',
    scopes: { 'read:files': 'Read your files' },
    tokenFormat: 'opaque',
  } as const;
  const registered = await world.app.parts.resources.register(
    { identifier: FILES, isDefault: false, registration },
    { auth: 'private_key_jwt', jwks: keys.jwks },
  );
  files = { id: registered.clientId };
  const drive = await world.registerClient({ name: 'Drive', scopes: ['openid', 'read:files'] });
  fileToken = (await world.signIn(drive, { scope: 'openid read:files', resource: FILES })).access_token;
});
afterAll(() => world.close());

/** Asks as the files' resource server, with these parameters as its proof. */
function ask(proof: Record<string, string | undefined>) {
  return world.post('/introspect', { token: fileToken, ...proof });
}

function registerSigner(): Promise<AppClient> {
  return world.registerClient({ name: 'Robot', type: 'service', auth: 'private_key_jwt', jwks: keys.jwks });
}

const bare: readonly [string, Record<string, string>, Record<string, string>][] = [
  ['nothing', {}, {}],
  ['an id alone', { client_id: 'someone' }, {}],
  ['an unknown client', {}, basic({ id: 'nobody', secret: 'guess' })],
  ['a bearer token', {}, { Authorization: 'Bearer lka_something' }],
  ['empty halves', {}, { Authorization: `Basic ${Buffer.from(':').toString('base64')}` }],
];

test.each(bare)('I01 H6: a caller with %s gets 401 and a challenge', async (_words, parameters, headers) => {
  const answer = await world.post('/introspect', { token: 'lka_anything', ...parameters }, headers);
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="http/);
  expect(answer.body).toMatchObject({ error: 'invalid_client' });
});

test('I01: a wrong secret, and a public client that names only itself, get 401', async () => {
  const wrong = await world.introspect({ id: world.api.id, secret: 'lks_wrong' }, fileToken);
  expect(wrong.status).toBe(401);
  const pub = await world.registerClient({ auth: 'none', type: 'browser' });
  const named = await world.post('/introspect', { token: fileToken, client_id: pub.id, client_secret: 'x' });
  expect(named.status).toBe(401);
});

test('I01: basic and post are taken alike; both at once are refused', async () => {
  const { access_token } = await world.signIn(world.notes);
  const { id, secret = '' } = world.api;
  const post = { token: access_token, client_id: id, client_secret: secret };
  expect((await world.post('/introspect', post)).body.active).toBe(true);
  expect((await world.introspect(world.api, access_token)).body.active).toBe(true);
  const both = await world.post('/introspect', post, basic(world.api));
  expect([both.status, both.body.error]).toEqual([400, 'invalid_request']);
});

test('empty client_id and client_secret beside Basic are ignored, as dovecot sends them', async () => {
  const { access_token } = await world.signIn(world.notes);
  const parameters = { token: access_token, client_id: '', client_secret: '' };
  const answer = await world.post('/introspect', parameters, basic(world.api));
  expect([answer.status, answer.body.active]).toEqual([200, true]);
});

test('a resource server proves itself with a signed assertion', async () => {
  const answer = await ask(await keys.present(files.id));
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ active: true, aud: FILES, scope: 'read:files' });
});

test('H1: an assertion that was used here is refused with 401', async () => {
  const proof = await keys.present(files.id);
  expect((await ask(proof)).status).toBe(200);
  const again = await ask(proof);
  expect([again.status, again.body.error]).toEqual([401, 'invalid_client']);
});

test('H1: an assertion that was used at the token endpoint first is refused here, and the other way round', async () => {
  const robot = await registerSigner();
  const grant = { grant_type: 'refresh_token', refresh_token: 'lkr_none' };
  const first = await keys.present(robot.id);
  // The client was authenticated, its refresh token was not good: the assertion is spent all the same.
  expect((await world.post('/token', { ...grant, ...first })).body.error).toBe('invalid_grant');
  expect((await ask(first)).status).toBe(401);

  const second = await keys.present(robot.id);
  expect((await ask(second)).body).toEqual({ active: false });
  const late = await world.post('/token', { ...grant, ...second });
  expect([late.status, late.body.error]).toEqual([401, 'invalid_client']);
});

test('H1: of twenty requests with one assertion at once exactly one is answered', async () => {
  const proof = await keys.present(files.id);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(proof)));
  const statuses = answers.map(({ status }) => status).toSorted();
  expect(statuses).toEqual([200, ...Array.from({ length: 19 }, () => 401)]);
});

const faults: readonly [string, () => Record<string, unknown>][] = [
  ['has expired', () => ({ exp: nowSeconds() - 120 })],
  ['is good for five years (H7)', () => ({ exp: nowSeconds() + YEARS })],
  ['is meant for another issuer', () => ({ aud: 'https://elsewhere.example' })],
  ['names us beside another', () => ({ aud: [world.app.config.issuer, 'https://elsewhere.example'] })],
  ['has no exp', () => ({ exp: undefined })],
  ['has no jti', () => ({ jti: undefined })],
  ['was issued by another', () => ({ iss: 'another' })],
];

test.each(faults)('H7: an assertion that %s is refused with 401', async (_words, change) => {
  const answer = await ask(await keys.present(files.id, change()));
  expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
});

test('O03: an assertion without a signature, or with the key of another, is refused with 401', async () => {
  const [, payload] = (await keys.assert(files.id)).split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  const unsigned = { client_assertion_type: ASSERTION_TYPE, client_assertion: `${none}.${payload}.` };
  expect((await ask(unsigned)).status).toBe(401);
  const stranger = await createKeyHolder(world.app.config.issuer);
  expect((await ask(await stranger.present(files.id))).status).toBe(401);
});

test('a caller keeps to its method: no secret for one with a key, no assertion for one with a secret', async () => {
  const secret = await world.introspect({ id: files.id, secret: 'compared by hash' }, fileToken);
  expect(secret.status).toBe(401);
  expect((await ask(await keys.present(world.api.id))).status).toBe(401);
});

test('I01: a request without a token, or with two, is invalid', async () => {
  expect((await world.post('/introspect', {}, basic(world.api))).body.error).toBe('invalid_request');
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...basic(world.api) };
  const twice = await world.ask('/introspect', { method: 'POST', headers, body: 'token=a&token=b' });
  expect([twice.status, twice.body.error]).toEqual([400, 'invalid_request']);
});
