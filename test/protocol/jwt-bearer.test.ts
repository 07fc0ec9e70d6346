// The JWT bearer grant over HTTP (RFC 7523 section 2.1): who gets a token for an assertion, what is in it, and when it dies.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import {
  expectRefusal,
  JWT_BEARER,
  MANY_REFUSALS,
  present,
  REFUSED,
  reasonOf,
  trustIssuer,
} from '../service-accounts/issuers.ts';
import { API, basic, createWorld, type World } from '../support/world.ts';

const FILES = 'https://files.example.com/';

let world: World;
let files: { id: string; secret: string | undefined };
beforeAll(async () => {
  world = await createWorld({ settings: MANY_REFUSALS });
  const made = await world.app.parts.resources.register(
    {
      identifier: FILES,
      isDefault: false,
      registration: { name: 'Files', scopes: { 'read:files': 'Read files' }, tokenFormat: 'jwt' },
    },
    { auth: 'client_secret_basic' },
  );
  files = { id: made.clientId, secret: made.secret };
});
afterAll(() => world.close());

const active = async (text: unknown) => (await world.introspect(world.api, String(text))).body;

test('T22: an assertion and nothing else gets a token of the machine identity, and never a refresh token', async () => {
  const ci = await trustIssuer(world, { scopes: ['read:tasks', 'write:tasks'] });
  const answer = await present(world, ci.assert());
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).toEqual({
    access_token: expect.stringMatching(/^lka_/),
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'read:tasks write:tasks',
  });
  expect(await active(answer.body.access_token)).toMatchObject({
    ...{ active: true, sub: ci.id, client_id: ci.id, aud: API, scope: 'read:tasks write:tasks' },
  });
  expect(await active(answer.body.access_token)).not.toHaveProperty('username');
  const [accepted] = await world.app.parts.audit.list({ type: 'assertion.accepted', limit: 1 });
  expect(accepted).toMatchObject({ actor: `client:${ci.id}`, clientId: ci.id, accountId: null });
});

test('discovery names the grant', async () => {
  const { body } = await world.ask('/.well-known/openid-configuration');
  expect(body.grant_types_supported).toContain(JWT_BEARER);
});

test('the scope that is asked for is given, and nothing beyond the registration', async () => {
  const ci = await trustIssuer(world, { scopes: ['read:tasks', 'write:tasks', 'read:files'] });
  const narrow = await present(world, ci.assert(), { scope: 'write:tasks' });
  expect(narrow.body.scope).toBe('write:tasks');
  const low = await trustIssuer(world, { scopes: ['read:tasks'] });
  for (const scope of [
    'write:tasks',
    'read:tasks write:tasks',
    'openid',
    'offline_access',
    '*',
    'read:files',
  ]) {
    const refused = await present(world, low.assert(), { scope });
    expect([scope, refused.status, refused.body.error]).toEqual([scope, 400, 'invalid_scope']);
  }
  // Registered, and of another API than the one that is meant.
  expect((await present(world, ci.assert(), { scope: 'read:files' })).body.error).toBe('invalid_scope');
});

test('U01: the API that is named is the audience, in its own format; one without any scope for it is refused', async () => {
  const ci = await trustIssuer(world, { scopes: ['read:tasks', 'read:files'] });
  const answer = await present(world, ci.assert(), { resource: FILES });
  expect(answer.body).toMatchObject({ scope: 'read:files', token_type: 'Bearer' });
  const claims = JSON.parse(
    Buffer.from(String(answer.body.access_token).split('.')[1] ?? '', 'base64url').toString(),
  );
  expect(claims).toMatchObject({ sub: ci.id, client_id: ci.id, aud: FILES, scope: 'read:files' });
  const told = await world.introspect(files, String(answer.body.access_token));
  expect(told.body).toMatchObject({ active: true, sub: ci.id, aud: FILES });
  expect(await active(answer.body.access_token)).toEqual({ active: false });

  const low = await trustIssuer(world);
  expect((await present(world, low.assert(), { resource: FILES })).body.error).toBe('invalid_target');
  expect((await present(world, low.assert(), { resource: 'https://nobody.example' })).body.error).toBe(
    'invalid_target',
  );
});

test('H6: what the issuer was given dies when it is disabled, and does not come back when it is enabled', async () => {
  const ci = await trustIssuer(world);
  const { trustedIssuers } = world.app.parts;
  const { access_token: token } = (await present(world, ci.assert())).body;
  expect((await active(token)).active).toBe(true);
  await trustedIssuers.disable(await trustedIssuers.get(ci.issuer));
  expect(await active(token)).toEqual({ active: false });
  await expectRefusal(world, ci.assert(), 'issuer_disabled');
  await trustedIssuers.enable(await trustedIssuers.get(ci.id));
  expect(await active(token)).toEqual({ active: false });
  await expectRefusal(world, ci.assert({ iat: nowSeconds() - 5 }), 'signed_before_end');
  expect((await present(world, ci.assert({ iat: nowSeconds() + 1 }))).status).toBe(200);
});

test('H6: what a removed issuer was given stays dead when the same issuer is trusted again', async () => {
  const ci = await trustIssuer(world);
  const { trustedIssuers } = world.app.parts;
  const { access_token: token } = (await present(world, ci.assert())).body;
  await trustedIssuers.remove(await trustedIssuers.get(ci.issuer));
  await expect(trustedIssuers.get(ci.issuer)).rejects.toMatchObject({ code: 'not_found' });
  await expectRefusal(world, ci.assert(), 'unknown_issuer');
  const again = await trustIssuer(world, { issuer: ci.issuer, signer: ci.signer });
  expect(again.id).toBe(ci.id);
  expect(await active(token)).toEqual({ active: false });
});

test('V01: the issuer may revoke what it was given, and nobody else learns of it', async () => {
  const ci = await trustIssuer(world);
  const other = await trustIssuer(world);
  const { access_token: token } = (await present(world, ci.assert())).body;
  await world.post('/revoke', { token: String(token), client_id: other.id });
  expect((await active(token)).active).toBe(true);
  expect((await world.post('/revoke', { token: String(token), client_id: ci.id })).status).toBe(200);
  expect(await active(token)).toEqual({ active: false });
});

test('the machine identity can do nothing but have its assertions judged', async () => {
  const ci = await trustIssuer(world);
  for (const id of [ci.id, 'bearer of an assertion']) {
    for (const grant of ['client_credentials', 'refresh_token', 'authorization_code']) {
      const more = { code: 'x', refresh_token: 'x', redirect_uri: 'https://x.example' };
      const answer = await world.post('/token', { grant_type: grant, client_id: id, ...more });
      expect([id, grant, answer.body.error]).toEqual([id, grant, 'unauthorized_client']);
    }
    const device = await world.post('/device/code', { client_id: id });
    expect([id, device.status, device.body.error]).toEqual([id, 400, 'unauthorized_client']);
    const query = new URLSearchParams({
      client_id: id,
      response_type: 'code',
      redirect_uri: 'https://x.example',
    });
    const page = await world.ask(`/authorize?${query}`);
    expect([id, page.status, page.headers.get('location')]).toEqual([id, 400, null]);
    expect((await world.post('/par', { client_id: id, response_type: 'code' })).status).toBe(400);
    expect((await world.post('/introspect', { token: 'x' }, basic({ id, secret: 'x' }))).status).toBe(401);
  }
  const { access_token: token } = (await present(world, ci.assert())).body;
  const info = await world.ask('/userinfo', { headers: { Authorization: `Bearer ${token}` } });
  expect([401, 403]).toContain(info.status);
});

test('J01: with allowed clients only these may present it, each proving who it is; without any, only whoever names none', async () => {
  const registered = { grants: [JWT_BEARER], redirectUris: [], isFirstParty: false } as const;
  const runner = await world.registerClient({ ...registered, name: 'Runner' });
  const stranger = await world.registerClient({ ...registered, name: 'Stranger' });
  const without = await world.registerClient({ name: 'Without the grant' });
  const ci = await trustIssuer(world, { clientIds: [runner.id, without.id] });
  const open = await trustIssuer(world);

  const answer = await present(world, ci.assert(), {}, basic(runner));
  expect(answer.status).toBe(200);
  expect(await active(answer.body.access_token)).toMatchObject({ sub: ci.id, client_id: runner.id });
  const wrong = await present(world, ci.assert(), {}, basic({ id: runner.id, secret: 'wrong' }));
  expect([wrong.status, wrong.body.error]).toEqual([401, 'invalid_client']);
  expect((await present(world, ci.assert(), {}, basic(without))).body.error).toBe('unauthorized_client');

  for (const [assertion, headers, more, reason] of [
    [ci.assert(), basic(stranger), {}, 'client_not_allowed'],
    [ci.assert(), {}, {}, 'client_needed'],
    [ci.assert(), {}, { client_id: open.id }, 'client_not_allowed'],
    [open.assert(), basic(runner), {}, 'client_not_allowed'],
  ] as const) {
    const refused = await present(world, assertion, more, headers);
    expect([refused.body, await reasonOf(world, refused)]).toEqual([REFUSED, reason]);
  }

  // The token that the client has rests on the word of the issuer.
  const { trustedIssuers } = world.app.parts;
  await trustedIssuers.disable(await trustedIssuers.get(ci.issuer));
  expect(await active(answer.body.access_token)).toEqual({ active: false });
});

test('RFC 9068 section 2.2: a JWT for the machine identity names it, whichever client presented the assertion', async () => {
  const runner = await world.registerClient({
    ...{ name: 'Runner', grants: [JWT_BEARER], redirectUris: [], scopes: ['read:files'] },
  });
  const ci = await trustIssuer(world, { clientIds: [runner.id], scopes: ['read:files'] });
  const { body } = await present(world, ci.assert(), { resource: FILES }, basic(runner));
  const told = await world.introspect(files, String(body.access_token));
  const claims = JSON.parse(
    Buffer.from(String(body.access_token).split('.')[1] ?? '', 'base64url').toString(),
  );
  expect([claims.sub, claims.client_id]).toEqual([ci.id, runner.id]);
  expect([told.body.sub, told.body.client_id]).toEqual([ci.id, runner.id]);
});
