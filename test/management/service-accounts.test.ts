// /v1/service-accounts: the acts of the command line, over HTTP and under the name of who calls.
import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createServiceAccount } from '../service-accounts/accounts.ts';
import { createSigner, present } from '../service-accounts/issuers.ts';
import { API } from '../support/world.ts';
import { type Calls, createCalls, createManagementWorld, type ManagementWorld } from './support.ts';

let world: ManagementWorld;
let call: Calls['call'];
beforeAll(async () => {
  world = await createManagementWorld();
  ({ call } = createCalls(world));
});
afterAll(() => world.close());

const PATH = '/v1/service-accounts';
type Made = { id: string; credentials: Record<string, string> };

test('one is made with a pair, signs, gets another key, and ends; the audit log names who did it', async () => {
  const made = await call('POST', PATH, { name: 'Reports', scopes: ['read:tasks'], make_key: true });
  expect(made.status).toBe(201);
  const { id, credentials } = made.body as Made;
  expect(credentials).toMatchObject({ type: 'service_account', client_email: id });
  const { private_key: pem = '', private_key_id: kid = '' } = credentials;
  const jwt = await new SignJWT()
    .setProtectedHeader({ alg: 'RS256', kid })
    .setIssuer(id)
    .setAudience(API)
    .setIssuedAt()
    .setExpirationTime('1 hour')
    .sign(createPrivateKey(pem));
  const isActive = async () => (await world.introspect(world.api, jwt)).body.active;
  expect(await isActive()).toBe(true);

  const { jwk } = await createSigner();
  const key = `${PATH}/${id}/keys`;
  const added = await call('PUT', `${key}/second`, { jwk });
  expect([added.status, (added.body.keys as { kid: string }[]).map((one) => one.kid)]).toEqual([
    ...[200, [kid, 'second']],
  ]);
  expect((await call('PUT', `${key}/second`, { jwk })).body.error).toBe('already_exists');
  expect((await call('PUT', `${key}/third`, { jwk: { ...jwk, d: 'x' } })).status).toBe(400);

  await call('PUT', `${key}/${kid}/block`);
  expect(await isActive()).toBe(false);
  await call('DELETE', `${key}/${kid}/block`);
  expect(await isActive()).toBe(true);
  expect((await call('DELETE', `${key}/second`)).status).toBe(200);
  expect((await call('PUT', `${PATH}/${id}/not-before`, {})).body.not_before).toEqual(expect.any(Number));
  expect(await isActive()).toBe(false);

  expect((await call('PUT', `${PATH}/${id}/block`)).body.state).toBe('disabled');
  expect((await call('DELETE', `${PATH}/${id}/block`)).body.state).toBe('active');
  expect((await call('DELETE', `${PATH}/${id}`)).status).toBe(204);
  expect((await call('GET', `${PATH}/${id}`)).status).toBe(404);
  const events = await world.app.parts.audit.list({ clientId: id, limit: 100 });
  expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set([`client:${world.service.id}`]));
});

test('what is wrong is told, with nothing done', async () => {
  for (const [body, words] of [
    [{ team_id: 'team_x' }, 'There is no such team.'],
    [{ plan: 'gold' }, 'There is no plan gold.'],
    [{ scopes: ['openid'] }, /scope of this server/],
    [{ scopes: ['latchkey:accounts:read'] }, /right over this server|access_denied/],
    [{ jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, /private key/],
  ] as const) {
    const answer = await call('POST', PATH, { name: 'Odd', scopes: ['read:tasks'], ...body });
    expect([400, 404]).toContain(answer.status);
    expect(answer.body.error_description).toMatch(words);
  }
  const { data } = (await call('GET', `${PATH}?limit=100`)).body as { data: { name: string }[] };
  expect(data.filter(({ name }) => name === 'Odd')).toEqual([]);
});

test('of one team only, where that is asked for', async () => {
  const team = await world.app.parts.teams.create({ name: 'operator', account: undefined }, world.ada, {
    name: 'Shop',
  });
  const made = await call('POST', PATH, { name: 'Ours', scopes: ['read:tasks'], team_id: team.id });
  const { body } = await call('GET', `${PATH}?team_id=${team.id}`);
  expect(body.data).toMatchObject([{ id: (made.body as Made).id, team_id: team.id, name: 'Ours' }]);
});

test('T10: one is ended as a service account; where its client alone was removed, it is not there and the others are', async () => {
  const { id: other } = await createServiceAccount(world);
  const { id, sign } = await createServiceAccount(world);
  const refused = await call('DELETE', `/v1/clients/${id}`);
  expect([refused.status, refused.body.param]).toEqual([400, 'client_id']);
  expect((await call('GET', `${PATH}/${id}`)).body.state).toBe('active');

  const { clients, database } = world.app.parts;
  const client = await clients.get(id);
  await database.transact(() => clients.inUnit.end(client, { actor: 'operator' }));
  const answers = [
    await call('GET', `${PATH}/${id}`),
    await call('PUT', `${PATH}/${id}/not-before`, {}),
    await call('DELETE', `${PATH}/${id}`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  const { status, body } = await call('GET', `${PATH}?limit=100`);
  const ids = (body.data as { id: string }[]).map((one) => one.id);
  expect([status, ids.includes(other), ids.includes(id)]).toEqual([200, true, false]);
  expect((await world.introspect(world.api, sign())).body).toEqual({ active: false });
  expect((await present(world, sign({ aud: world.app.config.issuer }))).body.error).toBe('invalid_grant');
});
