// Whoever gets a copy of the database or of the log gets no secret (bar 3): a whole story is told, then both are searched.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ASSERTION_TYPE, createKeyHolder } from '../introspection/key-holder.ts';
import { createFormRobot } from '../support/form-robot.ts';
import { createServerPlace, type ServerPlace } from '../support/processes.ts';
import { basic, createVerifier, createWorldIn, type World } from '../support/world.ts';
import { findLeaks, readPostgres, readSqlite } from './leaks.ts';
import { startLoudServer } from './loud-server.ts';
import { startWireTap } from './wire-tap.ts';

const OFFLINE = { scope: 'openid email offline_access read:tasks' };
const CANARY = `lka_${'0'.repeat(11)}${'Canary-1234_'.repeat(4).slice(0, 43)}`;
const GRACE = { email: 'grace@example.com', name: 'Grace Hopper', password: 'seven purple bicycles fell' };

type Tap = Awaited<ReturnType<typeof startWireTap>>;

/** The world at the end of the tap, which the server does not know of: Host stays the issuer's. */
async function createTappedWorld(place: ServerPlace, tap: Tap): Promise<World> {
  const { config, parts } = place;
  const robot = (headers = {}) => createFormRobot({ origin: config.issuer, port: tap.port, headers });
  return createWorldIn({ config, parts, port: tap.port, robot, close: async () => undefined });
}

async function signUpAndIn(world: World): Promise<void> {
  const robot = world.app.robot();
  const { challenge } = createVerifier();
  const asked = await robot.visit(world.authorizationPath(world.notes, challenge, OFFLINE));
  const wrong = { email: 'ada@example.com', password: 'the wrong battery staple' };
  const uid = new URL(asked.url).pathname.split('/')[2];
  await robot.send(asked, wrong, { action: `/interaction/${uid}/sign-in` });
  const form = await robot.visit(`/interaction/${uid}/sign-up`);
  const consent = await robot.send(form, GRACE, { action: `/interaction/${uid}/sign-up` });
  await robot.submit(consent, {}, { button: 'decision=allow' });
  await robot.send(
    await robot.visit('/account/password'),
    { password: GRACE.password, new_password: 'nine orange bicycles rose' },
    { action: '/account/password' },
  );
}

async function useTokens(world: World): Promise<void> {
  const robot = world.app.robot();
  const tokens = await world.signIn(world.notes, OFFLINE, robot);
  await world.introspect(world.api, tokens.access_token);
  await world.introspect(world.notes, tokens.refresh_token);
  await world.introspect(world.api, CANARY);
  await world.ask('/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  const next = await world.refresh(world.notes, tokens.refresh_token);
  const retried = await world.refresh(world.notes, tokens.refresh_token);
  expect(retried.body.refresh_token).toBe(next.body.refresh_token);
  await world.refresh(world.notes, String(next.body.refresh_token));
  const replayed = await world.refresh(world.notes, tokens.refresh_token);
  expect(replayed.body.error).toBe('invalid_grant');

  const second = await world.signIn(world.notes, { ...OFFLINE, response_mode: 'query' }, robot);
  await world.post('/revoke', { token: second.access_token }, basic(world.notes));
  await world.post('/revoke', { token: second.refresh_token }, basic(world.notes));
  const query = new URLSearchParams({ id_token_hint: second.id_token });
  await robot.submit(await robot.get(`/logout?${query}`), {}, { button: 'logout=yes' });
}

async function useFormPostAndReplay(world: World): Promise<void> {
  const robot = world.app.robot();
  const got = await world.authorize(world.notes, OFFLINE, robot);
  expect((await world.redeem(world.notes, got)).status).toBe(200);
  expect((await world.redeem(world.notes, got)).body.error).toBe('invalid_grant');
  const { challenge } = createVerifier();
  const path = world.authorizationPath(world.notes, challenge, { ...OFFLINE, response_mode: 'form_post' });
  expect((await robot.visit(path)).html).toContain('name="code"');
}

async function useKeysAndRotate(world: World): Promise<void> {
  const keys = await createKeyHolder(world.app.config.issuer);
  const signer = await world.registerClient({ auth: 'private_key_jwt', jwks: keys.jwks });
  const got = await world.authorize(signer, OFFLINE);
  const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: await keys.assert(signer.id) };
  const redeemed = await world.post('/token', {
    grant_type: 'authorization_code',
    code: got.code,
    redirect_uri: signer.redirectUri,
    code_verifier: got.verifier,
    ...proof,
  });
  expect(redeemed.status).toBe(200);
  const token = String(redeemed.body.refresh_token);
  expect((await world.post('/introspect', { token, ...proof })).status).toBe(401);
  const { secret } = await world.app.parts.clients.rotateSecret(world.notes.id);
  for (const one of [world.notes.secret, secret]) {
    expect((await world.introspect({ id: world.notes.id, secret: one }, token)).status).toBe(200);
  }
}

/** Made, used, rotated, and ended by whoever holds it; and sent to where it is none. */
async function useApiKeys(world: World): Promise<void> {
  const service = await world.registerClient({
    ...{ name: 'Console', type: 'service', grants: ['client_credentials'], redirectUris: [] },
    scopes: ['latchkey:keys:read', 'latchkey:keys:write'],
  });
  const resource = `${world.app.config.issuer}/v1`;
  const scope = 'latchkey:keys:read latchkey:keys:write';
  const { body } = await world.token(service, { grant_type: 'client_credentials', resource, scope });
  const headers = { Authorization: `Bearer ${body.access_token}`, 'Content-Type': 'application/json' };
  const post = (path: string, sent: object) =>
    world.ask(path, { method: 'POST', headers, body: JSON.stringify(sent) });
  const wanted = { name: 'Zapier', account_id: world.ada.id, scopes: ['read:tasks'] };
  const made = await post('/v1/keys', wanted);
  expect(made.status).toBe(201);
  const rotated = await post(`/v1/keys/${made.body.id}/rotation`, {});
  for (const key of [made, rotated].map((answer) => String(answer.body.key))) {
    expect((await world.introspect(world.api, key)).body.active).toBe(true);
    for (const path of ['/v1/keys', '/userinfo', `/nothing/${key}`])
      await world.ask(path, { headers: { Authorization: `Bearer ${key}` } });
  }
  await world.ask('/v1/keys', { headers });
  expect((await world.post('/revoke', { token: String(rotated.body.key) })).status).toBe(200);
}

/** What is sent to where it does not belong: in the query, in a header, in a body, as a cookie, in the path. */
async function sendCanaries(world: World): Promise<void> {
  const paths = [
    '/',
    '/authorize',
    '/token',
    '/introspect',
    '/revoke',
    '/userinfo',
    '/jwks',
    '/logout',
    '/sign-in',
  ];
  const others = ['/account', '/interaction/x', '/logout/confirm', '/nothing', `/nothing/${CANARY}`];
  const parameters = {
    token: CANARY,
    code: CANARY,
    client_secret: CANARY,
    password: CANARY,
    client_assertion: CANARY,
  };
  const query = new URLSearchParams(parameters);
  const headers = { Authorization: `Bearer ${CANARY}`, Cookie: `lk-session=${CANARY}; lk-csrf=${CANARY}` };
  for (const path of [...paths, ...others]) {
    for (const [more, body] of [
      [headers, parameters],
      [basic({ id: 'nobody', secret: CANARY }), { grant_type: CANARY }],
    ] as const) {
      const got = await world.ask(`${path}?${query}`, { headers: more });
      const posted = await world.post(path, body, more);
      expect(
        [got.status, posted.status].every((status) => status < 500),
        path,
      ).toBe(true);
    }
  }
}

/** The first administrator is made by the link that the server prints: the one secret that it is meant to say. */
async function makeAdministrator(world: World, said: string): Promise<string> {
  const link = /^ *(http\S+\/first-administrator\/\S+)$/m.exec(said)?.[1] ?? '';
  const path = new URL(link).pathname;
  const robot = world.app.robot();
  const person = { email: 'mary@example.com', name: 'Mary', password: 'twelve silver kettles sang' };
  const made = await robot.send(await robot.visit(path), person, { action: path });
  expect(new URL(made.url).pathname).toBe('/account');
  expect((await robot.visit(path)).status).toBe(404);
  return link;
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let place: ServerPlace;
  let tap: Tap;
  let log: string;
  let database: Buffer;

  beforeAll(async () => {
    place = await createServerPlace({ dialect, settings: { log: { level: 'trace' } } });
    const server = await startLoudServer(place);
    tap = await startWireTap(place.port);
    const world = await createTappedWorld(place, tap);
    const link = await makeAdministrator(world, server.said());
    tap.keep('link', link.split('/').at(-1) ?? '');
    await signUpAndIn(world);
    await useTokens(world);
    await useFormPostAndReplay(world);
    await useKeysAndRotate(world);
    await useApiKeys(world);
    await sendCanaries(world);
    const url = place.environment.DATABASE_URL;
    database =
      dialect === 'sqlite' ? readSqlite(place.directory, 'latchkey.sqlite') : await readPostgres(url);
    await server.stop();
    log = server.said().replace(link, '');
  });
  afterAll(async () => {
    await tap?.close();
    await place?.close();
  });

  test('H06: every kind of secret went by, and the search would find what is there', () => {
    const kinds = new Set(tap.secrets.values());
    for (const kind of [
      ...[
        'password',
        'new_password',
        'csrf',
        'xsrf',
        'code',
        'code_verifier',
        'access_token',
        'refresh_token',
      ],
      ...['id_token', 'client_secret', 'client_assertion', 'token', 'link', 'authorization Basic', 'key'],
      ...[
        'cookie lk-session',
        'cookie lk-session.sig',
        'cookie lk-interaction',
        'cookie lk-csrf',
        'cookie lk-device',
      ],
    ]) {
      expect(kinds, kind).toContain(kind);
    }
    expect(tap.secrets.size).toBeGreaterThan(60);
    expect(findLeaks(database, new Map([['grace@example.com', 'e-mail']]))).toEqual(['e-mail']);
    expect(findLeaks(Buffer.from(log), new Map([['"event":"request"', 'line']]))).toEqual(['line']);
  });

  test('H06: the database holds none of them, in no spelling', () => {
    expect(findLeaks(database, tap.secrets)).toEqual([]);
  });

  test('H06: the log at its loudest, with that of the libraries, holds none of them, in no spelling', () => {
    expect(log).toContain('"event":"introspection.refused"');
    expect(findLeaks(Buffer.from(log), tap.secrets)).toEqual([]);
  });
});

test('H06: the search finds a secret in clear, in hex, in base64, as bytes, without its prefix and in the middle of another text', () => {
  const secret = `lka_01234567890${'x7Kq-_'.repeat(8).slice(0, 43)}`;
  const secrets = new Map([[secret, 'token']]);
  const random = secret.slice(-43);
  const places: Buffer[] = [
    Buffer.from(`a ${secret} b`),
    Buffer.from(Buffer.from(secret).toString('hex')),
    Buffer.from(Buffer.from(`{"a":"${secret}"}`).toString('base64')),
    Buffer.from(Buffer.from(`x${secret}y`).toString('base64url')),
    Buffer.from(random, 'base64url'),
    Buffer.from(Buffer.from(random, 'base64url').toString('hex')),
  ];
  expect(places.map((place) => findLeaks(place, secrets))).toEqual(places.map(() => ['token']));
  expect(findLeaks(Buffer.from(`${secret.slice(0, 40)} and no more`), secrets)).toEqual([]);
});
