// An operator of PostgreSQL ends our backends, again and again, while they work (row F07): nobody loses anything.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../support/postgres.ts';
import { openPostgresSession } from '../support/postgres-session.ts';
import { createWorld, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const SESSIONS = 4;
const ROUNDS = 15;
const END_ALL = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let outside: Awaited<ReturnType<typeof openPostgresSession>>;
let world: World;

beforeAll(async () => {
  database = await createTestDatabase();
  outside = await openPostgresSession(database.url);
  world = await createWorld({ settings: { database: { url: database.url, pool_max: 4 } } });
});
afterAll(async () => {
  await outside.close();
  await world.close();
  await database.drop();
});

test('F07: backends that are ended under load cost 503 at most, no session and no hole in the audit log', async () => {
  const held: string[] = [];
  for (let count = 0; count < SESSIONS; count += 1)
    held.push((await world.signIn(world.notes, OFFLINE)).refresh_token);
  let isOver = false;
  const seen = new Set<number>();
  const working = held.map(async (first) => {
    let token = first;
    while (!isOver) {
      const { status, body } = await world.refresh(world.notes, token);
      seen.add(status);
      if (status === 200) token = String(body.refresh_token);
    }
    return token;
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    // Something of the work lies between two ends.
    await world.refresh(world.notes, 'nothing');
    await outside.query(END_ALL);
  }
  isOver = true;
  for (const token of await Promise.all(working))
    expect((await world.refresh(world.notes, token)).status).toBe(200);
  expect([...seen].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect(await world.app.parts.audit.findBreaks()).toEqual([]);
});
