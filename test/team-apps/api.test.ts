// /v1/teams/ID/apps by people and by apps of theirs, and the decision of an operator by /v1 (rows G04, G07, H01, S17).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { revisionOf } from '../../server/clients/team-owner.ts';
import { type AppWorld, CALLBACK, createAppWorld } from './app-world.ts';

const body = {
  ...{ name: 'Shed', type: 'web', redirect_uris: [CALLBACK], scopes: ['openid'] },
  grants: ['authorization_code'],
};

let world: AppWorld;
let all: string;
beforeAll(async () => {
  world = await createAppWorld();
  all = `/v1/teams/${world.team.id}/apps`;
});
afterAll(() => world.close());

async function tokenFor(scope: string, change: { isFirstParty: boolean; email?: string }) {
  const app = await world.registerClient({
    ...{ scopes: ['openid', 'team-apps:read', 'team-apps:write'], isFirstParty: change.isFirstParty },
  });
  const robot = change.email === undefined ? world.app.robot() : await world.signedIn(change.email);
  const asked = { scope: `openid ${scope}`, resource: `${world.app.config.issuer}/v1` };
  return (await world.signIn(app, asked, robot)).access_token;
}

function call(token: string, method: string, path: string, sent?: object) {
  const headers = { Authorization: `Bearer ${token}`, ...(sent && { 'Content-Type': 'application/json' }) };
  return world.request(path, { method, headers, ...(sent && { body: JSON.stringify(sent) }) });
}

async function operatorToken(scopes: string[]) {
  const client = await world.registerClient({
    ...{ name: 'Console', type: 'service', grants: ['client_credentials'], redirectUris: [], scopes },
  });
  const asked = { scope: scopes.join(' '), resource: `${world.app.config.issuer}/v1` };
  const answer = await world.token(client, { grant_type: 'client_credentials', ...asked });
  return String(answer.body.access_token);
}

test('an app of the operator registers, changes and deletes for whoever manages the team; it waits', async () => {
  const token = await tokenFor('team-apps:read team-apps:write', { isFirstParty: true });
  const made = await call(token, 'POST', all, body);
  expect([made.status, made.body.client_secret]).toEqual([201, expect.stringMatching(/^lks_/)]);
  const one = `${all}/${made.body.client_id}`;
  expect((await call(token, 'GET', one)).body).toMatchObject({
    ...{ state: 'pending', team_id: world.team.id, team_name: 'Looms', registered_by: world.ada.id },
    ...{ first_party: false, revision: expect.any(String), proposal: null },
  });
  expect((await call(token, 'PATCH', one, { name: 'Barn' })).body).toMatchObject({
    name: 'Barn',
    state: 'pending',
  });
  expect((await call(token, 'POST', `${one}/secrets`)).body.client_secret).not.toBe(made.body.client_secret);
  expect((await call(token, 'DELETE', one)).status).toBe(204);
  expect((await call(token, 'GET', one)).status).toBe(404);
});

test('S17: what a team may not say is not known there', async () => {
  const token = await tokenFor('team-apps:write', { isFirstParty: true });
  for (const member of ['first_party', 'verified', 'client_id', 'team_id', 'jwks', 'origins', 'resource']) {
    const { status, body: refused } = await call(token, 'POST', all, { ...body, [member]: true });
    expect([status, refused.param], member).toEqual([400, member]);
  }
});

test('H01: an app of others reads and changes nothing, and neither does one of ours with the scope to read alone', async () => {
  const token = await tokenFor('team-apps:read team-apps:write', { isFirstParty: false });
  const one = `${all}/${world.teamApp.id}`;
  expect((await call(token, 'GET', all)).status).toBe(200);
  expect((await call(token, 'POST', all, body)).body.error).toBe('access_denied');
  expect((await call(token, 'PATCH', one, { name: 'Barn' })).body.error).toBe('access_denied');
  expect((await call(token, 'POST', `${one}/secrets`)).body.error).toBe('access_denied');
  expect((await call(token, 'DELETE', one)).body.error).toBe('access_denied');
  const reader = await tokenFor('team-apps:read', { isFirstParty: true });
  expect((await call(reader, 'POST', all, body)).body.error).toBe('insufficient_scope');
});

test.each([
  ['mary@example.com', 403],
  ['eve@example.com', 404],
  ['ida@example.com', 404],
])('G07: to %s every one of them is %i', async (email, expected) => {
  const token = await tokenFor('team-apps:read team-apps:write', { isFirstParty: true, email });
  const one = `${all}/${world.teamApp.id}`;
  const answers = [
    await call(token, 'GET', all),
    await call(token, 'GET', one),
    await call(token, 'POST', all, body),
    await call(token, 'PATCH', one, { name: 'Mine' }),
    await call(token, 'POST', `${one}/secrets`),
    await call(token, 'DELETE', one),
  ];
  expect(answers.map(({ status }) => status)).toEqual(Array(answers.length).fill(expected));
});

test('H02: by /v1 too only the revision that was seen is allowed, and taking a block away allows nothing', async () => {
  const operator = await operatorToken(['latchkey:clients:read', 'latchkey:clients:write']);
  const place = { teamId: world.team.id, id: world.teamApp.id };
  const one = `/v1/clients/${place.id}`;
  const listed = await call(operator, 'GET', `/v1/clients?team_id=${place.teamId}`);
  expect(listed.body.data).toMatchObject([{ client_id: place.id, state: 'pending' }]);
  const { revision } = (await call(operator, 'GET', one)).body;
  expect((await call(operator, 'DELETE', `${one}/block`)).status).toBe(409);
  await world.parts.teamApps.change(world.asAda, place, { name: 'Your bank' });
  expect((await call(operator, 'PUT', `${one}/approval`, { revision })).status).toBe(409);
  const seen = (await call(operator, 'GET', one)).body;
  expect(seen).toMatchObject({ state: 'pending', name: 'Your bank' });
  const allowed = await call(operator, 'PUT', `${one}/approval`, { revision: seen.revision });
  expect(allowed.body).toMatchObject({ state: 'allowed', revision: null, asked_at: null });

  await world.parts.teamApps.change(world.asAda, place, { redirect_uris: ['https://evil.example.com/cb'] });
  const waiting = (await call(operator, 'GET', one)).body;
  expect(waiting).toMatchObject({ proposal: { redirect_uris: ['https://evil.example.com/cb'] } });
  const declined = await call(operator, 'PUT', `${one}/refusal`, {
    revision: waiting.revision,
    reason: 'Whose?',
  });
  expect(declined.body).toMatchObject({ state: 'allowed', proposal: null, note: 'Whose?' });
});

test('of a decision and a change at once one counts: nothing that nobody saw comes into force', async () => {
  for (let number = 0; number < 10; number += 1) {
    const { id } = await world.parts.teamApps.register(world.asAda, world.team.id, {
      ...{ ...body, auth: 'client_secret_basic', post_logout_redirect_uris: [] },
    });
    const revision = revisionOf(await world.parts.clients.get(id));
    const place = { teamId: world.team.id, id };
    await Promise.allSettled([
      world.parts.appReview.approve(id, revision),
      world.parts.teamApps.change(world.asAda, place, { name: 'Your bank' }),
    ]);
    const { blockedAt, registration } = await world.parts.clients.get(id);
    expect(blockedAt === undefined && registration.name === 'Your bank').toBe(false);
    await world.parts.teamApps.remove(world.asAda, place);
  }
});
