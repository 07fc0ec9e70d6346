// Revocation (RFC 7009): an access token ends alone, a refresh token ends its grant, and the answer tells a public client nothing.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ASSERTION_TYPE, createKeyHolder } from '../introspection/key-holder.ts';
import { askForCode, CLI, MANY_CODES, pair, poll } from '../support/devices.ts';
import { type AppClient, basic, createWorld, type TokenSet, type World } from '../support/world.ts';

let world: World;
let other: AppClient;
const OFFLINE = { scope: 'openid offline_access read:tasks' };

beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
  other = await world.registerClient({ name: 'Other' });
});
afterAll(() => world.close());

function revoke(client: AppClient, token: string, more: Record<string, string> = {}) {
  if (client.secret === undefined) return world.post('/revoke', { token, client_id: client.id, ...more });
  return world.post('/revoke', { token, ...more }, basic(client));
}

async function isActive(accessToken: unknown): Promise<unknown> {
  return (await world.introspect(world.api, String(accessToken))).body.active;
}

/** One grant with two access tokens, both seen to be active, and the newest refresh token. */
async function signInAndRefresh(client: AppClient): Promise<{ first: TokenSet; second: TokenSet }> {
  const first = await world.signIn(client, OFFLINE);
  const { body } = await world.refresh(client, first.refresh_token);
  const second = body as TokenSet;
  expect([await isActive(first.access_token), await isActive(second.access_token)]).toEqual([true, true]);
  return { first, second };
}

test('V01: RFC 7009 section 2.2: the answer is 200 with an empty JSON object, for a token of ours and for nonsense', async () => {
  const { access_token } = await world.signIn(world.notes);
  for (const token of [access_token, access_token, 'nonsense']) {
    const answer = await revoke(world.notes, token);
    expect([answer.status, answer.text]).toEqual([200, '{}']);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
});

test('an access token ends at once; its siblings, its refresh token and its grant live on', async () => {
  const { first, second } = await signInAndRefresh(world.notes);
  await revoke(world.notes, first.access_token);
  expect([await isActive(first.access_token), await isActive(second.access_token)]).toEqual([false, true]);
  const third = await world.refresh(world.notes, second.refresh_token);
  expect(third.status).toBe(200);
  expect(await isActive(third.body.access_token)).toBe(true);
});

test('V03 R02: a refresh token ends with its grant and all the access tokens of that, and no other grant', async () => {
  const { first, second } = await signInAndRefresh(world.notes);
  const elsewhere = await world.signIn(world.notes, OFFLINE);
  await revoke(world.notes, second.refresh_token);
  expect([await isActive(first.access_token), await isActive(second.access_token)]).toEqual([false, false]);
  const refused = await world.refresh(world.notes, second.refresh_token);
  expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
  expect(await isActive(elsewhere.access_token)).toBe(true);
  expect((await world.refresh(world.notes, elsewhere.refresh_token)).status).toBe(200);
});

test('V03: a refresh token that was rotated away still ends its grant', async () => {
  const { first, second } = await signInAndRefresh(world.notes);
  await revoke(world.notes, first.refresh_token);
  expect(await isActive(second.access_token)).toBe(false);
  expect((await world.refresh(world.notes, second.refresh_token)).body.error).toBe('invalid_grant');
});

test('V01: a wrong or unknown token_type_hint is ignored, for either kind', async () => {
  for (const token_type_hint of ['access_token', 'refresh_token', 'device_code', 'nonsense']) {
    const { access_token, refresh_token } = await world.signIn(world.notes, OFFLINE);
    await revoke(world.notes, access_token, { token_type_hint });
    expect(await isActive(access_token)).toBe(false);
    const { body } = await world.refresh(world.notes, refresh_token);
    await revoke(world.notes, String(body.refresh_token), { token_type_hint });
    expect(await isActive(body.access_token)).toBe(false);
  }
});

test('V02: RFC 7009 section 2.1: the token of another client stays; who proved who it is learns so, others do not', async () => {
  const { access_token, refresh_token } = await world.signIn(world.notes, OFFLINE);
  for (const token of [access_token, refresh_token]) {
    const told = await revoke(other, token);
    expect([told.status, told.body.error]).toEqual([400, 'invalid_request']);
    const untold = await revoke(CLI, token);
    expect([untold.status, untold.text]).toEqual([200, '{}']);
  }
  expect(await isActive(access_token)).toBe(true);
  expect((await world.refresh(world.notes, refresh_token)).status).toBe(200);
});

test('V01: a client must prove itself: a wrong secret, or the id alone of one with a secret, is 401', async () => {
  const { access_token } = await world.signIn(world.notes);
  const wrong = await revoke({ ...world.notes, secret: 'lks_wrong' }, access_token);
  const bare = await world.post('/revoke', { token: access_token, client_id: world.notes.id });
  expect([wrong.status, bare.status]).toEqual([401, 401]);
  expect(await isActive(access_token)).toBe(true);
});

test('H1: one assertion revokes once; used again it is 401, also when ten come at once', async () => {
  const keys = await createKeyHolder(world.app.config.issuer);
  const signer = await world.registerClient({ name: 'Signer', auth: 'private_key_jwt', jwks: keys.jwks });
  const proof = { client_assertion_type: ASSERTION_TYPE, client_assertion: await keys.assert(signer.id) };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => world.post('/revoke', { token: 'nonsense', ...proof })),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([
    200,
    ...Array.from({ length: 9 }, () => 401),
  ]);
});

test('V03: a public client in a browser may revoke from its own origin, and reads the answer', async () => {
  const origin = 'https://spa.example.com';
  const spa = await world.registerClient({
    name: 'Page',
    type: 'browser',
    auth: 'none',
    redirectUris: [`${origin}/cb`],
    origins: [origin],
  });
  const { access_token } = await world.signIn(spa);
  const answer = await world.post('/revoke', { token: access_token, client_id: spa.id }, { Origin: origin });
  expect([answer.status, answer.text]).toEqual([200, '{}']);
  expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
  expect(await isActive(access_token)).toBe(false);
});

test('what was revoked is in the audit log, by whom and of whom', async () => {
  const { refresh_token } = await world.signIn(world.notes, OFFLINE);
  await revoke(world.notes, refresh_token);
  const { audit } = world.app.parts;
  const [event] = await audit.list({ type: 'grant.revoked', limit: 1 });
  expect(event).toMatchObject({
    actor: `client:${world.notes.id}`,
    accountId: world.ada.id,
    reason: 'revoked_by_client',
  });
  const [token] = await audit.list({ type: 'token.revoked', limit: 1 });
  expect(token).toMatchObject({ actor: `client:${world.notes.id}`, accountId: world.ada.id });
});

async function pairDevice(): Promise<TokenSet & { device_code: string }> {
  const code = await askForCode(world);
  await pair(world.app.robot(), code);
  return { ...((await poll(world, code)).body as TokenSet), device_code: code.device_code };
}

test('V03: a device revokes its refresh token by its id alone; all of that pairing ends, and no other', async () => {
  const [lost, kept] = [await pairDevice(), await pairDevice()];
  const next = (await world.refresh(CLI, lost.refresh_token)).body as TokenSet;
  expect((await revoke(CLI, next.refresh_token)).status).toBe(200);
  for (const { access_token, refresh_token } of [lost, next]) {
    expect(await isActive(access_token)).toBe(false);
    expect((await world.refresh(CLI, refresh_token)).body.error).toBe('invalid_grant');
  }
  expect(await isActive(kept.access_token)).toBe(true);
  expect((await world.refresh(CLI, kept.refresh_token)).status).toBe(200);
  const [event] = await world.app.parts.audit.list({ type: 'grant.revoked', limit: 1 });
  expect(event).toMatchObject({
    actor: `client:${CLI.id}`,
    accountId: world.ada.id,
    reason: 'revoked_by_client',
  });
});

test('V03: a device that revokes at once cannot get the answer of its code once more', async () => {
  const code = await askForCode(world);
  await pair(world.app.robot(), code);
  const { refresh_token } = (await poll(world, code)).body as TokenSet;
  await revoke(CLI, refresh_token);
  expect((await poll(world, code)).body.error).toBe('invalid_grant');
});

test('V02: what a device holds cannot be revoked by another public client, nor by a web app', async () => {
  const { access_token, refresh_token, device_code } = await pairDevice();
  const tv = await world.registerClient({ name: 'TV', auth: 'none', type: 'native' });
  for (const token of [access_token, refresh_token]) {
    expect((await revoke(tv, token)).status).toBe(200);
    expect((await revoke(world.notes, token)).status).toBe(400);
  }
  for (const client of [tv, world.notes]) expect((await revoke(client, device_code)).status).toBe(200);
  expect(await isActive(access_token)).toBe(true);
  expect((await world.refresh(CLI, refresh_token)).status).toBe(200);
});

test('V06: APIs get tokens that can be revoked; of one that cannot be it is said (RFC 7009 section 2.2.1)', async () => {
  const { access_token, id_token } = await world.signIn(world.notes);
  expect(access_token).toMatch(/^lka_/);
  const answer = await revoke(world.notes, id_token);
  expect([answer.status, answer.body.error]).toEqual([400, 'unsupported_token_type']);
});

test('V07: any method but POST is 405 and revokes nothing', async () => {
  const { access_token } = await world.signIn(world.notes);
  const query = new URLSearchParams({ token: access_token });
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const answer = await world.ask(`/revoke?${query}`, { method, headers: basic(world.notes) });
    expect([method, answer.status, answer.headers.get('allow')]).toEqual([
      method,
      405,
      expect.stringContaining('POST'),
    ]);
  }
  expect(await isActive(access_token)).toBe(true);
});

test('V07: what stands in the query of a POST is not the token, and no token is invalid_request', async () => {
  const { access_token } = await world.signIn(world.notes);
  const answer = await world.post(`/revoke?token=${access_token}`, {}, basic(world.notes));
  expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
  expect(await isActive(access_token)).toBe(true);
});
