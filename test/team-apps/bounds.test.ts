// What a team may ask for, how much of it, and who hears of it (rows G01, G04, G07, H02, H04).

import { afterAll, beforeAll, expect, test } from 'vitest';
import * as rules from '../../config/registrations.ts';
import { prepareUpdate } from '../../server/admin/client-registration.ts';
import { DEVICE_GRANT } from '../../server/clients/ready-made.ts';
import { sql } from '../../server/storage/statement.ts';
import type { NewApp } from '../../server/team-apps/team-apps.ts';
import { asPerson } from '../../server/teams/admission.ts';
import { OPERATOR } from '../api-keys/key-world.ts';
import { basic } from '../support/world.ts';
import { type AppWorld, CALLBACK, createAppWorld } from './app-world.ts';

const usual: NewApp = {
  ...{ name: 'Shed', type: 'web', auth: 'client_secret_basic', grants: ['authorization_code'] },
  ...{ redirect_uris: [CALLBACK], post_logout_redirect_uris: [], scopes: ['openid'] },
};

let world: AppWorld;
beforeAll(async () => {
  world = await createAppWorld({
    settings: {
      teams: {
        apps: { grants: ['authorization_code', 'refresh_token', DEVICE_GRANT], scopes: ['openid', 'read'] },
      },
      plans: { standard: { max_apps: 3 } },
      mail: { operator: 'operator@example.com' },
    },
  });
});
afterAll(() => world.close());

function register(change: Partial<NewApp> = {}, actor = world.asAda, teamId = world.team.id) {
  return world.parts.teamApps.register(actor, teamId, { ...usual, ...change });
}

test.each<[string, Partial<NewApp>, string]>([
  ['a right over the server', { scopes: ['latchkey:clients:write'] }, 'scopes'],
  ['a right over what is their own', { scopes: ['keys:write'] }, 'scopes'],
  ['every scope', { scopes: ['*'] }, 'scopes'],
  ['a scope that is not offered', { scopes: ['admin'] }, 'scopes'],
  ['a scope that nobody knows', { scopes: ['tomorrow'] }, 'scopes'],
  ['a grant that is not offered', { grants: ['client_credentials'] }, 'grants'],
  ['an issuer of its own', { grants: ['urn:ietf:params:oauth:grant-type:jwt-bearer'] }, 'grants'],
  ['the server of an API', { type: 'resource_server' }, 'type'],
  ['a service, where nobody acts without people', { type: 'service' }, 'type'],
  ['keys instead of a secret', { auth: 'private_key_jwt' }, 'auth'],
  ['a secret on the machines of people', { type: 'native' }, 'auth'],
  ['a script as the way back', { redirect_uris: ['javascript:alert(1)'] }, 'redirect_uris'],
  ['http', { redirect_uris: ['http://shed.example.com/cb'] }, 'redirect_uris'],
  ['an address in its name', { name: 'Shed www.evil.example' }, 'name'],
  ['a name of joiners alone', { name: '\u200d\u200c' }, 'name'],
  ['a name of fillers alone', { name: '\u3164 \u2800' }, 'name'],
  ['a page whose host is written as another one looks', { tos_uri: 'https://\u0430pple.com/' }, 'tos_uri'],
  ['a page whose host is written backwards', { tos_uri: 'https://a\u202ec.example/' }, 'tos_uri'],
  ['a page without https', { tos_uri: 'http://shed.example.com/' }, 'tos_uri'],
  ['a page of nobody', { client_uri: 'https://ada@evil.example/' }, 'client_uri'],
])('H02: %s is refused at its field, new and by a change', async (_, change, param) => {
  await expect(register(change)).rejects.toMatchObject({ code: 'invalid_request', param });
  const { type, auth, ...rest } = change;
  if (type !== undefined || auth !== undefined) return;
  const place = { teamId: world.team.id, id: world.teamApp.id };
  await expect(world.parts.teamApps.change(world.asAda, place, rest)).rejects.toMatchObject({
    code: 'invalid_request',
    param,
  });
});

test('H02: an operator makes no app of a team a part of the product, nor gives it a right over the server', async () => {
  const parts = { ...world.parts, rules };
  const of = (change: Record<string, unknown>) => prepareUpdate(parts, world.teamApp.id, change);
  await expect(of({ first_party: true })).rejects.toMatchObject({ param: 'first_party' });
  await expect(of({ scopes: ['latchkey:audit:read'] })).rejects.toMatchObject({ param: 'scopes' });
  expect((await of({ name: 'Board' })).registration.teamName).toBe('Looms');
});

test('G07: a private-use scheme of another app is not taken, and nobody learns whose it is', async () => {
  await world.registerClient({ type: 'native', auth: 'none', redirectUris: ['com.example.bank:/cb'] });
  const refused = register({ type: 'native', auth: 'none', redirect_uris: ['com.example.bank:/other'] });
  await expect(refused).rejects.toMatchObject({
    code: 'invalid_request',
    words: 'The scheme com.example.bank: belongs to another app.',
  });
});

test('the plan bounds how many there are, also when several are registered at once', async () => {
  const teamId = (await world.parts.teams.create(OPERATOR, world.eve, { name: 'Spinners' })).id;
  const eve = asPerson(world.eve);
  const tries = await Promise.allSettled(Array.from({ length: 6 }, () => register({}, eve, teamId)));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  const apps = await world.parts.teamApps.list(eve, teamId, { after: '', limit: 10 });
  expect(apps).toHaveLength(3);
  await world.parts.teamApps.remove(eve, { teamId, id: apps[0]?.id ?? '' });
  await expect(register({}, eve, teamId)).resolves.toMatchObject({ secret: expect.any(String) });
});

async function countMails(): Promise<number> {
  return (await world.parts.database.list({ sql: 'SELECT id FROM outbox LIMIT 100', bindings: [] })).length;
}

test('operators get a mail for what waits, at most five a day from one team; the team gets one for each decision', async () => {
  const teamId = (await world.parts.teams.create(OPERATOR, world.eve, { name: 'Carders' })).id;
  const eve = asPerson(world.eve);
  const before = await countMails();
  for (let number = 0; number < 7; number += 1) {
    const { id } = await register({}, eve, teamId);
    await world.parts.teamApps.remove(eve, { teamId, id });
  }
  // To the operator's address each time.
  expect((await countMails()) - before).toBe(5);
  const { id } = await register({}, eve, teamId);
  const waiting = await countMails();
  await world.allow(id);
  expect((await countMails()) - waiting).toBe(1);
  for (let number = 0; number < 2; number += 1) await world.parts.appReview.block(id);
  expect((await countMails()) - waiting, 'and one that it is blocked').toBe(2);
  await world.parts.clients.allow(id);
  await world.parts.database.transact(() =>
    world.parts.database.write(sql`UPDATE accounts SET email_verified_at = NULL WHERE id = ${world.eve.id}`),
  );
  await world.parts.appReview.block(id);
  expect((await countMails()) - waiting, 'to an address that nobody has confirmed').toBe(2);
  await world.parts.database.transact(() =>
    world.parts.database.write(sql`UPDATE accounts SET email_verified_at = 1 WHERE id = ${world.eve.id}`),
  );
});

test('G07: whoever was taken out of the team keeps nothing of its apps, and the app stays', async () => {
  const place = { teamId: world.team.id, id: world.teamApp.id };
  const grace = asPerson(world.grace);
  expect((await world.parts.teamApps.get(grace, place)).id).toBe(place.id);
  await world.parts.members.remove(OPERATOR, { teamId: place.teamId, accountId: world.grace.id });
  await expect(world.parts.teamApps.get(grace, place)).rejects.toMatchObject({ code: 'not_found' });
  await expect(world.parts.teamApps.rotateSecret(grace, place, () => undefined)).rejects.toMatchObject({
    code: 'not_found',
  });
  expect((await world.parts.teamApps.get(world.asAda, place)).id).toBe(place.id);
});

test('G10 T19: a deleted team takes its apps along, with their tokens and the devices that wait', async () => {
  const teamId = (await world.parts.teams.create(OPERATOR, world.eve, { name: 'Felters' })).id;
  const eve = asPerson(world.eve);
  const grants = ['authorization_code', DEVICE_GRANT];
  const { id, secret } = await register({ grants }, eve, teamId);
  await world.allow(id);
  const app = { id, secret, redirectUri: CALLBACK };
  const { access_token: token } = await world.signIn(app, { scope: 'openid' });
  const answer = await world.post('/device/code', { scope: 'openid' }, basic(app));
  expect(answer.status).toBe(200);
  expect((await world.introspect(world.api, token)).body).toMatchObject({ active: true });

  await world.parts.teams.remove(eve, teamId);
  expect((await world.introspect(world.api, token)).body).toEqual({ active: false });
  expect((await world.token(app, { grant_type: 'authorization_code', code: 'x' })).body.error).toBe(
    'invalid_client',
  );
  const found = await world.parts.deviceCodes.find(String(answer.body.device_code));
  expect(found?.state).toBe('killed');
  await expect(world.parts.clients.get(id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(world.parts.clients.allow(id)).rejects.toMatchObject({ code: 'not_found' });
});
