// latchkey accounts delete and end-sessions: what an operator does for a person who cannot (rows S12, O02).
import { afterAll, expect, test } from 'vitest';
import { createPlace } from './cli.ts';

const PASSWORD = 'brass wheels turn slowly';
const place = createPlace();
const { quick } = place;
afterAll(place.remove);

function create(name: string, ...more: string[]) {
  const email = `${name}@example.com`;
  return quick.json<{ id: string }>(
    ['accounts', 'create', '--email', email, '--name', name, '--password-stdin', ...more],
    PASSWORD,
  );
}

test('O02: a deleted account is gone from every list, and its address makes a new one with another id', async () => {
  const ada = await create('ada');
  expect(await quick.json(['accounts', 'end-sessions', 'ada@example.com'])).toMatchObject({ id: ada.id });
  expect(await quick.json(['accounts', 'delete', 'Ada@example.com'])).toEqual({
    id: ada.id,
    email: 'ada@example.com',
  });
  expect(await quick.json(['accounts', 'list'])).toEqual([]);
  expect((await quick.run(['accounts', 'show', ada.id])).status).toBe(1);
  expect((await quick.run(['accounts', 'delete', ada.id])).status).toBe(1);
  expect((await create('ada')).id).not.toBe(ada.id);
  const events = await quick.json<{ type: string; actor: string }[]>(['audit', 'list']);
  expect(events.map(({ type }) => type)).toEqual([
    'account.created',
    'account.deleted',
    'session.ended',
    'account.created',
  ]);
  expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set(['operator']));
});

test('the only administrator is not deleted', async () => {
  const grace = await create('grace', '--admin');
  const refused = await quick.run(['--json', 'accounts', 'delete', grace.id]);
  expect(refused.status).toBe(1);
  expect(JSON.parse(refused.err)).toMatchObject({ error: 'conflict' });
});
