// Yesterday's backup is put back (row F29): what was ended since does not come to life, and what was issued since is unknown.
import { copyFileSync, rmSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from 'vitest';
import { endRestored } from '../../server/admin/restored.ts';
import { createProcessCli } from '../admin/cli.ts';
import { askForCode, pair, poll } from '../support/devices.ts';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import { openSqliteFile } from '../support/sqlite-file.ts';
import { basic, createWorld, createWorldIn } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const PATIENCE_MILLISECONDS = 90_000;

let place: ServerPlace;
let server: ServerProcess;
afterEach(async () => {
  await server?.kill();
  await place?.close();
});

test(
  'F29: after `latchkey restored` nothing that was in the backup opens anything, people sign in anew, and keys can be enabled',
  async () => {
    place = await createServerPlace();
    const cli = createProcessCli(place.environment);
    server = await place.start();
    await server.ready;
    const world = await createWorldIn(place);
    const robot = world.app.robot();
    const isActive = async (token: string) => (await world.introspect(world.api, token)).body.active;

    const kept = await world.signIn(world.notes, OFFLINE, robot);
    const ended = await world.signIn(world.notes, OFFLINE, robot);
    const made = await cli.json([
      'api-keys',
      'create',
      '--name',
      'Zapier',
      '--account',
      world.ada.id,
      '--scope',
      'read:tasks',
    ]);
    const key = String(made.key);
    const code = await world.authorize(world.notes, OFFLINE, robot);
    const device = await askForCode(world);
    await pair(robot, device);
    const copy = `${place.sqliteFile}.copy`;
    await backup(new DatabaseSync(place.sqliteFile, { readOnly: true }), copy);

    await world.post('/revoke', { token: ended.refresh_token }, basic(world.notes));
    await world.post('/revoke', { token: key }, basic(world.notes));
    expect(await isActive(key)).toBe(false);
    const since = await world.signIn(world.notes, OFFLINE, robot);
    await server.kill();
    await place.leave();
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${place.sqliteFile}${suffix}`, { force: true });
    copyFileSync(copy, place.sqliteFile);
    const said = await cli.json(['restored']);
    expect(said).toMatchObject({ api_keys: 1, sessions: expect.any(Number), clients: expect.any(Number) });

    server = await place.start();
    await server.ready;
    for (const token of [kept, ended, since].map(({ access_token }) => access_token))
      expect(await isActive(token)).toBe(false);
    for (const { refresh_token } of [kept, ended, since])
      expect((await world.refresh(world.notes, refresh_token)).body.error).toBe('invalid_grant');
    expect(await isActive(key)).toBe(false);
    expect((await world.redeem(world.notes, code)).body.error).toBe('invalid_grant');
    expect((await poll(world, device)).status).toBe(400);
    expect((await robot.get('/account')).location).toContain('/sign-in');
    await cli.json(['api-keys', 'enable', String(made.id)]);
    expect(await isActive(key)).toBe(true);
    const file = openSqliteFile(place.sqliteFile);
    expect(file.prepare("SELECT actor FROM audit_events WHERE type = 'deployment.restored'").all()).toEqual([
      { actor: 'operator' },
    ]);
    file.close();
    const again = await world.signIn(world.notes, OFFLINE, world.app.robot());
    expect(await isActive(again.access_token)).toBe(true);
    expect((await world.refresh(world.notes, again.refresh_token)).status).toBe(200);
  },
  PATIENCE_MILLISECONDS,
);

test('F29: on PostgreSQL the same ends, however often it is said', async () => {
  const world = await createWorld({ dialect: 'postgres' });
  const { access_token: access, refresh_token: refresh } = await world.signIn(world.notes, OFFLINE);
  const { sessions } = await endRestored(world.app.parts);
  expect(sessions).toBe(1);
  expect(await endRestored(world.app.parts)).toMatchObject({ sessions: 0, api_keys: 0 });
  expect((await world.introspect(world.api, access)).body.active).toBe(false);
  expect((await world.refresh(world.notes, refresh)).body.error).toBe('invalid_grant');
  await world.close();
});
