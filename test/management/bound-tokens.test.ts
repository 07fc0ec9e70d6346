// Tokens bound to a key (RFC 9449 section 7): of no use to whoever has only the token; and tokens that are none for /v1 at all.
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Registration } from '../../server/clients/clients.ts';
import { CLI, requestCode } from '../support/devices.ts';
import { createProver, type Prover } from '../support/dpop.ts';
import type { Answer } from '../support/program.ts';
import { basic } from '../support/world.ts';
import { createManagementWorld, EVERY_RIGHT, type ManagementWorld } from './support.ts';

const PATH = '/v1/clients';
const DEVICE: Partial<Registration> = {
  ...{ name: 'TV', type: 'native', auth: 'none', redirectUris: [] },
  grants: ['urn:ietf:params:oauth:grant-type:device_code'],
};

let world: ManagementWorld;
let ada: Prover;
let mallory: Prover;
let token: string;
beforeAll(async () => {
  world = await createManagementWorld({ settings: { device: { client_ids: [CLI.id] } } });
  ada = await createProver(world.app.config.issuer);
  mallory = await createProver(world.app.config.issuer);
  const wanted = { grant_type: 'client_credentials', resource: world.resource, scope: EVERY_RIGHT.join(' ') };
  const headers = { ...basic(world.service), ...(await ada.header('/token')) };
  const { body } = await world.post('/token', wanted, headers);
  expect(body.token_type).toBe('DPoP');
  token = String(body.access_token);
});
afterAll(() => world.close());

function ask(scheme: string, proof: string | undefined, path = PATH): Promise<Answer> {
  const headers = { Authorization: `${scheme} ${token}`, ...(proof === undefined ? {} : { DPoP: proof }) };
  return world.ask(path, { headers });
}

test('X01: with a proof of its key it opens the door, once for each proof', async () => {
  const proof = await ada.prove('GET', PATH, { token });
  expect((await ask('DPoP', proof)).status).toBe(200);
  const again = await ask('DPoP', proof);
  expect([again.status, again.body.error]).toEqual([401, 'invalid_dpop_proof']);
  expect(again.headers.get('www-authenticate')).toMatch(
    /^DPoP realm=".+", error="invalid_dpop_proof", algs="/,
  );
});

test('X01: of two with one proof at once, one goes through', async () => {
  const proof = await ada.prove('GET', PATH, { token });
  const answers = await Promise.all(Array.from({ length: 6 }, () => ask('DPoP', proof)));
  expect(answers.filter((one) => one.status === 200)).toHaveLength(1);
});

test('the query is no part of what is proved', async () => {
  expect((await ask('DPoP', await ada.prove('GET', PATH, { token }), `${PATH}?limit=1`)).status).toBe(200);
});

test('X01: as a bearer token it is none', async () => {
  const answer = await ask('Bearer', await ada.prove('GET', PATH, { token }));
  expect([answer.status, answer.body.error]).toEqual([401, 'invalid_token']);
});

test('X01: nor is a bearer token made a bound one by a proof', async () => {
  const headers = {
    Authorization: `DPoP ${world.right}`,
    DPoP: await ada.prove('GET', PATH, { token: world.right }),
  };
  expect((await world.ask(PATH, { headers })).body.error).toBe('invalid_token');
});

const now = () => Math.floor(Date.now() / 1000);

test.each<[string, () => Promise<string | undefined>]>([
  ['none', async () => undefined],
  ['no JWT', async () => 'x'],
  ['of another key', () => mallory.prove('GET', PATH, { token })],
  ['for another method', () => ada.prove('POST', PATH, { token })],
  ['for another address', () => ada.prove('GET', '/v1/accounts', { token })],
  [
    'for another server',
    () => ada.prove('GET', PATH, { token, claims: { htu: `https://evil.example${PATH}` } }),
  ],
  ['for another token', () => ada.prove('GET', PATH, { token: world.right })],
  ['for no token', () => ada.prove('GET', PATH)],
  ['too old', () => ada.prove('GET', PATH, { token, claims: { iat: now() - 400 } })],
  ['of the future', () => ada.prove('GET', PATH, { token, claims: { iat: now() + 400 } })],
  ['without a name', () => ada.prove('GET', PATH, { token, claims: { jti: undefined } })],
  ['of another type', () => ada.prove('GET', PATH, { token, header: { typ: 'JWT' } })],
  ['with a private key in it', () => ada.prove('GET', PATH, { token, header: { jwk: ada.privateJwk } })],
])('X01: a proof that is %s is refused', async (_what, prove) => {
  const answer = await ask('DPoP', await prove());
  expect([answer.status, answer.body.error]).toEqual([401, 'invalid_dpop_proof']);
});

test('D27 H01: a device gets no right over the server: it is refused before anybody is asked', async () => {
  for (const client of [CLI, await world.registerClient({ ...DEVICE, scopes: ['openid', ...EVERY_RIGHT] })]) {
    const { status } = await requestCode(world, client, {
      scope: EVERY_RIGHT.join(' '),
      resource: world.resource,
    });
    expect(status).toBe(400);
  }
});

test('H01: whoever may ask for every scope may not ask for these: they are given by name', async () => {
  const every = await world.registerClient({
    ...{ name: 'Every', type: 'service', grants: ['client_credentials'], redirectUris: [], scopes: ['*'] },
  });
  for (const resource of [world.resource, undefined]) {
    const wanted = { grant_type: 'client_credentials', resource, scope: 'latchkey:accounts:read' };
    expect((await world.token(every, wanted)).status).toBe(400);
  }
});

test('H01: a request without scope gets none of them', async () => {
  const wanted = { grant_type: 'client_credentials', resource: world.resource };
  expect((await world.token(world.service, wanted)).body.error).toBe('invalid_scope');
});

test('I09: no API learns of a token for /v1', async () => {
  expect((await world.introspect(world.api, world.right)).body).toEqual({ active: false });
});

test('J01 H01: nor does an assertion of a trusted issuer give one, which cannot be trusted with it either', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const issuer = 'https://ci.example.com';
  const scopes = ['latchkey:accounts:read'];
  const jwks = { keys: [await exportJWK(publicKey)] };
  const trust = (trusted: readonly string[]) =>
    world.call(world.right, 'POST', '/v1/issuers', { body: { issuer, scopes: trusted, jwks } });
  expect((await trust(scopes)).status).toBe(400);
  expect((await trust(['read:tasks'])).status).toBe(201);
  for (const scope of [undefined, ...scopes]) {
    const assertion = await new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(issuer)
      .setSubject(issuer)
      .setAudience(world.app.config.issuer)
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(privateKey);
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    const answer = await world.post('/token', { grant_type, assertion, scope, resource: world.resource });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_target']);
  }
});
