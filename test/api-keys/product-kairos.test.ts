// What Kairos Connect promises of API keys, with config/products/kairos.yaml.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { signInBrowser } from './key-browser.ts';
import { createKeyWorld, type KeyWorld, OPERATOR, readProduct } from './key-world.ts';

const KEYS = '/v1/keys';
const settings = readProduct('kairos');
const scopes = Object.keys(settings.resources[0]?.scopes as object);

let world: KeyWorld;
beforeAll(async () => {
  world = await createKeyWorld({ settings });
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

function make(wanted: readonly string[] = ['read:tasks'], expiresAt?: number) {
  return world.make({ owner: world.ofTeam, scopes: wanted, expiresAt });
}

test('kairos: API keys are team-scoped: each is of one team, says which, and there are no others', async () => {
  const { secret } = await make();
  expect(await world.ask(secret)).toMatchObject({
    ...{ credential_type: 'team_api_key', team_id: world.team.id, sub: world.team.id },
  });
  await expect(world.make({ scopes: ['read:tasks'] })).rejects.toMatchObject({ code: 'access_denied' });
  const other = await world.parts.teams.create(OPERATOR, world.ada, { name: 'Mills' });
  const foreign = await world.make({ owner: { kind: 'team', teamId: other.id }, scopes: ['read:tasks'] });
  expect((await world.ask(foreign.secret)).team_id).toBe(other.id);
});

test('kairos: API keys can only be created by team owners and admins', async () => {
  const { members } = world.parts;
  const grace = await signInBrowser(world, 'grace@example.com');
  const wanted = { name: 'Bot', team_id: world.team.id, scopes: ['read:tasks'] };
  const place = { teamId: world.team.id, accountId: world.grace.id };
  expect((await grace('POST', KEYS, wanted)).status, 'a stranger').toBe(404);
  await members.add(OPERATOR, { teamId: world.team.id, role: 'member' }, world.grace);
  expect((await grace('POST', KEYS, wanted)).status, 'a member').toBe(403);
  for (const role of ['admin', 'owner']) {
    await members.setRole(OPERATOR, place, role);
    expect((await grace('POST', KEYS, wanted)).status, role).toBe(201);
  }
  await members.remove(OPERATOR, place);
});

test('kairos: scopes control access to different resources: the key has those that were selected and no other', async () => {
  expect(scopes).toHaveLength(8);
  for (const scope of scopes) expect((await world.ask((await make([scope])).secret)).scope).toBe(scope);
  const two = await make(['read:tasks', 'write:goals']);
  expect((await world.ask(two.secret)).scope).toBe('read:tasks write:goals');
});

test('kairos: select only the scopes your integration needs: none is given by itself', async () => {
  await expect(make([])).rejects.toMatchObject({ param: 'scope' });
  await expect(make(['read:everything'])).rejects.toMatchObject({ param: 'scope' });
});

test('kairos: limits are applied per API key and by plan: the answer names both', async () => {
  const { key, secret } = await make();
  expect(await world.ask(secret)).toMatchObject({ jti: key.id, plan: 'free' });
  await world.parts.teams.setPlan(OPERATOR, world.team.id, 'pro');
  expect(await world.ask(secret)).toMatchObject({ jti: key.id, plan: 'pro' });
});

test('kairos: unauthorized is a missing or invalid API key, of which nothing else is said', async () => {
  for (const text of ['YOUR_API_KEY', world.parts.keyFormats.create('team').text])
    expect(await world.ask(text)).toEqual({ active: false });
});

test('kairos: forbidden is an API key that lacks the scope: active, and without it', async () => {
  const answer = await world.ask((await make(['read:goals'])).secret);
  expect([answer.active, String(answer.scope).split(' ').includes('write:goals')]).toEqual([true, false]);
});

test('kairos: key_expired, and expiration dates on API keys when possible', async () => {
  const endsAt = Math.floor(Date.now() / 1000) + 30 * 86_400;
  const { secret } = await make(['read:tasks'], endsAt);
  expect((await world.ask(secret)).exp).toBe(endsAt);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(endsAt * 1000);
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'expired' });
});

test('kairos: key_revoked, and revoke immediately any keys that may have been compromised', async () => {
  const { key, secret } = await make();
  await world.parts.apiKeys.revoke(world.asAda, key);
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'revoked' });
});

test('kairos: rotate keys regularly: the same key with another secret, while the old one is still good for a while', async () => {
  const { key, secret } = await make();
  const rotated = await world.parts.apiKeys.rotate(world.asAda, key, { overlapSeconds: 3600 });
  for (const one of [secret, rotated.secret])
    expect(await world.ask(one)).toMatchObject({ active: true, jti: key.id });
});
