// Row M03 for client authentication: every advertised way works at every endpoint, every other one is refused.
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { exportJWK, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuthMethod } from '../../server/clients/clients.ts';
import type { Answer } from '../support/program.ts';
import { basic, createWorld, type World } from '../support/world.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const endpoints = ['token', 'introspection', 'revocation'] as const;
type Endpoint = (typeof endpoints)[number];

// What others offer, so that "not advertised" has something to try.
const METHODS = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'];
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'HS256'],
];

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

/** A call that is answered otherwise than invalid_client exactly when the caller was authenticated. */
function call(endpoint: Endpoint, credentials: Record<string, string>, headers = {}): Promise<Answer> {
  const path = new URL(String(metadata[`${endpoint}_endpoint`])).pathname;
  const asked =
    endpoint === 'token'
      ? {
          grant_type: 'authorization_code',
          code: 'x',
          redirect_uri: 'https://x.example/',
          code_verifier: 'v'.repeat(43),
        }
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
  const registration = {
    name: 'Other',
    scopes: { [`s:${randomUUID()}`]: 'Words' },
    tokenFormat: 'opaque' as const,
  };
  const resource = { identifier: `https://${randomUUID()}.example/`, isDefault: false, registration };
  const made = await world.app.parts.resources.register(resource, {
    auth: auth as 'private_key_jwt',
    ...jwks,
  });
  return { id: made.clientId, secret: made.secret };
}

const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
const keys = new Map<string, { privateKey: KeyObject; publicKey: KeyObject }>();

function createKeys(kind: string) {
  if (kind.startsWith('Ed')) return generateKeyPairSync('ed25519');
  if (kind.startsWith('ES')) return generateKeyPairSync('ec', { namedCurve: curves[kind] ?? '' });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** A key for this algorithm; all of RSA share one, since it takes long to find. */
async function keyFor(alg: string): Promise<{ key: KeyObject; jwk: JWK }> {
  const kind = /^[RP]S/.test(alg) ? 'RSA' : alg;
  const pair = keys.get(kind) ?? createKeys(kind);
  keys.set(kind, pair);
  return { key: pair.privateKey, jwk: { ...(await exportJWK(pair.publicKey)), kid: kind } };
}

function signAssertion(alg: string, key: KeyObject | Uint8Array, id: string): Promise<string> {
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

/** With its secret as the key where the algorithm is symmetric, as client_secret_jwt has it. */
async function presentAssertion(endpoint: Endpoint, alg: string): Promise<Answer> {
  const held = alg.startsWith('HS') ? undefined : await keyFor(alg);
  const auth = held === undefined ? 'client_secret_basic' : 'private_key_jwt';
  const caller = await registerCaller(endpoint, auth, held?.jwk);
  const assertion = await signAssertion(alg, held?.key ?? new TextEncoder().encode(caller.secret), caller.id);
  return call(endpoint, { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion });
}

async function present(endpoint: Endpoint, method: string): Promise<Answer> {
  if (method === 'private_key_jwt') return presentAssertion(endpoint, 'RS256');
  if (method === 'client_secret_jwt') return presentAssertion(endpoint, 'HS256');
  if (method === 'none' && endpoint === 'introspection') return call(endpoint, { client_id: world.api.id });
  const caller = await registerCaller(endpoint, method as AuthMethod);
  if (method === 'none') return call(endpoint, { client_id: caller.id });
  if (method === 'client_secret_basic') return call(endpoint, {}, basic(caller));
  return call(endpoint, { client_id: caller.id, client_secret: caller.secret ?? '' });
}

const methodCases = endpoints.flatMap((endpoint) => METHODS.map((method) => [endpoint, method] as const));

test.each(methodCases)(
  'M03: client authentication at %s by %s works exactly if it is advertised',
  async (endpoint, method) => {
    const answer = await present(endpoint, method);
    const isOffered = advertised(`${endpoint}_endpoint_auth_methods_supported`).includes(method);
    expect(isAuthenticated(endpoint, answer)).toBe(isOffered);
    if (!isOffered) expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  },
);

const algorithmCases = endpoints.flatMap((endpoint) => ALGORITHMS.map((alg) => [endpoint, alg] as const));

test.each(algorithmCases)(
  'M03: a client assertion at %s signed with %s works exactly if it is advertised',
  async (endpoint, alg) => {
    const answer = await presentAssertion(endpoint, alg);
    const isOffered = advertised(`${endpoint}_endpoint_auth_signing_alg_values_supported`).includes(alg);
    expect(isAuthenticated(endpoint, answer)).toBe(isOffered);
    if (!isOffered) expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  },
);

test('M03: no way is advertised that was not tried above', () => {
  const names = endpoints.flatMap((endpoint) => [
    `${endpoint}_endpoint_auth_methods_supported`,
    `${endpoint}_endpoint_auth_signing_alg_values_supported`,
  ]);
  const tried = [...METHODS, ...ALGORITHMS];
  expect(names.flatMap(advertised).filter((value) => !tried.includes(value))).toEqual([]);
});
