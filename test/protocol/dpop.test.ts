// Tokens that are bound to a key (RFC 9449): row X01. The races are in test/crash/dpop-races.test.ts.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { askForCode, CLI, DEVICE_GRANT, MANY_CODES, pair } from '../support/devices.ts';
import { createProver, type Prover } from '../support/dpop.ts';
import type { Answer } from '../support/program.ts';
import {
  type AppClient,
  basic,
  createVerifier,
  createWorld,
  type TokenSet,
  type World,
} from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const WINDOW_SECONDS = 300;

let world: World;
let prover: Prover;
let other: Prover;
let spa: AppClient;
let robot: ReturnType<World['app']['robot']>;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
  const { issuer } = world.app.config;
  [prover, other] = await Promise.all([createProver(issuer), createProver(issuer)]);
  spa = await world.registerClient({ type: 'browser', auth: 'none' });
  robot = world.app.robot();
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

function headersFor(client: AppClient, proof: string | undefined): Record<string, string> {
  return {
    ...(client.secret === undefined ? {} : basic(client)),
    ...(proof === undefined ? {} : { DPoP: proof }),
  };
}

/** A token request with a proof; public clients name themselves. */
function ask(client: AppClient, parameters: Record<string, string>, proof: string | undefined) {
  return world.post('/token', { client_id: client.id, ...parameters }, headersFor(client, proof));
}

async function redeem(client: AppClient, proof: string | undefined, asked = {}): Promise<Answer> {
  const got = await world.authorize(client, { ...OFFLINE, ...asked }, robot);
  const exchange = { code: got.code, redirect_uri: client.redirectUri, code_verifier: got.verifier };
  return ask(client, { grant_type: 'authorization_code', ...exchange }, proof);
}

async function signIn(client: AppClient, asked = {}): Promise<TokenSet> {
  const { status, body } = await redeem(client, await prover.prove('POST', '/token'), asked);
  expect([status, body.token_type]).toEqual([200, 'DPoP']);
  return body as TokenSet;
}

function refresh(client: AppClient, token: string, proof: string | undefined): Promise<Answer> {
  return ask(client, { grant_type: 'refresh_token', refresh_token: token }, proof);
}

function userinfo(token: string, proof: string | undefined, scheme = 'DPoP'): Promise<Answer> {
  const headers = { Authorization: `${scheme} ${token}`, ...(proof === undefined ? {} : { DPoP: proof }) };
  return world.ask('/userinfo', { headers });
}

test('X01: introspection tells that a token is bound, and to which key (RFC 9449 section 6.2)', async () => {
  const tokens = await signIn(world.notes);
  const { body } = await world.introspect(world.api, tokens.access_token);
  expect(body).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: prover.thumbprint } });
  const unbound = await world.signIn(world.notes, OFFLINE, robot);
  const bearer = await world.introspect(world.api, unbound.access_token);
  expect(bearer.body).toMatchObject({ active: true, token_type: 'Bearer' });
  expect(bearer.body).not.toHaveProperty('cnf');
});

test('X01: discovery names the algorithms of proofs', async () => {
  const { body } = await world.ask('/.well-known/openid-configuration');
  expect(body.dpop_signing_alg_values_supported).toContain('ES256');
});

test.each<[string, Parameters<Prover['prove']>[2]]>([
  ['another method', { claims: { htm: 'GET' } }],
  ['no method', { claims: { htm: undefined } }],
  ['another address', { claims: { htu: 'https://evil.example/token' } }],
  ['another endpoint', { claims: { htu: 'ISSUER/userinfo' } }],
  ['no address', { claims: { htu: undefined } }],
  ['no time', { claims: { iat: undefined } }],
  ['a time long ago', { claims: { iat: nowSeconds() - 2 * WINDOW_SECONDS } }],
  ['a time far ahead', { claims: { iat: nowSeconds() + 2 * WINDOW_SECONDS } }],
  ['no jti', { claims: { jti: undefined } }],
  ['an empty jti', { claims: { jti: '' } }],
  ['another typ', { header: { typ: 'JWT' } }],
  ['no key', { header: { jwk: undefined } }],
  ['a nonce that is none of ours', { claims: { nonce: 'made-up' } }],
])('X01: a proof with %s is refused at the token endpoint', async (_name, change) => {
  const { issuer } = world.app.config;
  const claims = { ...change?.claims };
  if (typeof claims.htu === 'string') claims.htu = claims.htu.replace('ISSUER', issuer);
  const { status, body } = await redeem(
    world.notes,
    await prover.prove('POST', '/token', { ...change, claims }),
  );
  expect([status, body.error]).toEqual([400, expect.stringMatching(/^(invalid_dpop_proof|use_dpop_nonce)$/)]);
  expect(body).not.toHaveProperty('access_token');
});

test('X01: a proof by another key than the one it shows, two proofs, or none at all behind the header are refused', async () => {
  const swapped = await prover.prove('POST', '/token', { header: { jwk: other.jwk } });
  const good = await prover.prove('POST', '/token');
  for (const proof of [swapped, `${good}, ${good}`, 'nonsense', `${good.slice(0, -3)}AAA`]) {
    const { status, body } = await redeem(world.notes, proof);
    expect([status, body.error]).toEqual([400, 'invalid_dpop_proof']);
  }
});

test('X01: a proof that shows its private key is refused (RFC 9449 section 4.3)', async () => {
  const proof = await prover.prove('POST', '/token', { header: { jwk: prover.privateJwk } });
  const { status, body } = await redeem(world.notes, proof);
  expect([status, body.error]).toEqual([400, 'invalid_dpop_proof']);
});

test('X01: a proof is good once, at whatever endpoint', async () => {
  const proof = await prover.prove('POST', '/token');
  expect((await redeem(world.notes, proof)).status).toBe(200);
  const again = await redeem(world.notes, proof);
  expect([again.status, again.body.error]).toEqual([400, 'invalid_dpop_proof']);

  const { access_token: token } = await signIn(world.notes, { scope: 'openid' });
  const shown = await prover.prove('GET', '/userinfo', { token });
  expect((await userinfo(token, shown)).status).toBe(200);
  const replayed = await userinfo(token, shown);
  expect([replayed.status, replayed.body.error]).toEqual([401, 'invalid_token']);
});

test('X01: the jti of a proof that is dated ahead is kept until the proof is too old', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const ahead = await prover.prove('POST', '/token', {
    claims: { iat: nowSeconds() + WINDOW_SECONDS - 1, jti: 'ahead' },
  });
  expect((await redeem(world.notes, ahead)).status).toBe(200);
  vi.setSystemTime(Date.now() + (WINDOW_SECONDS + 60) * 1000);
  // Whatever the sweep keeps beyond what it must.
  await world.app.parts.replays.sweep(nowSeconds(), 1000);
  const { status, body } = await redeem(world.notes, ahead);
  expect([status, body.error]).toEqual([400, 'invalid_dpop_proof']);
});

test('X01: at userinfo a bound token wants its key, its hash and its scheme', async () => {
  const { access_token: token } = await signIn(world.notes, { scope: 'openid' });
  const good = await userinfo(token, await prover.prove('GET', '/userinfo', { token }));
  expect([good.status, good.body.sub]).toEqual([200, world.ada.id]);
  const asBearer = await userinfo(token, undefined, 'Bearer');
  expect([asBearer.status, asBearer.body.error]).toEqual([401, 'invalid_token']);
  expect(asBearer.headers.get('www-authenticate')).toMatch(/^DPoP /);
  for (const proof of [
    await other.prove('GET', '/userinfo', { token }),
    await prover.prove('GET', '/userinfo', {}),
    await prover.prove('GET', '/userinfo', { token: 'another' }),
    await prover.prove('POST', '/userinfo', { token }),
  ]) {
    const { status, body } = await userinfo(token, proof);
    expect(status).toBe(401);
    expect(body).not.toHaveProperty('sub');
  }
  const both = await userinfo(token, await prover.prove('GET', '/userinfo', { token }), 'Bearer');
  expect(both.status).toBe(400);
  expect((await userinfo(token, undefined)).status).toBe(400);
});

test('X01: a token that is not bound is not good with a proof', async () => {
  const { access_token: token } = await world.signIn(world.notes, { scope: 'openid' }, robot);
  const { status } = await userinfo(token, await prover.prove('GET', '/userinfo', { token }));
  expect(status).toBe(401);
});

test('X01: the refresh token of a public client is bound to the key, and stays so (RFC 9449 section 5)', async () => {
  const { refresh_token: first } = await signIn(spa);
  for (const proof of [undefined, await other.prove('POST', '/token')]) {
    const { status, body } = await refresh(spa, first, proof);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  }
  const second = await refresh(spa, first, await prover.prove('POST', '/token'));
  expect([second.status, second.body.token_type]).toEqual([200, 'DPoP']);
  const stolen = await refresh(spa, String(second.body.refresh_token), await other.prove('POST', '/token'));
  expect(stolen.body.error).toBe('invalid_grant');
});

test('X01: a client that proves who it is may take another key for what comes next', async () => {
  const { refresh_token: first } = await signIn(world.notes);
  const { body } = await refresh(world.notes, first, await other.prove('POST', '/token'));
  const told = await world.introspect(world.api, String(body.access_token));
  expect(told.body).toMatchObject({ cnf: { jkt: other.thumbprint } });
});

test('X01 R04: a refresh whose answer was lost is sent again with a fresh proof, and gets the same successor', async () => {
  const { refresh_token: first } = await signIn(spa);
  const lost = await refresh(spa, first, await prover.prove('POST', '/token'));
  const again = await refresh(spa, first, await prover.prove('POST', '/token'));
  expect([lost.status, again.status]).toEqual([200, 200]);
  expect(again.body.refresh_token).toBe(lost.body.refresh_token);
  // By somebody else within the window it is not even a retry.
  const stolen = await refresh(spa, first, await other.prove('POST', '/token'));
  expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant']);
  const next = await refresh(spa, String(again.body.refresh_token), await prover.prove('POST', '/token'));
  expect(next.status).toBe(200);
});

test('X01: dpop_jkt binds the code to the key that will redeem it (RFC 9449 section 10)', async () => {
  const asked = { dpop_jkt: prover.thumbprint };
  for (const proof of [undefined, await other.prove('POST', '/token')]) {
    const { status, body } = await redeem(spa, proof, asked);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  }
  expect((await redeem(spa, await prover.prove('POST', '/token'), asked)).status).toBe(200);
});

test('X01: a pushed request with a proof binds the code as well', async () => {
  const { verifier, challenge } = createVerifier();
  const form = Object.fromEntries(
    new URLSearchParams(world.authorizationPath(spa, challenge, OFFLINE).split('?')[1]),
  );
  const { body } = await world.post('/par', form, await prover.header('/par'));
  const query = new URLSearchParams({ client_id: spa.id, request_uri: String(body.request_uri) });
  const back = await world.walk(robot, await robot.get(`/authorize?${query}`));
  const exchange = {
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: spa.redirectUri,
    code_verifier: verifier,
  };
  expect((await ask(spa, exchange, await other.prove('POST', '/token'))).body.error).toBe('invalid_grant');
});

test('X01: a device is bound to its key', async () => {
  const code = await askForCode(world);
  await pair(robot, code);
  const form = { grant_type: DEVICE_GRANT, device_code: code.device_code };
  const { status, body } = await ask(CLI, form, await prover.prove('POST', '/token'));
  expect([status, body.token_type]).toEqual([200, 'DPoP']);
  const told = await world.introspect(world.api, String(body.access_token));
  expect(told.body).toMatchObject({ token_type: 'DPoP', cnf: { jkt: prover.thumbprint } });
  const token = String(body.refresh_token);
  expect((await refresh(CLI, token, undefined)).body.error).toBe('invalid_grant');
  expect((await refresh(CLI, token, await prover.prove('POST', '/token'))).status).toBe(200);
});

test('X01: a client that is registered for it gets no token that is not bound', async () => {
  const bound = await world.registerClient({ name: 'Bound', needsDpop: true });
  const { status, body } = await redeem(bound, undefined);
  expect([status, body.error]).toEqual([400, 'invalid_grant']);
  await signIn(bound);
});

test('X01: a client whose clock is wrong is offered a nonce and goes on with it; nobody else needs one', async () => {
  const late = { iat: nowSeconds() - 86_400 };
  const refused = await redeem(spa, await prover.prove('POST', '/token', { claims: late }));
  expect([refused.status, refused.body.error]).toEqual([400, 'use_dpop_nonce']);
  const nonce = refused.headers.get('dpop-nonce') ?? '';
  expect(nonce).toMatch(/^[\w-]{43}$/);
  const answer = await redeem(spa, await prover.prove('POST', '/token', { claims: { ...late, nonce } }));
  expect(answer.status).toBe(200);
});
