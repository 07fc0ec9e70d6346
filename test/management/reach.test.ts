// Nobody gets through the management API what they have not: greater clients and the keys of administrators stay out of reach.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSigner } from '../service-accounts/issuers.ts';
import { type Calls, createCalls, createManagementWorld, type ManagementWorld } from './support.ts';

const CLIENTS = ['latchkey:clients:read', 'latchkey:clients:write'];
const GREAT = ['latchkey:accounts:write'];

let world: ManagementWorld;
let calls: Calls;
let small: string;
beforeAll(async () => {
  world = await createManagementWorld();
  calls = createCalls(world);
  small = await world.tokenOf(await world.registerService(CLIENTS), CLIENTS);
});
afterAll(() => world.close());

test('G07: who manages clients alone neither blocks, verifies nor removes one with rights that they have not', async () => {
  const { client_id: id } = await calls.makeClient({ scopes: GREAT });
  const path = `/v1/clients/${id}`;
  for (const [method, at] of [
    ['PUT', `${path}/block`],
    ['DELETE', `${path}/block`],
    ['PUT', `${path}/verification`],
    ['DELETE', `${path}/verification`],
    ['DELETE', path],
  ] as const) {
    const answer = await calls.call(method, at, undefined, small);
    expect([answer.status, answer.body.error], `${method} ${at}`).toEqual([403, 'access_denied']);
  }
  expect((await calls.call('GET', path)).body).toMatchObject({ verified: false, blocked_at: null });
  const { client_id: plain } = await calls.makeClient();
  expect((await calls.call('PUT', `/v1/clients/${plain}/block`, undefined, small)).status).toBe(200);
  expect((await calls.call('DELETE', `/v1/clients/${plain}`, undefined, small)).status).toBe(204);
});

test('G07: no key of an administrator is made, rotated or enabled by others; to end one is allowed', async () => {
  const wanted = { name: 'Spare', scopes: ['read:tasks'] };
  for (const account of [world.grace.id, 'grace@example.com']) {
    const answer = await calls.call('POST', '/v1/keys', { ...wanted, account_id: account });
    expect([answer.status, answer.body.param]).toEqual([403, 'account_id']);
  }
  const { parts } = world.app;
  const owner = { kind: 'personal', accountId: world.grace.id } as const;
  const { key } = await parts.apiKeys.create({ name: 'operator', account: undefined }, { ...wanted, owner });
  const path = `/v1/keys/${key.id}`;
  expect((await calls.call('POST', `${path}/rotation`, {})).status).toBe(403);
  expect((await calls.call('PATCH', path, { disabled: true })).status).toBe(200);
  expect((await calls.call('PATCH', path, { disabled: false })).status).toBe(403);
  expect((await calls.call('DELETE', path)).status).toBe(204);
  expect((await calls.call('POST', '/v1/keys', { ...wanted, account_id: world.ada.id })).status).toBe(201);
});

test.each([
  ['POST', '/v1/keys', { name: 'x', scopes: ['read:tasks'] }, 'account_id'],
  ['POST', '/v1/keys', { name: 'x', scopes: ['nonsense'], account_id: 'ada@example.com' }, 'scopes'],
  ['POST', '/v1/keys', { name: 'x', scopes: ['read:tasks'], account_id: 'nobody@example.com' }, 'account_id'],
  ['POST', '/v1/issuers', { issuer: 'https://ci.example.com', jwks_uri: 'http://10.0.0.1/k' }, 'jwks_uri'],
  ['POST', '/v1/issuers', { issuer: 'https://ci.example.com', jwks_uri: 'nonsense' }, 'jwks_uri'],
] as const)('G05: %s %s names the member that was sent: %o %s', async (method, path, body, param) => {
  const wanted = path === '/v1/issuers' ? { subjects: ['repo:shop'], scopes: ['read:tasks'], ...body } : body;
  const answer = await calls.call(method, path, wanted);
  expect([answer.status < 500 && answer.status >= 400, answer.body.param]).toEqual([true, param]);
});

test('an API shows whether it may say where a credential came from, and whether it is told why one ended', async () => {
  const wanted = { name: 'Orders', scopes: { 'read:orders': 'See orders' }, client_ip: true };
  const identifier = 'https://orders.example.com';
  expect((await calls.call('POST', '/v1/resources', { identifier, ...wanted })).status).toBe(201);
  const shown = await calls.call('GET', `/v1/resources/${encodeURIComponent(identifier)}`);
  expect(shown.body).toMatchObject({ client_ip: true, inactive_reason: false });
});

test('F16 G05: a key of a service account does not end after the year 9999 either', async () => {
  const wanted = { name: 'Reports', scopes: ['read:tasks'], make_key: true };
  const { body: made } = await calls.call('POST', '/v1/service-accounts', wanted);
  const { jwk } = await createSigner();
  const path = `/v1/service-accounts/${made.id}/keys/far`;
  const answer = await calls.call('PUT', path, { jwk, expires_at: 99_999_999_999_999 });
  expect([answer.status, answer.body.param]).toEqual([400, 'expires_at']);
});
