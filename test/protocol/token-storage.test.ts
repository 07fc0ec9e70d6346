// Storage that cannot serve: 503 and come again, nothing half done, nothing said that is not so; rows H3, H8, T23, F04, F07 to F10.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTestDatabase } from '../support/postgres.ts';
import type { Answer } from '../support/program.ts';
import { createCuttableWay, fillDisk, holdWriteLock } from '../support/storage-faults.ts';
import { checkUnavailable } from '../support/unavailable.ts';
import { basic, createWorld, PASSWORD, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };

let world: World;
let robot: ReturnType<World['app']['robot']>;

type Seen = { status: number; headers: Headers };

function checkNothingGiven({ status, headers }: Seen): void {
  expect(status).toBe(503);
  expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(headers.get('set-cookie')).toBeNull();
  expect(headers.get('location')).toBeNull();
  expect(headers.get('cache-control')).toBe('no-store');
}

function checkUnavailableJson(answer: Answer): void {
  checkUnavailable(answer);
  checkNothingGiven(answer);
}

function isActive(token: string): Promise<unknown> {
  return world.introspect(world.api, token).then(({ body }) => body.active);
}

function revoke(token: string): Promise<Answer> {
  return world.post('/revoke', { token }, basic(world.notes));
}

describe('on SQLite', () => {
  beforeEach(async () => {
    world = await createWorld();
    robot = world.app.robot();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await world.close();
  });

  test('H8 T23 F10: another process holds the write lock for six seconds: 503, and the same request succeeds after', async () => {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    const code = await world.authorize(world.notes, OFFLINE, robot);
    const stranger = world.app.robot();
    const signInPage = await stranger.visit('/sign-in');
    vi.useFakeTimers({ toFake: ['Date'] });
    const release = holdWriteLock(world.app.config.database.url);
    const sent = Promise.all([
      world.refresh(world.notes, tokens.refresh_token),
      world.redeem(world.notes, code),
      revoke(tokens.access_token),
    ]);
    const visited = Promise.all([
      robot.get(world.authorizationPath(world.notes, 'x'.repeat(43), OFFLINE)),
      stranger.submit(signInPage, { email: 'ada@example.com', password: PASSWORD }),
    ]);
    // Reads go on, and so does whoever asks what a token is worth.
    expect(await isActive(tokens.access_token)).toBe(true);
    expect((await world.ask('/readyz')).status).toBe(200);
    const passing = setInterval(() => vi.setSystemTime(Date.now() + 6000), 50);
    for (const answer of await sent) checkUnavailableJson(answer);
    for (const page of await visited) checkNothingGiven(page);
    clearInterval(passing);
    release();

    vi.setSystemTime(Date.now() - 6000);
    expect((await world.refresh(world.notes, tokens.refresh_token)).status).toBe(200);
    expect(await isActive(tokens.access_token)).toBe(true);
  });

  test('F10 F15: whoever waits for a lock while the clock is set back an hour does not wait for an hour', async () => {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    vi.useFakeTimers({ toFake: ['Date'] });
    const release = holdWriteLock(world.app.config.database.url);
    const sent = world.refresh(world.notes, tokens.refresh_token);
    // Its reads are done by then, and its commit waits.
    setTimeout(() => vi.setSystemTime(Date.now() - 3_600_000), 100);
    checkUnavailableJson(await sent);
    release();
    vi.setSystemTime(Date.now() + 3_600_000);
    expect((await world.refresh(world.notes, tokens.refresh_token)).status).toBe(200);
  });

  test('F10: a lock that is given back in time is waited for', async () => {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    const release = holdWriteLock(world.app.config.database.url);
    const sent = world.refresh(world.notes, tokens.refresh_token);
    setTimeout(() => release(), 200);
    expect((await sent).status).toBe(200);
  });

  test('R07 F14: a refresh that was under way when its grant was ended gets nothing', async () => {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    const release = holdWriteLock(world.app.config.database.url);
    const sent = world.refresh(world.notes, tokens.refresh_token);
    // Its reads are done by then, and its commit waits.
    setTimeout(() => release('UPDATE grants SET revoked_at = created_at'), 100);
    expect(await sent).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await isActive(tokens.access_token)).toBe(false);
  });

  test('H3 F04 T23: on a full disk nothing is said to be done that is not, and with room again all goes on', async () => {
    const victim = await world.signIn(world.notes, OFFLINE, robot);
    let token = (await world.signIn(world.notes, OFFLINE, robot)).refresh_token;
    const { database } = world.app.parts;
    const makeRoom = await fillDisk(database);
    let answer = await world.refresh(world.notes, token);
    for (let count = 0; answer.status === 200 && count < 500; count += 1) {
      token = (answer.body as TokenSet).refresh_token;
      answer = await world.refresh(world.notes, token);
    }
    checkUnavailableJson(answer);
    const storm = await Promise.all(Array.from({ length: 10 }, () => world.refresh(world.notes, token)));
    for (const each of storm) checkUnavailableJson(each);
    // What it says about a revocation is so: either it is done, or it is not said.
    const revoked = await revoke(victim.refresh_token);
    if (revoked.status === 200) expect(await isActive(victim.access_token)).toBe(false);
    else checkUnavailableJson(revoked);
    const start = world.authorizationPath(world.notes, 'x'.repeat(43), OFFLINE);
    let page = await robot.get(start);
    for (let count = 0; page.status !== 503 && count < 100; count += 1) page = await robot.get(start);
    checkNothingGiven(page);

    await makeRoom();
    const after = await world.refresh(world.notes, token);
    expect(after.status).toBe(200);
    expect(await isActive((after.body as TokenSet).access_token)).toBe(true);
    expect((await revoke(victim.refresh_token)).status).toBe(200);
    expect(await isActive(victim.access_token)).toBe(false);
    expect(await world.app.parts.audit.findBreaks()).toEqual([]);
    expect(await database.list({ sql: 'PRAGMA integrity_check', bindings: [] })).toEqual([
      { integrity_check: 'ok' },
    ]);
  });
});

describe('on PostgreSQL', () => {
  let way: Awaited<ReturnType<typeof createCuttableWay>>;
  let real: Awaited<ReturnType<typeof createTestDatabase>>;

  beforeEach(async () => {
    real = await createTestDatabase();
    way = await createCuttableWay(real.url);
    world = await createWorld({ settings: { database: { url: way.url, pool_max: 4 } } });
    robot = world.app.robot();
  });
  afterEach(async () => {
    await world.close();
    await way.close();
    await real.drop();
  });

  async function checkAway(tokens: TokenSet, code: { code: string; verifier: string }): Promise<void> {
    const basicHeader = { Authorization: `Bearer ${tokens.access_token}` };
    const answers = await Promise.all([
      world.refresh(world.notes, tokens.refresh_token),
      world.redeem(world.notes, code),
      revoke(tokens.refresh_token),
      world.introspect(world.api, tokens.access_token),
      world.ask('/userinfo', { headers: basicHeader }),
    ]);
    for (const answer of answers) checkUnavailableJson(answer);
    const pages = await Promise.all(
      ['/account', world.authorizationPath(world.notes, 'x'.repeat(43), OFFLINE), '/logout'].map((path) =>
        robot.get(path),
      ),
    );
    for (const page of pages) checkNothingGiven(page);
  }

  test('H8 T23 F07: while the database is stopped every answer is 503, keys and discovery go on, and after it all is as before', async () => {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    const code = await world.authorize(world.notes, OFFLINE, robot);
    await way.refuse();
    await checkAway(tokens, code);
    expect((await world.ask('/jwks')).status).toBe(200);
    expect((await world.ask('/.well-known/openid-configuration')).status).toBe(200);
    expect((await world.ask('/readyz')).status).toBe(503);
    expect((await world.ask('/livez')).status).toBe(200);
    await way.restore();
    expect((await world.refresh(world.notes, tokens.refresh_token)).status).toBe(200);
    expect((await world.redeem(world.notes, code)).status).toBe(200);
  });

  test('H8: a database that was dropped is 503 as well', async () => {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    const code = await world.authorize(world.notes, OFFLINE, robot);
    await real.drop();
    await checkAway(tokens, code);
  });

  test('F07: connections that break in the middle of commits do not end the process', async () => {
    const tokens: TokenSet[] = [];
    for (let count = 0; count < 8; count += 1) tokens.push(await world.signIn(world.notes, OFFLINE, robot));
    for (let round = 0; round < 5; round += 1) {
      const sent = tokens.map(({ refresh_token }) => world.refresh(world.notes, refresh_token));
      await new Promise((resolve) => setTimeout(resolve, round * 4));
      await way.refuse();
      for (const answer of await Promise.all(sent)) if (answer.status !== 200) checkUnavailableJson(answer);
      await way.restore();
    }
    const last = await Promise.all(
      tokens.map(({ refresh_token }) => world.refresh(world.notes, refresh_token)),
    );
    expect(last.map(({ status }) => status)).toEqual(tokens.map(() => 200));
    expect(await world.app.parts.audit.findBreaks()).toEqual([]);
  });

  test('F09 H2: a connection that breaks after the commit and before its answer costs nobody the session', async () => {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    let token = tokens.refresh_token;
    for (let round = 0; round < 10; round += 1) {
      way.cutNextCommits(1);
      checkUnavailableJson(await world.refresh(world.notes, token));
      const again = await world.refresh(world.notes, token);
      expect(again.status).toBe(200);
      token = (again.body as TokenSet).refresh_token;
    }
    expect(await world.app.parts.audit.findBreaks()).toEqual([]);
  });

  test('F08: a database that swallows everything is 503 within seconds, for those who queue as well', async () => {
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    way.swallow('on');
    const from = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => world.refresh(world.notes, tokens.refresh_token)),
    );
    for (const answer of answers) checkUnavailableJson(answer);
    expect(performance.now() - from).toBeLessThan(8000);
    way.swallow('off');
    expect((await world.refresh(world.notes, tokens.refresh_token)).status).toBe(200);
  });
});
