// What an API that verifies JWT access tokens by itself must refuse (RFC 9068 section 4, RFC 8725), with the recipe that we hand out.
import { createPublicKey } from 'node:crypto';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createVerifier } from '../../examples/verify-access-token.ts';
import { createJwtWorld, type JwtWorld, MAIL } from '../support/jwt-world.ts';
import { API } from '../support/world.ts';

let world: JwtWorld;
let verify: ReturnType<typeof createVerifier>;
let keys: JWK[];
let text: string;
let issuer: string;

beforeAll(async () => {
  world = await createJwtWorld();
  issuer = world.app.config.issuer;
  keys = (await world.ask('/jwks')).body.keys as JWK[];
  verify = createVerifier({ issuer, audience: MAIL, keys: createLocalJWKSet({ keys }) });
  text = (await world.signInForMail()).access_token;
});
afterAll(() => world.close());
afterEach(() => {
  vi.useRealTimers();
});

function publicKey(alg: string): JWK {
  return keys.find((key) => key.alg === alg) ?? expect.fail(`no ${alg} key`);
}

function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
}

/** The claims of a good token, signed with our own key unless another one is given. */
async function sign(
  change: Record<string, unknown> = {},
  header: Partial<JWTHeaderParameters> = {},
  key?: Parameters<SignJWT['sign']>[0],
): Promise<string> {
  const { algorithm, kid, privateJwk } =
    (await world.app.parts.signingKeys.load()).find((one) => one.algorithm === 'ES256') ?? expect.fail();
  return new SignJWT({ ...claimsOf(text), ...change })
    .setProtectedHeader({ alg: algorithm, kid, typ: 'at+jwt', ...header })
    .sign(key ?? privateJwk);
}

test('B08 B09: a token of ours is good, for a person and for a service; signed anew by our key it is too', async () => {
  expect(await verify(text)).toMatchObject({ sub: world.ada.id, client_id: world.desk.id, aud: MAIL });
  const own = String((await world.askInOwnName()).body.access_token);
  expect(await verify(own)).toMatchObject({ sub: world.service.id, client_id: world.service.id });
  expect(await verify(await sign())).toMatchObject({ sub: world.ada.id });
});

test('B09: an ID token is none, though the same server signed it', async () => {
  const { id_token } = await world.signInForMail();
  await expect(verify(id_token)).rejects.toThrow();
  const rs256 = createVerifier({
    ...{ issuer, audience: world.desk.id, algorithm: 'RS256' },
    keys: createLocalJWKSet({ keys }),
  });
  await expect(rs256(id_token)).rejects.toThrow('unexpected "typ" JWT header value');
});

test('B09: a token for another API is none for this one', async () => {
  const elsewhere = createVerifier({ issuer, audience: API, keys: createLocalJWKSet({ keys }) });
  await expect(elsewhere(text)).rejects.toThrow('unexpected "aud" claim value');
});

test('B09: alg none is refused, with and without an empty signature', async () => {
  const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
  const payload = text.split('.')[1];
  for (const forged of [`${header}.${payload}.`, `${header}.${payload}`])
    await expect(verify(forged)).rejects.toThrow();
});

test('B09: HS256 with one of our public keys as the secret is refused', async () => {
  for (const alg of ['ES256', 'RS256', 'EdDSA']) {
    const jwk = publicKey(alg);
    const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const forged = await sign({}, { alg: 'HS256', kid: jwk.kid ?? '' }, Buffer.from(pem));
    await expect(verify(forged), alg).rejects.toThrow('"alg" (Algorithm) Header Parameter value not allowed');
  }
});

test('B09: a crit that nobody knows is refused', async () => {
  const good = text.split('.');
  const header = { ...decodeProtectedHeader(text), crit: ['exp2'], exp2: 1 };
  good[0] = Buffer.from(JSON.stringify(header)).toString('base64url');
  await expect(verify(good.join('.'))).rejects.toThrow('"exp2" is not recognized');
});

test('B09: a key that the token brings along is not used: jwk, jku and x5u', async () => {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const { kid: ours } = publicKey('ES256');
  for (const header of [
    { jwk, kid },
    { jwk, kid: ours ?? '' },
    { jku: 'https://evil.example/jwks', kid },
    { x5u: 'https://evil.example', kid },
  ])
    await expect(verify(await sign({}, header, pair.privateKey))).rejects.toThrow();
});

test('B09: the other algorithms of the same server are refused where the API was registered for one', async () => {
  for (const algorithm of ['RS256', 'EdDSA'] as const) {
    const signing = (await world.app.parts.signingKeys.load()).find((one) => one.algorithm === algorithm);
    const forged = await sign({}, { alg: algorithm, kid: signing?.kid ?? '' }, signing?.privateJwk);
    await expect(verify(forged)).rejects.toThrow('"alg" (Algorithm) Header Parameter value not allowed');
  }
});

test.each([
  ['another issuer', { iss: 'https://evil.example' }],
  ['no issuer', { iss: undefined }],
  ['no audience', { aud: undefined }],
  ['no subject', { sub: undefined }],
  ['no client', { client_id: undefined }],
  ['no end', { exp: undefined }],
  ['no beginning', { iat: undefined }],
  ['no jti', { jti: undefined }],
])('B09: a token with %s is refused, however well it is signed', async (_what, change) => {
  await expect(verify(await sign(change))).rejects.toThrow();
});

test('B09: an expired token is refused, beyond the tolerance for clocks', async () => {
  const end = Number(claimsOf(text).exp);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime((end + 14) * 1000);
  expect(await verify(text)).toMatchObject({ sub: world.ada.id });
  vi.setSystemTime((end + 16) * 1000);
  await expect(verify(text)).rejects.toThrow('"exp" claim timestamp check failed');
});

test('B09: another type of JWT by our own key is refused: none, JWT, logout+jwt, dpop+jwt', async () => {
  for (const typ of [undefined, 'JWT', 'logout+jwt', 'dpop+jwt'])
    await expect(verify(await sign({}, { typ } as never)), String(typ)).rejects.toThrow();
});
