// Row M03: whatever discovery advertises works when it is asked for, and what it does not advertise is refused.
import type { JWK } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JWT_BEARER, present, trustIssuer } from '../service-accounts/issuers.ts';
import { askForCode, DEVICE_GRANT, pair, poll } from '../support/devices.ts';
import { createProver } from '../support/dpop.ts';
import type { Answer } from '../support/program.ts';
import { answerOf, createVisits } from '../support/visits.ts';
import { type AppClient, basic, createWorld, type World } from '../support/world.ts';

// What others offer, so that "not advertised" has something to try.
const UNIVERSE = {
  grant_types: [
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'password',
    'implicit',
    DEVICE_GRANT,
    JWT_BEARER,
    'urn:ietf:params:oauth:grant-type:saml2-bearer',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'urn:openid:params:grant-type:ciba',
  ],
  response_types: [
    'code',
    'token',
    'id_token',
    'none',
    'code id_token',
    'code token',
    'id_token token',
    'code id_token token',
  ],
  response_modes: [
    'query',
    'form_post',
    'fragment',
    'query.jwt',
    'fragment.jwt',
    'form_post.jwt',
    'jwt',
    'web_message',
  ],
  code_challenge_methods: ['S256', 'plain'],
  dpop_signing_algs: ['ES256', 'ES384', 'RS256', 'PS256', 'PS512', 'EdDSA', 'Ed25519'],
  ui_locales: ['en', 'de', 'fr'],
  scopes: [
    'openid',
    'profile',
    'email',
    'offline_access',
    'read:tasks',
    'write:tasks',
    'address',
    'phone',
    'admin',
  ],
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

async function redeemCode(client: AppClient): Promise<Answer> {
  return world.redeem(client, await world.authorize(client, { scope: 'openid offline_access' }));
}

const grants: Record<string, (client: AppClient) => Promise<Answer>> = {
  authorization_code: redeemCode,
  refresh_token: async (client) =>
    world.refresh(client, String((await redeemCode(client)).body.refresh_token)),
  client_credentials: async () => {
    const service = await world.registerClient({ name: 'Reports', grants: ['client_credentials'] });
    return world.token(service, { grant_type: 'client_credentials', scope: 'read:tasks' });
  },
  [DEVICE_GRANT]: async () => {
    const device = await world.registerClient({ name: 'Device', grants: [DEVICE_GRANT] });
    const code = await askForCode(world, device);
    await pair(world.app.robot(), code);
    return poll(world, code, device);
  },
  [JWT_BEARER]: async () => present(world, (await trustIssuer(world)).assert()),
};

test.each(UNIVERSE.grant_types)('M03: the grant %s works exactly if it is advertised', async (grant) => {
  if (isAdvertised('grant_types_supported', grant)) {
    expect(Object.keys(grants)).toContain(grant);
    expect(await grants[grant]?.(world.notes)).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    return;
  }
  // A client that is registered for it, so that only its being unknown can be the reason.
  const client = await world.registerClient({ grants: ['authorization_code', grant] });
  const answer = await world.token(client, {
    grant_type: grant,
    username: 'ada@example.com',
    password: 'x',
    scope: 'openid',
  });
  expect(answer).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
});

test('M03: a client that is registered for a grant that we do not offer can use the others', async () => {
  const client = await world.registerClient({ grants: ['authorization_code', 'client_credentials'] });
  expect(await world.redeem(client, await world.authorize(client))).toMatchObject({ status: 200 });
});

async function answerTo(parameters: Record<string, string>): Promise<Record<string, string>> {
  const robot = world.app.robot();
  await world.authorize(world.notes, {}, robot);
  const { page } = await createVisits(world).begin(world.notes, parameters, robot);
  if (page.location !== undefined) return answerOf(page);
  return Object.fromEntries(
    [...page.html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  );
}

test.each(UNIVERSE.response_types)(
  'M03: the response type %s works exactly if it is advertised',
  async (type) => {
    const answer = await answerTo({ response_type: type, nonce: 'n' });
    if (isAdvertised('response_types_supported', type)) expect(answer.code).toMatch(/^lkc_/);
    else expect(answer).toMatchObject({ error: 'unsupported_response_type' });
    expect(answer).not.toHaveProperty('access_token');
  },
);

test.each(UNIVERSE.response_modes)(
  'M03 A07: the response mode %s works exactly if it is advertised',
  async (mode) => {
    const answer = await answerTo({ response_mode: mode });
    if (isAdvertised('response_modes_supported', mode)) expect(answer.code).toMatch(/^lkc_/);
    else
      expect(answer).toEqual({
        error: 'unsupported_response_mode',
        error_description: expect.any(String),
        state: 'a-state',
        iss: world.app.config.issuer,
      });
  },
);

test.each(UNIVERSE.code_challenge_methods)(
  'M03: the code challenge method %s works exactly if it is advertised',
  async (method) => {
    const answer = await answerTo({ code_challenge_method: method });
    if (isAdvertised('code_challenge_methods_supported', method)) expect(answer.code).toMatch(/^lkc_/);
    else expect(answer).toMatchObject({ error: 'invalid_request' });
  },
);

test.each(UNIVERSE.dpop_signing_algs)(
  'M03 X01: a DPoP proof by %s works exactly if it is advertised',
  async (alg) => {
    const prover = await createProver(world.app.config.issuer, alg);
    const got = await world.authorize(world.notes);
    const exchange = {
      grant_type: 'authorization_code',
      code: got.code,
      redirect_uri: world.notes.redirectUri,
      code_verifier: got.verifier,
    };
    const headers = { ...basic(world.notes), ...(await prover.header('/token')) };
    const { body } = await world.post('/token', exchange, headers);
    if (isAdvertised('dpop_signing_alg_values_supported', alg)) expect(body.token_type).toBe('DPoP');
    else expect(body.error).toBe('invalid_dpop_proof');
  },
);

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
  const userinfo = await world.ask('/userinfo', {
    headers: { Authorization: `Bearer ${tokens.access_token}` },
  });
  const told = { ...idToken, ...userinfo.body };
  expect(advertised('claims_supported').filter((claim) => !(claim in told))).toEqual([]);
});

test('M03: ID tokens are signed with the one algorithm that is advertised, by a key of /jwks', async () => {
  const { id_token } = await world.signIn(world.notes);
  const header = JSON.parse(Buffer.from(id_token.split('.')[0] ?? '', 'base64url').toString()) as Record<
    string,
    string
  >;
  expect(advertised('id_token_signing_alg_values_supported')).toEqual([header.alg]);
  const { keys } = (await world.ask('/jwks')).body as { keys: JWK[] };
  expect(keys.find(({ kid }) => kid === header.kid)).toMatchObject({ alg: header.alg });
});

test.each(UNIVERSE.ui_locales)(
  'M03: pages are in the language %s exactly if it is advertised',
  async (tag) => {
    const { page } = await createVisits(world).begin(world.notes, { ui_locales: tag });
    const expected = isAdvertised('ui_locales_supported', tag) ? tag : 'en';
    expect(page.html).toContain(`<html lang="${expected}">`);
  },
);

test('M03: every advertised endpoint answers GET or POST with something of its own', async () => {
  const urls = Object.entries(metadata).filter(([name]) => /_endpoint$|^jwks_uri$/.test(name));
  for (const [, url] of urls) {
    const { pathname } = new URL(String(url));
    const answers = await Promise.all(['GET', 'POST'].map((method) => world.ask(pathname, { method })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 404 && status !== 405)).not.toEqual([]);
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
  }
});

test('M03: nothing is advertised that was not tried above', () => {
  const rest = [
    'claims_supported',
    'subject_types_supported',
    'claim_types_supported',
    'id_token_signing_alg_values_supported',
  ];
  const names = Object.keys(metadata).filter(
    (name) => Array.isArray(metadata[name]) && !/_auth_/.test(name) && !rest.includes(name),
  );
  const tried: string[] = Object.values(UNIVERSE).flat();
  expect(names.flatMap(advertised).filter((value) => !tried.includes(value))).toEqual([]);
});
