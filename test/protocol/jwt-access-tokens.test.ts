// JWT access tokens (RFC 9068): who gets them, what is in them, what signs them, and that none leaves without its row.
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createVerifier } from '../../examples/verify-access-token.ts';
import { nowSeconds } from '../../server/clock.ts';
import {
  createJwtWorld,
  type JwtWorld,
  MAIL,
  registerJwtApi,
  registerService,
} from '../support/jwt-world.ts';
import { fillDisk } from '../support/storage-faults.ts';

const OFFLINE = { scope: 'openid offline_access read:mail', resource: MAIL };

let world: JwtWorld;
beforeAll(async () => {
  world = await createJwtWorld();
});
afterAll(() => world.close());

async function listKeys(): Promise<JWK[]> {
  return (await world.ask('/jwks')).body.keys as JWK[];
}

test('B08: header and claims are those of RFC 9068 section 2, and no more', async () => {
  const before = nowSeconds();
  const { access_token, expires_in, scope } = await world.signInForMail();
  expect(decodeProtectedHeader(access_token)).toEqual({
    alg: 'ES256',
    typ: 'at+jwt',
    kid: (await listKeys()).find(({ alg }) => alg === 'ES256')?.kid,
  });
  const claims = decodeJwt(access_token);
  expect(claims).toEqual({
    iss: world.app.config.issuer,
    sub: world.ada.id,
    aud: MAIL,
    client_id: world.desk.id,
    scope: 'read:mail',
    iat: expect.any(Number),
    exp: expect.any(Number),
    jti: expect.stringMatching(/^at_[0-9a-z]{11}[A-Za-z0-9_-]{12}$/),
  });
  expect(scope).toBe('read:mail');
  expect(claims.iat).toBeGreaterThanOrEqual(before);
  expect(Number(claims.exp) - Number(claims.iat)).toBe(expires_in);
});

test('B08: each refresh gives another, with a jti of its own and the same subject', async () => {
  const first = await world.signInForMail();
  const next = await world.refresh(world.desk, first.refresh_token);
  const [one, other] = [decodeJwt(first.access_token), decodeJwt(String(next.body.access_token))];
  expect(other).toMatchObject({ sub: one.sub, aud: MAIL, client_id: world.desk.id });
  expect(other.jti).not.toBe(one.jti);
});

test('a request that names no API gets an opaque one, good at userinfo: the format is that of the API', async () => {
  const { access_token } = await world.signIn(world.desk, { scope: 'openid read:tasks' });
  expect(access_token).toMatch(/^lka_/);
  const headers = { Authorization: `Bearer ${access_token}` };
  expect((await world.ask('/userinfo', { headers })).status).toBe(200);
});

test('B02: it is for its API and no other: userinfo answers 401, and so it does for its jti', async () => {
  const { access_token } = await world.signInForMail();
  const { jti } = decodeJwt(access_token);
  for (const text of [access_token, String(jti), `lka_${String(jti).slice(3)}`]) {
    const answer = await world.ask('/userinfo', { headers: { Authorization: `Bearer ${text}` } });
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_token']);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  }
});

test('B10: RFC 9068 section 2.1: RS256 is among what an API may choose, and the keys verify each', async () => {
  const metadata = await world.ask('/.well-known/oauth-authorization-server');
  const algorithms = metadata.body.access_token_signing_alg_values_supported as (
    | 'ES256'
    | 'RS256'
    | 'EdDSA'
  )[];
  expect(algorithms.toSorted()).toEqual(['ES256', 'EdDSA', 'RS256']);
  const keys = await listKeys();
  expect(keys.map(({ alg }) => alg).toSorted()).toEqual(algorithms.toSorted());
  for (const algorithm of algorithms) {
    const audience = `https://${algorithm.toLowerCase()}.example.com/`;
    const api = await registerJwtApi(world, audience, {
      scopes: { [algorithm]: 'All' },
      tokenAlg: algorithm,
    });
    const service = await registerService(world, { scopes: [algorithm] });
    const { body } = await world.askInOwnName({ resource: audience, scope: algorithm }, service);
    const text = String(body.access_token);
    expect(decodeProtectedHeader(text).alg).toBe(algorithm);
    const { issuer } = world.app.config;
    const verify = createVerifier({ issuer, audience, algorithm, keys: createLocalJWKSet({ keys }) });
    expect(await verify(text)).toMatchObject({ scope: algorithm });
    expect((await world.introspect(api, text)).body).toMatchObject({ active: true, aud: audience });
  }
});

test('ID tokens stay RS256, whatever signs the access token', async () => {
  const { id_token } = await world.signInForMail();
  expect(decodeProtectedHeader(id_token).alg).toBe('RS256');
  const { body } = await world.ask('/.well-known/openid-configuration');
  expect(body.id_token_signing_alg_values_supported).toEqual(['RS256']);
});

async function countRows(): Promise<number> {
  const { database } = world.app.parts;
  const row = await database.find<{ n: number }>({
    sql: 'SELECT COUNT(*) AS n FROM access_tokens',
    bindings: [],
  });
  return row?.n ?? 0;
}

test('H3 F04: no JWT leaves whose row was not stored: a full disk is 503, and with room it goes on', async () => {
  const { refresh_token } = await world.signIn(world.desk, OFFLINE);
  const makeRoom = await fillDisk(world.app.parts.database);
  const stored = await countRows();
  let issued = 0;
  let answer = await world.askInOwnName();
  // The last page has room for a few.
  for (; answer.status === 200 && issued < 500; issued += 1) answer = await world.askInOwnName();
  expect([answer.status, answer.body.error]).toEqual([503, 'temporarily_unavailable']);
  expect(answer.text).not.toContain('eyJ');
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(await countRows()).toBe(stored + issued);
  await makeRoom();
  for (const after of [await world.askInOwnName(), await world.refresh(world.desk, refresh_token)]) {
    expect(after.status).toBe(200);
    expect((await world.introspect(world.mail, String(after.body.access_token))).body.active).toBe(true);
  }
});
