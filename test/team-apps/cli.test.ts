// latchkey clients list --pending, allow --revision, decline: an operator decides on what they have seen (row H02).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cli, createClisBeside } from '../admin/cli.ts';
import { type AppWorld, createAppWorld } from './app-world.ts';

type Shown = { client_id: string; state: string; revision: string | null; note: string | null; name: string };

let world: AppWorld;
let quick: Cli;
let id: string;
beforeAll(async () => {
  world = await createAppWorld();
  ({ quick } = createClisBeside(world.app));
  ({ id } = world.teamApp);
});
afterAll(() => world.close());

const pending = () => quick.json<Shown[]>(['clients', 'list', '--pending']);

test('H02: what waits is listed with its revision; another one, or none, allows nothing', async () => {
  const [waiting] = await pending();
  expect(waiting).toMatchObject({ client_id: id, state: 'pending', revision: expect.any(String) });
  const revision = String(waiting?.revision);
  expect((await quick.run(['clients', 'allow', id])).err).toContain('with the revision that you have seen');
  const place = { teamId: world.team.id, id };
  await world.parts.teamApps.change(world.asAda, place, { name: 'Your bank' });
  expect((await quick.run(['clients', 'allow', id, '--revision', revision])).err).toContain('look again');
  expect((await pending())[0]).toMatchObject({ state: 'pending', name: 'Your bank' });
  expect((await quick.run(['doctor'])).out).toContain(id);
});

test('one command allows it, and one declines the change that comes after', async () => {
  const [waiting] = await pending();
  const allow = ['clients', 'allow', id, '--revision', String(waiting?.revision)];
  expect(await quick.json<Shown>(allow)).toMatchObject({ state: 'allowed', revision: null });
  expect(await pending()).toEqual([]);
  const place = { teamId: world.team.id, id };
  await world.parts.teamApps.change(world.asAda, place, { name: 'Your other bank' });
  const [asked] = await pending();
  const decline = [
    'clients',
    'decline',
    id,
    '--revision',
    String(asked?.revision),
    '--reason',
    'Whose name?',
  ];
  expect(await quick.json<Shown>(decline)).toMatchObject({ state: 'allowed', note: 'Whose name?' });
  expect(
    (await quick.json<Shown[]>(['clients', 'list', '--team', world.team.id])).map((one) => one.name),
  ).toEqual(['Your bank']);
});
