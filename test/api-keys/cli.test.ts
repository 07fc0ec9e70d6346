// latchkey api-keys …, and what `tokens` tells and does of a key.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPlace } from '../admin/cli.ts';

const PASSWORD = 'a long walk over the hills';
const place = createPlace();
const { quick: cli } = place;
let team: string;

type Made = { id: string; key: string };

beforeAll(async () => {
  await cli.json(
    ['accounts', 'create', '--email', 'ada@example.com', '--name', 'Ada', '--password-stdin'],
    PASSWORD,
  );
  await cli.json([
    ...['resources', 'create', '--identifier', 'https://api.example.com/', '--name', 'Tasks'],
    ...['--scope', 'read:tasks=Read', '--scope', 'write:tasks=Write', '--default'],
  ]);
  ({ id: team } = await cli.json<{ id: string }>([
    'teams',
    'create',
    '--name',
    'Looms',
    '--owner',
    'ada@example.com',
  ]));
});
afterAll(() => place.remove());

function create(...words: string[]): Promise<Made> {
  return cli.json<Made>(['api-keys', 'create', '--name', 'CI', ...words]);
}

test('api-keys create makes a key of a person or a team and shows it this once', async () => {
  const own = await create('--account', 'ada@example.com', '--scope', 'read:tasks', '--expires-in', '90d');
  expect(own.key).toMatch(/^lk_[0-9A-Za-z]{36}$/);
  expect(own).toMatchObject({ kind: 'personal', scopes: ['read:tasks'], responsible_id: null });
  const { expires_at: end, created_at: start } = own as unknown as Record<string, number>;
  expect((end ?? 0) - (start ?? 0)).toBe(90 * 86_400);
  const ofTeam = await create(
    '--team',
    team,
    '--scope',
    'read:tasks write:tasks',
    '--cidr',
    '203.0.113.0/24',
  );
  expect(ofTeam).toMatchObject({ kind: 'team', team_id: team, cidr: ['203.0.113.0/24'] });
  const bound = await create('--account', 'ada@example.com', '--team', team, '--scope', '*');
  expect(bound).toMatchObject({ kind: 'personal', team_id: team });
  const { out } = await cli.run(['api-keys', 'list', '--json']);
  expect(JSON.parse(out)).toHaveLength(3);
  for (const { key } of [own, ofTeam, bound]) {
    expect(out).not.toContain(key);
    expect(place.bytes().includes(key.slice(3))).toBe(false);
  }
  expect(await cli.json(['api-keys', 'list', '--team', team])).toMatchObject([{ id: ofTeam.id }]);
  expect(await cli.json(['api-keys', 'list', '--account', 'ada@example.com', '--limit', '1'])).toMatchObject([
    { id: bound.id },
  ]);
});

test('api-keys disable, enable, rotate and revoke, by the id of the key', async () => {
  const { id, key } = await create('--team', team, '--scope', 'read:tasks');
  expect(await cli.json(['api-keys', 'disable', id])).toMatchObject({ state: 'disabled' });
  expect(await cli.json(['tokens', 'introspect'], key)).toEqual({ active: false, reason: 'disabled' });
  expect(await cli.json(['api-keys', 'enable', id])).toMatchObject({ state: 'active' });
  const rotated = await cli.json<Made>(['api-keys', 'rotate', id, '--overlap-hours', '0']);
  expect(rotated).toMatchObject({ id, last_four: rotated.key.slice(-4) });
  expect(await cli.json(['tokens', 'introspect'], key)).toEqual({ active: false, reason: 'revoked' });
  expect(await cli.json(['tokens', 'introspect'], rotated.key)).toMatchObject({ active: true, id });
  expect(await cli.json(['api-keys', 'revoke', id])).toMatchObject({ state: 'revoked' });
  expect(await cli.json(['api-keys', 'show', id])).toMatchObject({ state: 'revoked' });
  expect((await cli.refusal(['api-keys', 'enable', id])).error).toBe('conflict');
});

test('tokens revoke ends a key that somebody sent', async () => {
  const { id, key } = await create('--account', 'ada@example.com', '--scope', 'read:tasks');
  expect(await cli.json(['tokens', 'revoke'], key)).toEqual({ revoked: true, kind: 'api_key', key_id: id });
  expect(await cli.json(['tokens', 'introspect'], key)).toEqual({ active: false, reason: 'revoked' });
});

test.each([
  ['without an owner', ['--scope', 'read:tasks'], 'invalid_request'],
  ['for nobody', ['--account', 'eve@example.com', '--scope', 'read:tasks'], 'not_found'],
  ['for no team', ['--team', 'team_none', '--scope', 'read:tasks'], 'not_found'],
  ['without scopes', ['--account', 'ada@example.com'], 'invalid_request'],
  ['with a scope that no API has', ['--account', 'ada@example.com', '--scope', 'paint'], 'invalid_request'],
  [
    'with no duration',
    ['--account', 'ada@example.com', '--scope', 'read:tasks', '--expires-in', 'soon'],
    'invalid_request',
  ],
])('api-keys create %s is refused', async (_how, words, error) => {
  expect((await cli.refusal(['api-keys', 'create', '--name', 'CI', ...words])).error).toBe(error);
});
