// Death just before and just after a commit: the same request sent again comes to one result, and nothing is left over (row F03).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { parseRefreshToken } from '../../server/storage/token-format.ts';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import type { Answer } from '../support/program.ts';
import { basic, createWorldIn, describeWorld, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };

let place: ServerPlace;
let steady: ServerProcess;
let world: World;
let robot: ReturnType<World['app']['robot']>;

beforeAll(async () => {
  place = await createServerPlace();
  steady = await place.start();
  await steady.ready;
  world = await createWorldIn(place);
  robot = place.robot();
});

afterAll(async () => {
  await steady?.kill();
  await place?.close();
});

type Door = Pick<World, 'refresh' | 'redeem' | 'post'>;

/** Sends the request to a second server that dies in the middle of it. */
async function loseAnswer(
  crashAt: 'before_commit' | 'after_commit',
  send: (door: Door) => Promise<Answer>,
): Promise<void> {
  const port = await place.findFreePort();
  const server = await place.start({ port, crashAt });
  await server.ready;
  await expect(send(describeWorld({ ...place, port }))).rejects.toThrow();
  await server.ended;
}

async function countFamily(token: string): Promise<number> {
  const { family } = parseRefreshToken(token) ?? { family: 0 };
  const [row] = await place.parts.database.list<{ count: number }>(
    sql`SELECT count(*) AS count FROM refresh_tokens WHERE family = ${family}`,
  );
  return row?.count ?? 0;
}

test('F03 R04 H2: refresh: before the commit nothing has happened, after it the retry gets the same successor', async () => {
  for (const crashAt of ['before_commit', 'after_commit'] as const) {
    const { refresh_token } = await world.signIn(world.notes, OFFLINE, robot);
    await loseAnswer(crashAt, (door) => door.refresh(world.notes, refresh_token));
    expect(await countFamily(refresh_token)).toBe(crashAt === 'before_commit' ? 1 : 2);
    const retried = await world.refresh(world.notes, refresh_token);
    expect(retried.status).toBe(200);
    expect(await countFamily(refresh_token)).toBe(2);
    expect((await world.refresh(world.notes, (retried.body as TokenSet).refresh_token)).status).toBe(200);
  }
});

test('F03 T23: code: before the commit it is still good; after it, it is spent, and what nobody received is dead', async () => {
  const early = await world.authorize(world.notes, OFFLINE, robot);
  await loseAnswer('before_commit', (door) => door.redeem(world.notes, early));
  expect((await world.redeem(world.notes, early)).status).toBe(200);

  const late = await world.authorize(world.notes, OFFLINE, robot);
  await loseAnswer('after_commit', (door) => door.redeem(world.notes, late));
  const [newest] = await world.app.parts.grants.listOf(world.ada.id);
  const retried = await world.redeem(world.notes, late);
  expect([retried.status, retried.body.error]).toEqual([400, 'invalid_grant']);
  const live = await world.app.parts.grants.listOf(world.ada.id);
  expect(live.map(({ id }) => id)).not.toContain(newest?.id);
});

test('F03 F02: revocation: before the commit the token lives, after it it is dead, whoever heard of it', async () => {
  for (const crashAt of ['before_commit', 'after_commit'] as const) {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    const parameters = { token: tokens.refresh_token };
    await loseAnswer(crashAt, (door) => door.post('/revoke', parameters, basic(world.notes)));
    const { body } = await world.introspect(world.api, tokens.access_token);
    expect(body.active).toBe(crashAt === 'before_commit');
    expect((await world.post('/revoke', parameters, basic(world.notes))).status).toBe(200);
    expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
  }
});

test('R06: a spent refresh token is a replay after a restart too (KC CVE-2026-9802)', async () => {
  const first = await world.signIn(world.notes, OFFLINE, robot);
  const second = (await world.refresh(world.notes, first.refresh_token)).body as TokenSet;
  const third = (await world.refresh(world.notes, second.refresh_token)).body as TokenSet;
  await steady.kill();
  steady = await place.start();
  await steady.ready;
  const replayed = await world.refresh(world.notes, first.refresh_token);
  expect([replayed.status, replayed.body.error]).toEqual([400, 'invalid_grant']);
  expect((await world.refresh(world.notes, third.refresh_token)).status).toBe(400);
  expect((await world.introspect(world.api, third.access_token)).body).toEqual({ active: false });
});
