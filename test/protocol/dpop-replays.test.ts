// What a proof that comes again is told, and that no request with a proof gets a token without a key (RFC 9449 sections 5 and 11.1).
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { JWT_BEARER, MANY_REFUSALS, trustIssuer } from '../service-accounts/issuers.ts';
import { askForCode, CLI, DEVICE_GRANT, MANY_CODES, pair } from '../support/devices.ts';
import { createProver, type Prover } from '../support/dpop.ts';
import type { Answer } from '../support/program.ts';
import { type AppClient, basic, createWorld, type TokenSet, type World } from '../support/world.ts';

const REPLAYED = [400, 'invalid_dpop_proof'];

let world: World;
let prover: Prover;
let other: Prover;
let spa: AppClient;
let service: AppClient;
let robot: ReturnType<World['app']['robot']>;
beforeAll(async () => {
  world = await createWorld({
    settings: { ...MANY_CODES, limits: { ...MANY_CODES.limits, ...MANY_REFUSALS.limits } },
  });
  const { issuer } = world.app.config;
  [prover, other] = await Promise.all([createProver(issuer), createProver(issuer)]);
  spa = await world.registerClient({ type: 'browser', auth: 'none' });
  service = await world.registerClient({
    type: 'service',
    grants: ['client_credentials'],
    scopes: ['read:tasks'],
  });
  robot = world.app.robot();
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

function told({ status, body }: Answer): unknown[] {
  return [status, body.error];
}

function ask(client: AppClient, form: Record<string, string>, headers: Record<string, string>) {
  const own = client.secret === undefined ? {} : basic(client);
  return world.post('/token', { client_id: client.id, ...form }, { ...own, ...headers });
}

async function signIn(): Promise<TokenSet> {
  const got = await world.authorize(spa, { scope: 'openid offline_access read:tasks' }, robot);
  const form = { code: got.code, redirect_uri: spa.redirectUri, code_verifier: got.verifier };
  const answer = await ask(spa, { grant_type: 'authorization_code', ...form }, await prover.header('/token'));
  return answer.body as TokenSet;
}

/** A paired device; answers its request. The clock stands still: a repeat comes within the window. */
async function pairDevice(scope = 'openid offline_access read:tasks'): Promise<Record<string, string>> {
  const code = await askForCode(world, CLI, { scope });
  await pair(robot, code);
  vi.useFakeTimers({ toFake: ['Date'] });
  return { grant_type: DEVICE_GRANT, device_code: code.device_code };
}

test('X01: a refresh that is sent again to the byte is told of the proof, and its token stays good', async () => {
  const form = { grant_type: 'refresh_token', refresh_token: (await signIn()).refresh_token };
  const headers = await prover.header('/token');
  const first = await ask(spa, form, headers);
  expect(first.status).toBe(200);
  expect(told(await ask(spa, form, headers))).toEqual(REPLAYED);
  expect((await ask(spa, form, await prover.header('/token'))).body.refresh_token).toBe(
    first.body.refresh_token,
  );
});

test('X01: a redemption of a device code, and a request of a client in its own name, likewise', async () => {
  const device = await pairDevice();
  for (const [client, form] of [
    [CLI, device],
    [service, { grant_type: 'client_credentials' }],
  ] as const) {
    const headers = await prover.header('/token');
    expect((await ask(client, form, headers)).status).toBe(200);
    expect(told(await ask(client, form, headers))).toEqual(REPLAYED);
  }
});

test('X01: of twenty requests with one proof at once one is answered, the others are told of the proof', async () => {
  const headers = await prover.header('/token');
  const all = Array.from({ length: 20 }, () => ask(service, { grant_type: 'client_credentials' }, headers));
  const answers = (await Promise.all(all)).map(told);
  expect(answers.filter(([status]) => status === 200)).toHaveLength(1);
  for (const answer of answers) if (answer[0] !== 200) expect(answer).toEqual(REPLAYED);
});

test('X01: a proof is good once, as whichever client; the same jti under another key is another proof', async () => {
  const headers = await prover.header('/token', { claims: { jti: 'one' } });
  expect((await ask(service, { grant_type: 'client_credentials' }, headers)).status).toBe(200);
  const twin = await world.registerClient({
    type: 'service',
    grants: ['client_credentials'],
    scopes: ['read:tasks'],
  });
  expect(told(await ask(twin, { grant_type: 'client_credentials' }, headers))).toEqual(REPLAYED);
  const unlike = await other.header('/token', { claims: { jti: 'one' } });
  expect((await ask(twin, { grant_type: 'client_credentials' }, unlike)).status).toBe(200);
});

test('T15 X01: a code that came with a spent proof is good with a fresh one, once', async () => {
  const got = await world.authorize(spa, {}, robot);
  const code = { code: got.code, redirect_uri: spa.redirectUri, code_verifier: got.verifier };
  const form = { grant_type: 'authorization_code', ...code };
  const spent = await prover.header('/token');
  await ask(service, { grant_type: 'client_credentials' }, spent);
  expect(told(await ask(spa, form, spent))).toEqual(REPLAYED);
  expect((await ask(spa, form, await prover.header('/token'))).status).toBe(200);
  expect(told(await ask(spa, form, await prover.header('/token')))).toEqual([400, 'invalid_grant']);
});

test.each(['openid offline_access read:tasks', 'openid read:tasks'])(
  'D15 X01: a repeat of a device that redeemed with a key wants that key (%s)',
  async (scope) => {
    const form = await pairDevice(scope);
    expect((await ask(CLI, form, await prover.header('/token'))).body.token_type).toBe('DPoP');
    for (const headers of [{}, await other.header('/token')]) {
      const stolen = await ask(CLI, form, headers);
      expect(told(stolen)).toEqual([400, 'invalid_grant']);
      expect(stolen.body).not.toHaveProperty('access_token');
    }
    const again = await ask(CLI, form, await prover.header('/token'));
    expect([again.status, again.body.token_type]).toEqual([200, 'DPoP']);
    const { body } = await world.introspect(world.api, String(again.body.access_token));
    expect(body).toMatchObject({ active: true, cnf: { jkt: prover.thumbprint } });
  },
);

test('X01: an empty DPoP header is a proof that is not good, in every grant', async () => {
  const ci = await trustIssuer(world, { scopes: ['read:tasks'] });
  const { refresh_token } = await world.signIn(world.notes, { scope: 'openid offline_access' }, robot);
  for (const [client, form] of [
    [service, { grant_type: 'client_credentials' }],
    [world.notes, { grant_type: 'refresh_token', refresh_token }],
  ] as const)
    expect(told(await ask(client, form, { DPoP: '' }))).toEqual(REPLAYED);
  const asserted = { grant_type: JWT_BEARER, assertion: ci.assert() };
  expect(told(await world.post('/token', asserted, { DPoP: '' }))).toEqual(REPLAYED);
});
