// What an API is told of a key: whom it acts for, what it may do now, and why it is good no longer.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { createKeyWorld, type KeyWorld, OPERATOR, TRACKER } from './key-world.ts';

const DAY_SECONDS = 86_400;
const plans = {
  standard: {},
  small: { scopes: ['read'] },
  keyless: { max_personal_keys: 0, max_team_keys: 0 },
};
const levels = [{ level: 'reader', name: 'Read only', scopes: ['read'] }];

let world: KeyWorld;
beforeAll(async () => {
  world = await createKeyWorld({
    settings: {
      plans,
      api_keys: { explicit_scopes: ['admin'], levels },
      roles: { member: { scopes: ['*'] } },
    },
  });
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

function setTime(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(seconds * 1000);
}

async function setColumn(
  table: string,
  column: string,
  { id, value }: { id: string; value: string | number | null },
) {
  const { database } = world.parts;
  const statement = { sql: `UPDATE ${table} SET ${column} = ? WHERE id = ?`, bindings: [value, id] };
  await database.transact(() => database.write(statement));
}

test('I06: a personal key answers as its owner, in the shape of every other credential', async () => {
  const { key, secret } = await world.make({ expiresAt: Math.floor(Date.now() / 1000) + DAY_SECONDS });
  expect(await world.ask(secret)).toEqual({
    active: true,
    scope: 'read',
    sub: world.ada.id,
    username: 'ada@example.com',
    plan: 'standard',
    aud: TRACKER,
    iss: world.app.config.issuer,
    exp: key.expiresAt,
    iat: key.createdAt,
    jti: key.id,
    token_type: 'Bearer',
    credential_type: 'api_key',
  });
});

test('a team key answers as its team and names nobody; without an end it has no exp, and no client asked for it', async () => {
  const { key, secret } = await world.make({ owner: world.ofTeam, scopes: ['*'] });
  const answer = await world.ask(secret);
  expect(answer).toMatchObject({
    ...{ active: true, scope: 'read write', sub: world.team.id, team_id: world.team.id },
    ...{ jti: key.id, credential_type: 'team_api_key', plan: 'standard' },
  });
  for (const absent of ['exp', 'client_id', 'username']) expect(answer).not.toHaveProperty(absent);
});

test('a personal key that is bound to a team says which; one that is not says none', async () => {
  const { secret } = await world.make({ teamId: world.team.id });
  expect(await world.ask(secret)).toMatchObject({ sub: world.ada.id, team_id: world.team.id });
  expect(await world.ask((await world.make()).secret)).not.toHaveProperty('team_id');
});

test('G06: `*` is every scope but administration, which a key has by name alone', async () => {
  expect((await world.ask((await world.make({ scopes: ['*'] })).secret)).scope).toBe('read write');
  expect((await world.ask((await world.make({ scopes: ['*', 'admin'] })).secret)).scope).toBe(
    'read write admin',
  );
});

test('G06: whoever is demoted, or gets a smaller plan, takes the scopes of their keys with them at once', async () => {
  const { secret } = await world.make({ scopes: ['read', 'write'] }, world.asGrace);
  expect((await world.ask(secret)).scope).toBe('read write');
  await setColumn('accounts', 'plan', { id: world.grace.id, value: 'small' });
  expect((await world.ask(secret)).scope).toBe('read');
  await setColumn('accounts', 'role', { id: world.grace.id, value: 'nobody' });
  expect(await world.ask(secret)).toMatchObject({ active: true, scope: '' });
  await setColumn('accounts', 'role', { id: world.grace.id, value: 'member' });
  await setColumn('accounts', 'plan', { id: world.grace.id, value: null });
  expect((await world.ask(secret)).scope).toBe('read write');
});

test('G06: a team key is within the plan of the team now, whoever made it', async () => {
  const team = await world.parts.teams.create(OPERATOR, world.ada, { name: 'Mills' });
  const { secret } = await world.make({ owner: { kind: 'team', teamId: team.id }, scopes: ['*'] });
  expect((await world.ask(secret)).scope).toBe('read write');
  await world.parts.teams.setPlan(OPERATOR, team.id, 'small');
  expect(await world.ask(secret)).toMatchObject({ scope: 'read', plan: 'small' });
  await world.parts.teams.setPlan(OPERATOR, team.id, 'keyless');
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'plan_required' });
});

test('G08: of a right key an API that may know is told why it ended; of a wrong one nothing', async () => {
  const { key, secret } = await world.make();
  const changed = secret.slice(0, -1) + (secret.endsWith('0') ? '1' : '0');
  expect(await world.ask(changed)).toEqual({ active: false });
  expect(await world.ask(world.parts.keyFormats.create('personal').text)).toEqual({ active: false });
  const disabled = await world.parts.apiKeys.change(world.asAda, key, { isDisabled: true });
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'disabled' });
  await world.parts.apiKeys.change(world.asAda, disabled, { isDisabled: false });
  expect(await world.ask(secret)).toMatchObject({ active: true });
  await world.parts.apiKeys.revoke(world.asAda, key);
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'revoked' });
});

test('G08: a key ends in the very second that it names, and says so', async () => {
  const now = Math.floor(Date.now() / 1000);
  const { secret } = await world.make({ expiresAt: now + DAY_SECONDS });
  setTime(now + DAY_SECONDS - 1);
  expect(await world.ask(secret)).toMatchObject({ active: true });
  setTime(now + DAY_SECONDS);
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'expired' });
});

test('G08: an API that may not know why is told nothing of it, nor is one that the key is not for', async () => {
  const { key, secret } = await world.make({ resource: TRACKER });
  expect((await world.introspect(world.api, secret)).text).toBe('{"active":false}');
  await world.parts.apiKeys.revoke(world.asAda, key);
  expect((await world.introspect(world.api, secret)).text).toBe('{"active":false}');
  const other = await world.make();
  await world.parts.apiKeys.revoke(world.asAda, other.key);
  expect((await world.introspect(world.api, other.secret)).text).toBe('{"active":false}');
  expect((await world.introspect(world.notes, (await world.make()).secret)).text).toBe('{"active":false}');
});

test('a key that is bound to addresses is good from there alone, and only where the API may say from where', async () => {
  const { secret } = await world.make({ networks: ['203.0.113.0/24', '2001:db8::/32', '198.51.100.7'] });
  for (const address of ['203.0.113.9', '2001:db8::1', '198.51.100.7', '::ffff:203.0.113.1']) {
    expect((await world.ask(secret, { client_ip: address })).active, address).toBe(true);
  }
  for (const address of ['203.0.114.1', '198.51.100.8', '::1', 'nonsense', '203.0.113.9, 203.0.113.9', '']) {
    const answer = await world.ask(secret, { client_ip: address });
    expect(answer, address).toEqual({ active: false, inactive_reason: 'address_not_allowed' });
  }
  expect((await world.ask(secret)).active).toBe(false);
  const unflagged = await world.post('/introspect', {
    token: secret,
    client_ip: '203.0.113.9',
    client_id: world.api.id,
    client_secret: world.api.secret,
  });
  expect(unflagged.text).toBe('{"active":false}');
});

test('G10: with its owner a key is dead at once, and with the account that is gone for good', async () => {
  const { accounts, accountDeletion, database } = world.parts;
  const wanted = { email: 'edith@example.com', name: 'Edith', password: 'seven purple bicycles fell' };
  const edith = await accounts.register(wanted, 'operator');
  const { secret } = await world.make({}, { name: `account:${edith.id}`, account: edith });
  const disabled = await accounts.disable(edith, 'operator');
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'disabled' });
  await accounts.enable(disabled, 'operator');
  expect(await world.ask(secret)).toMatchObject({ active: true });
  await database.transact(() => accountDeletion.erase(edith, 'operator'));
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'revoked' });
  const row = await database.find(
    sql`SELECT name, last_used_address FROM api_keys WHERE account_id = ${edith.id}`,
  );
  expect(row).toEqual({ name: 'erased', last_used_address: null });
});

test('G10: a member who is removed loses their keys for the team; the keys of the team stay and show who made them', async () => {
  const { members, apiKeys } = world.parts;
  const place = { teamId: world.team.id, accountId: world.grace.id };
  await members.add(OPERATOR, { teamId: world.team.id, role: 'admin' }, world.grace);
  const own = await world.make({ teamId: world.team.id }, world.asGrace);
  const team = await world.make({ owner: world.ofTeam }, world.asGrace);
  await members.remove(OPERATOR, place);
  expect(await world.ask(own.secret)).toEqual({ active: false, inactive_reason: 'revoked' });
  expect(await world.ask(team.secret)).toMatchObject({ active: true, team_id: world.team.id });
  expect((await apiKeys.get(world.asAda, team.key.id)).responsibleId).toBe(world.grace.id);
  await members.add(OPERATOR, { teamId: world.team.id, role: 'member' }, world.grace);
  expect((await world.ask(own.secret)).active, 'and when they come back').toBe(false);
});

test('G10: with a team its keys are dead at once', async () => {
  const team = await world.parts.teams.create(OPERATOR, world.ada, { name: 'Wheels' });
  const made = await world.make({ owner: { kind: 'team', teamId: team.id } });
  const bound = await world.make({ teamId: team.id });
  await world.parts.teams.remove(OPERATOR, team.id);
  for (const { secret } of [made, bound])
    expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'revoked' });
});

test('a rotated key has two secrets for as long as was said, and then the new one', async () => {
  const { key, secret } = await world.make();
  const next = await world.parts.apiKeys.rotate(world.asAda, key, { overlapSeconds: 3600 });
  expect(await world.ask(secret)).toMatchObject({ active: true, jti: key.id, exp: next.previousEndsAt });
  expect(await world.ask(next.secret)).toMatchObject({ active: true, jti: key.id });
  setTime(next.previousEndsAt);
  expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'revoked' });
  expect((await world.ask(next.secret)).active).toBe(true);
});

test('G09: a key that another process revokes is dead at the next call', async () => {
  const { createParts } = await import('../../server/parts.ts');
  const elsewhere = await createParts(world.app.config, { actor: 'operator' });
  const { key, secret } = await world.make();
  expect((await world.ask(secret)).active).toBe(true);
  await elsewhere.apiKeys.revoke(OPERATOR, key);
  expect((await world.ask(secret)).active).toBe(false);
  await elsewhere.close();
});
