// The config plan of the OpenID Foundation (oidcc-config-certification-test-plan), and what the logout plans want of discovery.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

const ISSUER = 'https://id.example.com';
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

let world: World;
beforeAll(async () => {
  world = await createWorld({ settings: { issuer: ISSUER } });
});
afterAll(() => world.close());

type Metadata = Record<string, unknown>;

/** OpenID Connect Discovery section 3: lists are lists of different words, switches are switches. */
function checkShapes(metadata: Metadata): void {
  for (const [name, value] of Object.entries(metadata)) {
    if (/_(supported|values)$/.test(name) && typeof value !== 'boolean') {
      expect(value, name).toEqual(expect.arrayContaining([expect.any(String)]));
      expect(new Set(value as string[]).size, name).toBe((value as string[]).length);
    }
    if (/_endpoint$|_uri$/.test(name)) expect(value, name).toMatch(/^https:\/\/id\.example\.com\/[\w/.-]+$/);
    expect(value, name).not.toBeNull();
  }
}

function checkKeys(keys: readonly Record<string, string>[]): void {
  expect(keys.length).toBeGreaterThan(0);
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length);
  for (const key of keys) {
    expect(Object.keys(key).filter((member) => PRIVATE_MEMBERS.includes(member))).toEqual([]);
    expect(key).toMatchObject({
      use: 'sig',
      kid: expect.stringMatching(/./),
      alg: expect.stringMatching(/./),
    });
    if (key.kty === 'RSA')
      expect(Buffer.from(key.n ?? '', 'base64url').length * 8).toBeGreaterThanOrEqual(2048);
  }
}

test('oidcc-discovery-endpoint-verification: metadata is complete, true to its issuer and https throughout, and its keys are public', async () => {
  const { status, headers, body } = await world.ask('/.well-known/openid-configuration');
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^application\/json/)]);
  checkShapes(body);
  expect(body).toMatchObject({
    issuer: ISSUER,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: expect.arrayContaining(['RS256']),
    grant_types_supported: expect.arrayContaining(['authorization_code']),
    scopes_supported: expect.arrayContaining(['openid']),
    claims_supported: expect.arrayContaining(['sub', 'iss', 'auth_time', 'name', 'email']),
    code_challenge_methods_supported: ['S256'],
    // Core section 6: the default of request_uri is true, so it must be said that there is none.
    ...{ request_parameter_supported: false, request_uri_parameter_supported: false },
    claims_parameter_supported: false,
  });
  for (const name of ['authorization', 'token', 'userinfo', 'end_session'])
    expect(body).toHaveProperty(`${name}_endpoint`);
  const keys = await world.ask(new URL(String(body.jwks_uri)).pathname);
  expect(keys.status).toBe(200);
  checkKeys(keys.body.keys as Record<string, string>[]);
});

async function checkEndSession(): Promise<Metadata> {
  const { body } = await world.ask('/.well-known/openid-configuration');
  const address = new URL(String(body.end_session_endpoint));
  expect(address.origin).toBe(ISSUER);
  expect((await world.app.robot().visit(address.pathname)).status).toBe(200);
  return body;
}

test('oidcc-rp-initiated-logout-discovery-endpoint-verification: the metadata names an https end_session_endpoint that is there', async () => {
  await checkEndSession();
});

test('oidcc-backchannel-logout-discovery-endpoint-verification: clients are told of ended sessions, and of which', async () => {
  expect(await checkEndSession()).toMatchObject({
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
  });
});
