// Row M03: whatever discovery advertises works when it is asked for, and what it does not advertise is refused.
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuthMethod } from '../../server/clients/clients.ts';
import type { Answer } from '../support/program.ts';
import { answerOf, createVisits } from '../support/visits.ts';
import { API, type AppClient, basic, createVerifier, createWorld, type World } from '../support/world.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const endpoints = ['token', 'introspection', 'revocation'] as const;
type Endpoint = (typeof endpoints)[number];

// What others offer, so that "not advertised" has something to try.
const UNIVERSE = {
  grant_types: [
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'password',
    'implicit',
    'urn:ietf:params:oauth:grant-type:device_code',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:ietf:params:oauth:grant-type:saml2-bearer',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'urn:openid:params:grant-type:ciba',
  ],
  auth_methods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'],
  algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'HS256'],
  response_types: ['code', 'token', 'id_token', 'none', 'code id_token', 'code token', 'id_token token', 'code id_token token'],
  response_modes: ['query', 'form_post', 'fragment', 'query.jwt', 'fragment.jwt', 'form_post.jwt', 'jwt', 'web_message'],
  code_challenge_methods: ['S256', 'plain'],
  scopes: ['openid', 'profile', 'email', 'offline_access', 'read:tasks', 'write:tasks', 'address', 'phone', 'admin'],
} as const;

let world: World;
let metadata: Record<string, unknown>;
beforeAll(async () => {
  world = await createWorld();
  metadata = (await world.ask('/.well-known/openid-configuration')).body;
});
afterAll(() => world.close());

function advertised(name: string): string[] {
  const list = metadata[name];
  if (!Array.isArray(list)) throw new Error(`${name} is not advertised`);
  return list;
}

function isAdvertised(name: string, value: string): boolean {
  return advertised(name).includes(value);
}

/** A call that is answered otherwise than invalid_client exactly when the caller was authenticated. */
function call(endpoint: Endpoint, credentials: Record<string, string>, headers = {}): Promise<Answer> {
  const path = new URL(String(metadata[`${endpoint}_endpoint`])).pathname;
  const asked =
    endpoint === 'token'
      ? { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://x.example/', code_verifier: 'v'.repeat(43) }
      : { token: 'x' };
  return world.post(path, { ...asked, ...credentials }, headers);
}

function isAuthenticated(endpoint: Endpoint, { status, body }: Answer): boolean {
  return endpoint === 'token' ? status === 400 && body.error === 'invalid_grant' : status === 200;
}

type Caller = { id: string; secret: string | undefined };

async function registerCaller(endpoint: Endpoint, auth: AuthMethod, jwk?: JWK): Promise<Caller> {
  const jwks = jwk === undefined ? {} : { jwks: { keys: [{ ...jwk }] } };
  if (endpoint !== 'introspection') return world.registerClient({ auth, ...jwks });
  const registration = { name: 'Other', scopes: { [`s:${randomUUID()}`]: 'Words' }, tokenFormat: 'opaque' as const };
  const resource = { identifier: `https://${randomUUID()}.example/`, isDefault: false, registration };
  const made = await world.app.parts.resources.register(resource, { auth: auth as 'private_key_jwt', ...jwks });
  return { id: made.clientId, secret: made.secret };
}

async function createKey(alg: string): Promise<{ key: CryptoKey | Uint8Array; jwk: JWK | undefined }> {
  if (alg.startsWith('HS')) return { key: new TextEncoder().encode('k'.repeat(64)), jwk: undefined };
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid: alg } };
}

function signAssertion(alg: string, key: CryptoKey | Uint8Array, id: string): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(world.app.config.issuer)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(key);
}

async function present(endpoint: Endpoint, method: string): Promise<Answer> {
  if (method === 'private_key_jwt' || method === 'client_secret_jwt') return presentAssertion(endpoint, method);
  const caller = await registerCaller(endpoint, method === 'none' && endpoint === 'introspection' ? 'client_secret_basic' : (method as AuthMethod));
  if (method === 'none') return call(endpoint, { client_id: caller.id });
  if (method === 'client_secret_basic') return call(endpoint, {}, basic(caller));
  return call(endpoint, { client_id: caller.id, client_secret: caller.secret ?? '' });
}

async function presentAssertion(endpoint: Endpoint, method: string, alg = method === 'client_secret_jwt' ? 'HS256' : 'RS256') {
  const { key, jwk } = await createKey(alg);
  const caller = await registerCaller(endpoint, jwk === undefined ? 'client_secret_basic' : 'private_key_jwt', jwk);
  const secret = new TextEncoder().encode(caller.secret ?? '');
  const assertion = await signAssertion(alg, jwk === undefined ? secret : key, caller.id);
  return call(endpoint, { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion });
}

const methodCases = endpoints.flatMap((endpoint) => UNIVERSE.auth_methods.map((method) => [endpoint, method] as const));

test.each(methodCases)('M03: client authentication at %s by %s works exactly if it is advertised', async (endpoint, method) => {
  const answer = await present(endpoint, method);
  const isOffered = isAdvertised(`${endpoint}_endpoint_auth_methods_supported`, method);
  expect(isAuthenticated(endpoint, answer)).toBe(isOffered);
  if (!isOffered) expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
});

const algorithmCases = endpoints.flatMap((endpoint) => UNIVERSE.algorithms.map((alg) => [endpoint, alg] as const));

test.each(algorithmCases)('M03: a client assertion at %s signed with %s works exactly if it is advertised', async (endpoint, alg) => {
  const answer = await presentAssertion(endpoint, 'private_key_jwt', alg);
  const isOffered = isAdvertised(`${endpoint}_endpoint_auth_signing_alg_values_supported`, alg);
  expect(isAuthenticated(endpoint, answer)).toBe(isOffered);
  if (!isOffered) expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
});

async function redeemCode(client: AppClient): Promise<Answer> {
  return world.redeem(client, await world.authorize(client, { scope: 'openid offline_access' }));
}

const grants: Record<string, (client: AppClient) => Promise<Answer>> = {
  authorization_code: redeemCode,
  refresh_token: async (client) => world.refresh(client, String((await redeemCode(client)).body.refresh_token)),
};

test.each(UNIVERSE.grant_types)('M03: the grant %s works exactly if it is advertised', async (grant) => {
  if (isAdvertised('grant_types_supported', grant)) {
    expect(Object.keys(grants)).toContain(grant);
    expect(await grants[grant]?.(world.notes)).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    return;
  }
  // A client that is registered for it, so that only its being unknown can be the reason.
  const client = await world.registerClient({ grants: ['authorization_code', grant] });
  const answer = await world.token(client, { grant_type: grant, username: 'ada@example.com', password: 'x', scope: 'openid' });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.body).not.toHaveProperty('access_token');
});

async function answerTo(parameters: Record<string, string>): Promise<Record<string, string>> {
  const robot = world.app.robot();
  await world.authorize(world.notes, {}, robot);
  const { page } = await createVisits(world).begin(world.notes, parameters, robot);
  if (page.location !== undefined) return answerOf(page);
  return Object.fromEntries([...page.html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
}

test.each(UNIVERSE.response_types)('M03: the response type %s works exactly if it is advertised', async (type) => {
  const answer = await answerTo({ response_type: type, nonce: 'n' });
  if (isAdvertised('response_types_supported', type)) expect(answer.code).toMatch(/^lkc_/);
  else expect(answer).toMatchObject({ error: 'unsupported_response_type' });
  expect(answer).not.toHaveProperty('access_token');
});

test.each(UNIVERSE.response_modes)('M03 A07: the response mode %s works exactly if it is advertised', async (mode) => {
  const answer = await answerTo({ response_mode: mode });
  if (isAdvertised('response_modes_supported', mode)) expect(answer.code).toMatch(/^lkc_/);
  else expect(answer).toEqual({ error: 'unsupported_response_mode', error_description: expect.any(String), state: 'a-state', iss: world.app.config.issuer });
});

test.each(UNIVERSE.code_challenge_methods)('M03: the code challenge method %s works exactly if it is advertised', async (method) => {
  const answer = await answerTo({ code_challenge_method: method });
  if (isAdvertised('code_challenge_methods_supported', method)) expect(answer.code).toMatch(/^lkc_/);
  else expect(answer).toMatchObject({ error: 'invalid_request' });
});

test.each(UNIVERSE.scopes)('M03: the scope %s is granted exactly if it is advertised', async (scope) => {
  const client = await world.registerClient({ scopes: [...UNIVERSE.scopes] });
  const { body } = await world.redeem(client, await world.authorize(client, { scope: `openid ${scope}` }));
  expect(String(body.scope).split(' ').includes(scope)).toBe(isAdvertised('scopes_supported', scope));
});

test('M03: every advertised claim is told to a client that asks for it', async () => {
  const scope = 'openid profile email';
  const tokens = await world.signIn(world.notes, { scope, max_age: '1000' });
  const [, payload = ''] = tokens.id_token.split('.');
  const idToken = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const userinfo = await world.ask('/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  const told = { ...idToken, ...userinfo.body };
  expect(advertised('claims_supported').filter((claim) => !(claim in told))).toEqual([]);
});

test('M03: ID tokens are signed with the one algorithm that is advertised, by a key of /jwks', async () => {
  const { id_token } = await world.signIn(world.notes);
  const header = JSON.parse(Buffer.from(id_token.split('.')[0] ?? '', 'base64url').toString()) as Record<string, string>;
  expect(advertised('id_token_signing_alg_values_supported')).toEqual([header.alg]);
  const { keys } = (await world.ask('/jwks')).body as { keys: JWK[] };
  expect(keys.find(({ kid }) => kid === header.kid)).toMatchObject({ alg: header.alg });
});

test('M03: every advertised endpoint answers, and the universe above holds all that is advertised', async () => {
  const urls = Object.entries(metadata).filter(([name]) => /_endpoint$|^jwks_uri$/.test(name));
  for (const [, url] of urls) {
    const { status } = await world.ask(new URL(String(url)).pathname, { method: 'POST' });
    expect(status).not.toBe(404);
    expect(status).toBeLessThan(500);
  }
  const names = { grant_types: 'grant_types', response_types: 'response_types', response_modes: 'response_modes', scopes: 'scopes', code_challenge_methods: 'code_challenge_methods' } as const;
  for (const name of Object.values(names)) {
    expect(advertised(`${name}_supported`).filter((value) => !(UNIVERSE[name] as readonly string[]).includes(value))).toEqual([]);
  }
  expect(API).toMatch(/^https:/);
});
