// Revocation that cannot be stored (RFC 7009 section 2.2.1): 503 and never 200, and what was acknowledged stays so (rows V04, V05).
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { askForCode, CLI, pair, poll } from '../support/devices.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { createServerPlace } from '../support/processes.ts';
import type { Answer } from '../support/program.ts';
import { createCuttableWay, holdWriteLock } from '../support/storage-faults.ts';
import { checkUnavailable } from '../support/unavailable.ts';
import { basic, createWorld, createWorldIn, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const KILLS = 3;

let world: World;
afterEach(async () => {
  vi.useRealTimers();
  await world?.close();
});

/** One token of every kind, with the request that revokes it. */
async function collect(): Promise<{ token: string; access: string; revoke: () => Promise<Answer> }[]> {
  const robot = world.app.robot();
  const app = await world.signIn(world.notes, OFFLINE, robot);
  const other = await world.signIn(world.notes, OFFLINE, robot);
  const code = await askForCode(world);
  await pair(robot, code);
  const device = (await poll(world, code)).body as TokenSet;
  const byApp = (token: string) => () => world.post('/revoke', { token }, basic(world.notes));
  const byDevice = (token: string) => () => world.post('/revoke', { token, client_id: CLI.id });
  return [
    { token: app.access_token, access: app.access_token, revoke: byApp(app.access_token) },
    { token: other.refresh_token, access: other.access_token, revoke: byApp(other.refresh_token) },
    { token: device.refresh_token, access: device.access_token, revoke: byDevice(device.refresh_token) },
  ];
}

async function isActive(token: string): Promise<unknown> {
  return (await world.introspect(world.api, token)).body.active;
}

test('V04 H8: while another process holds the lock, no kind of token is said to be revoked, and after it all are', async () => {
  world = await createWorld();
  const all = await collect();
  vi.useFakeTimers({ toFake: ['Date'] });
  const release = holdWriteLock(world.app.config.database.url);
  const passing = setInterval(() => vi.setSystemTime(Date.now() + 6000), 50);
  for (const { access, revoke } of all) {
    checkUnavailable(await revoke());
    expect(await isActive(access)).toBe(true);
  }
  clearInterval(passing);
  release();
  for (const { access, revoke } of all) {
    expect((await revoke()).status).toBe(200);
    expect(await isActive(access)).toBe(false);
  }
});

describe('on PostgreSQL', () => {
  let way: Awaited<ReturnType<typeof createCuttableWay>>;
  let real: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeEach(async () => {
    real = await createTestDatabase();
    way = await createCuttableWay(real.url);
    world = await createWorld({ settings: { database: { url: way.url, pool_max: 4 } } });
  });
  afterEach(async () => {
    await way.close();
    await real.drop();
  });

  test('V04 H8 F07: with the database away it is 503, and the same request succeeds when it is back', async () => {
    const all = await collect();
    await way.refuse();
    for (const { revoke } of all) checkUnavailable(await revoke());
    await way.restore();
    for (const { access, revoke } of all) {
      expect(await isActive(access)).toBe(true);
      expect((await revoke()).status).toBe(200);
      expect(await isActive(access)).toBe(false);
    }
  });

  test('V04 F09: cut off after COMMIT it may be done and is not said to be; said again it is', async () => {
    for (const { access, revoke } of await collect()) {
      way.cutNextCommits(1);
      checkUnavailable(await revoke());
      expect((await revoke()).status).toBe(200);
      expect(await isActive(access)).toBe(false);
    }
  });
});

test('V05 F02: what was answered with 200 is dead after kill -9, of a device and of an app', async () => {
  const place = await createServerPlace();
  let server = await place.start();
  try {
    await server.ready;
    world = { ...(await createWorldIn(place)), close: async () => undefined };
    for (let round = 0; round < KILLS; round += 1) {
      const all = await collect();
      const answers = await Promise.all(all.map(({ revoke }) => revoke()));
      await server.kill();
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      server = await place.start();
      await server.ready;
      for (const { access } of all) expect(await isActive(access)).toBe(false);
    }
  } finally {
    await server.kill();
    await place.close();
  }
});
