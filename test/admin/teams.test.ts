// latchkey teams … and accounts set-plan: what an operator does with teams and plans.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PASSWORD } from '../support/world.ts';
import { createPlace, createProcessCli, createQuickCli } from './cli.ts';

const place = createPlace();
const file = join(place.directory, 'latchkey.yaml');
writeFileSync(file, JSON.stringify({ version: 1, plans: { standard: {}, pro: { max_members: 2 } } }));
const variables = { DATABASE_URL: `sqlite:${place.database}`, LATCHKEY_CONFIG: file };
const cli = createProcessCli(variables);
const quick = createQuickCli(variables);
afterAll(place.remove);

type Team = { id: string; name: string; plan: string; members: { email: string; role: string }[] };

beforeAll(async () => {
  for (const name of ['ada', 'grace', 'edith']) {
    const who = ['--email', `${name}@example.com`, '--name', name];
    await quick.json(['accounts', 'create', ...who, '--password-stdin'], PASSWORD);
  }
});

async function rolesIn(id: string): Promise<Record<string, string>> {
  const { members } = await quick.json<Team>(['teams', 'show', id]);
  return Object.fromEntries(members.map(({ email, role }) => [email.split('@')[0], role]));
}

const account = (name: string) => ['--account', `${name}@example.com`];

test('a team is made with its owner and its plan, listed and shown with its members', async () => {
  const made = await cli.json<Team>([
    ...['teams', 'create', '--name', 'Looms', '--owner', 'ada@example.com', '--plan', 'pro'],
  ]);
  expect(made).toEqual({
    ...{ id: expect.stringMatching(/^team_/), name: 'Looms', plan: 'pro', created_at: expect.any(Number) },
  });
  expect(await quick.json(['teams', 'list'])).toEqual([made]);
  expect(await quick.json(['teams', 'list', ...account('ada')])).toEqual([made]);
  expect(await quick.json(['teams', 'list', ...account('grace')])).toEqual([]);
  const shown = await quick.json<Team>(['teams', 'show', made.id]);
  expect(shown).toMatchObject({ ...made, members: [{ email: 'ada@example.com', role: 'owner' }] });
  expect((await quick.run(['teams', 'show', made.id])).out).toContain('ada@example.com');
});

test('people are put into it and taken out, and their roles change', async () => {
  const { id } = await quick.json<Team>(['teams', 'create', '--name', 'Mills', '--owner', 'ada@example.com']);
  await quick.json(['teams', 'add', id, ...account('grace'), '--role', 'member']);
  await quick.json(['teams', 'set-role', id, ...account('grace'), '--role', 'owner']);
  expect(await rolesIn(id)).toEqual({ ada: 'owner', grace: 'owner' });
  const left = await quick.json<Team>(['teams', 'remove', id, ...account('ada')]);
  expect(left.members.map(({ email }) => email)).toEqual(['grace@example.com']);
  const refused = await quick.refusal(['teams', 'remove', id, ...account('grace')]);
  expect(refused).toEqual({
    error: 'conflict',
    error_description: expect.stringContaining('needs an owner'),
  });
  const events = await quick.json<{ type: string; actor: string }[]>(['audit', 'list', '--limit', '3']);
  expect(events.map(({ type, actor }) => [type, actor])).toEqual([
    ['team.member_removed', 'operator'],
    ['team.role_changed', 'operator'],
    ['team.member_added', 'operator'],
  ]);
});

test('a plan is chosen, refused where there is none of that name, and left again', async () => {
  const { id } = await quick.json<Team>([
    'teams',
    'create',
    '--name',
    'Wheels',
    '--owner',
    'ada@example.com',
  ]);
  expect(await quick.json(['teams', 'set-plan', id, 'pro'])).toMatchObject({ plan: 'pro' });
  expect(await quick.refusal(['teams', 'set-plan', id, 'gold'])).toMatchObject({ error: 'invalid_request' });
  expect(await quick.json(['teams', 'set-plan', id])).toMatchObject({ plan: 'standard' });
  expect(await quick.json(['accounts', 'set-plan', 'ada@example.com', 'pro'])).toMatchObject({ plan: 'pro' });
  expect(await quick.refusal(['accounts', 'set-plan', 'ada@example.com', 'gold'])).toEqual({
    error: 'invalid_request',
    error_description: 'There is no plan gold, only standard, pro.',
  });
  expect(await quick.json(['accounts', 'set-plan', 'ada@example.com'])).toMatchObject({ plan: null });
});

test('a team is renamed and deleted; then it is not there', async () => {
  const { id } = await quick.json<Team>([
    'teams',
    'create',
    '--name',
    'Gears',
    '--owner',
    'edith@example.com',
  ]);
  expect(await quick.json(['teams', 'rename', id, '--name', 'Cogs'])).toMatchObject({ name: 'Cogs' });
  expect(await quick.json(['teams', 'delete', id])).toEqual({ id, name: 'Cogs' });
  expect(await quick.refusal(['teams', 'show', id])).toMatchObject({ error: 'not_found' });
  expect(await quick.json(['teams', 'list', ...account('edith')])).toEqual([]);
});

test('an account that alone owns a team is not deleted', async () => {
  await quick.json(['teams', 'create', '--name', 'Levers', '--owner', 'edith@example.com']);
  const refused = await quick.refusal(['accounts', 'delete', 'edith@example.com']);
  expect(refused).toEqual({ error: 'conflict', error_description: expect.stringContaining('Levers') });
});

test('an API is registered as team-scoped', async () => {
  const words = [
    'resources',
    'create',
    '--identifier',
    'urn:boards',
    '--name',
    'Boards',
    '--scope',
    'boards=All',
  ];
  await quick.json([...words, '--team-scoped']);
  expect(await quick.json(['resources', 'list'])).toMatchObject([
    { identifier: 'urn:boards', team_scoped: true },
  ]);
});
