// Tokens that an assertion gets, bound to a key (RFC 9449 section 5, RFC 7523 section 2.1): the same proofs, checked the same way.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { createServiceAccount } from '../service-accounts/accounts.ts';
import { JWT_BEARER, MANY_REFUSALS, present, reasonOf, trustIssuer } from '../service-accounts/issuers.ts';
import { createProver, type Prover } from '../support/dpop.ts';
import { MAIL, registerJwtApi } from '../support/jwt-world.ts';
import type { Answer } from '../support/program.ts';
import { basic, createWorld, type World } from '../support/world.ts';

let world: World;
let prover: Prover;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_REFUSALS });
  prover = await createProver(world.app.config.issuer);
});
afterAll(() => world.close());

const told = ({ status, body }: Answer): unknown[] => [status, body.error];
const introspected = async ({ body }: Answer) =>
  (await world.introspect(world.api, String(body.access_token))).body;

test('X01: a proof binds the token of an issuer, of a person and of a service account to its key', async () => {
  const account = await createServiceAccount(world);
  const machine = await trustIssuer(world, { scopes: ['read:tasks', 'write:tasks'] });
  const person = await trustIssuer(world, { accountId: world.ada.id });
  for (const [assertion, sub, scope] of [
    [machine.assert(), machine.id, 'read:tasks write:tasks'],
    [person.assert(), world.ada.id, 'read:tasks'],
    [account.sign({ aud: world.app.config.issuer }), account.id, 'read:tasks'],
  ] as const) {
    const answer = await present(world, assertion, {}, await prover.header('/token'));
    expect([answer.status, answer.body]).toEqual([
      200,
      { access_token: expect.stringMatching(/^lka_/), token_type: 'DPoP', expires_in: 3600, scope },
    ]);
    expect(await introspected(answer)).toMatchObject({
      ...{ active: true, sub, scope, token_type: 'DPoP', cnf: { jkt: prover.thumbprint } },
    });
  }
  const { rows } = await countTokensOf(machine.id);
  expect(rows).toBe(1);
});

/** What was stored: the proof is checked by way of a token that is not. */
async function countTokensOf(id: string) {
  const rows = await world.app.parts.database.list<object>({
    sql: 'SELECT 1 AS one FROM access_tokens WHERE client_id = ?',
    bindings: [id],
  });
  const events = await world.app.parts.audit.list({ type: 'token.issued', limit: 1000 });
  return { rows: rows.length, events: events.filter(({ clientId }) => clientId === id).length };
}

test('X01: without a proof it is a bearer token, as before, and one is issued for one assertion', async () => {
  const ci = await trustIssuer(world);
  const answer = await present(world, ci.assert(), { scope: 'read:tasks' });
  expect([answer.status, answer.body.token_type]).toEqual([200, 'Bearer']);
  expect(await introspected(answer)).not.toHaveProperty('cnf');
  expect(await countTokensOf(ci.id)).toEqual({ rows: 1, events: 1 });
});

test('X01: a JWT access token carries the key itself (RFC 9449 section 6.1)', async () => {
  await registerJwtApi(world, MAIL, { scopes: { 'read:mail': 'Read mail' } });
  const ci = await trustIssuer(world, { scopes: ['read:mail'] });
  const headers = await prover.header('/token');
  const { body } = await present(world, ci.assert(), { resource: MAIL }, headers);
  expect(body.token_type).toBe('DPoP');
  expect(decodeJwt(String(body.access_token))).toMatchObject({ sub: ci.id, cnf: { jkt: prover.thumbprint } });
});

test('X01 J07: a proof that comes again, or is not good, is refused, and the assertion is not spent by that', async () => {
  const ci = await trustIssuer(world);
  const used = await prover.header('/token');
  expect((await present(world, ci.assert(), {}, used)).status).toBe(200);
  const waiting = ci.assert();
  const elsewhere = await prover.header('/par');
  const another = await prover.header('/token', { claims: { htm: 'GET' } });
  for (const headers of [used, elsewhere, another, { DPoP: 'nonsense' }, { DPoP: '' }]) {
    const answer = await present(world, waiting, {}, headers);
    expect(told(answer)).toEqual([400, 'invalid_dpop_proof']);
    expect(answer.body).not.toHaveProperty('access_token');
  }
  expect((await present(world, waiting, {}, await prover.header('/token'))).status).toBe(200);
  const spent = await present(world, waiting, {}, await prover.header('/token'));
  expect([told(spent), await reasonOf(world, spent)]).toEqual([[400, 'invalid_grant'], 'replayed']);
});

test('X01: a proof that was sent with a refused assertion is as good as new', async () => {
  const ci = await trustIssuer(world);
  const headers = await prover.header('/token');
  expect(told(await present(world, ci.assert({ aud: 'https://other.example' }), {}, headers))).toEqual([
    ...[400, 'invalid_grant'],
  ]);
  expect(told(await present(world, ci.assert(), { scope: 'write:tasks' }, headers))).toEqual([
    ...[400, 'invalid_scope'],
  ]);
  expect((await present(world, ci.assert(), {}, headers)).body.token_type).toBe('DPoP');
});

test('X01: whose clock is wrong is offered a nonce, and goes on with it and the same assertion', async () => {
  const ci = await trustIssuer(world);
  const assertion = ci.assert();
  const late = { iat: nowSeconds() - 3600 };
  const refused = await present(world, assertion, {}, await prover.header('/token', { claims: late }));
  expect(told(refused)).toEqual([400, 'use_dpop_nonce']);
  const claims = { ...late, nonce: refused.headers.get('dpop-nonce') };
  const answer = await present(world, assertion, {}, await prover.header('/token', { claims }));
  expect([answer.status, answer.body.token_type]).toEqual([200, 'DPoP']);
});

test('X01: a client whose every token must be bound proves a key here too', async () => {
  const bound = await world.registerClient({
    ...{ name: 'Bound', grants: [JWT_BEARER], redirectUris: [], needsDpop: true },
  });
  const ci = await trustIssuer(world, { clientIds: [bound.id] });
  const assertion = ci.assert();
  expect(told(await present(world, assertion, {}, basic(bound)))).toEqual([400, 'invalid_grant']);
  const headers = { ...basic(bound), ...(await prover.header('/token')) };
  const answer = await present(world, assertion, {}, headers);
  expect(await introspected(answer)).toMatchObject({ client_id: bound.id, cnf: { jkt: prover.thumbprint } });
});

test('X01: of many requests with one proof and an assertion each, one gets a token', async () => {
  const ci = await trustIssuer(world);
  const headers = await prover.header('/token');
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => present(world, ci.assert(), {}, headers)),
  );
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.map(told)).toEqual(Array.from({ length: 7 }, () => [400, 'invalid_dpop_proof']));
  expect(await countTokensOf(ci.id)).toMatchObject({ rows: 1 });
});
