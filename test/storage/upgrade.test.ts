// An upgrade beside running servers (row F19): the next version brings the schema up to date while this one serves, and goes on.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { createWorldIn, type TokenSet, type World } from '../support/world.ts';
import { dialects } from './ground.ts';
import { migrateToNext } from './next-version.ts';

const LASTING = { scope: 'openid offline_access read:tasks', prompt: 'consent' };
const CHILD = join(import.meta.dirname, 'next-version.ts');
const NEXT = ['9999-the-next.ts'];

/** The next version starts, and a power cut ends it in the middle of its migration. */
function migrateAndDie(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [CHILD, url], () => resolve(child.signalCode ?? undefined));
  });
}

describe.each(dialects)('on %s', (dialect) => {
  let app: MailingApp;
  let world: World;
  let url: string;
  beforeEach(async () => {
    app = await startTestApp({ dialect });
    world = await createWorldIn(app);
    url = app.config.database.url;
  });
  afterEach(() => app.close());

  /** People, apps and APIs come while `act` runs, and a little longer; answers how often, and all statuses but 200. */
  async function serveDuring(act: () => Promise<unknown>): Promise<{ rounds: number; bad: number[] }> {
    const robot = app.robot();
    let tokens: TokenSet = await world.signIn(world.notes, LASTING, robot);
    const bad: number[] = [];
    let isOver = false;
    const done = act().finally(() => {
      isOver = true;
    });
    let rounds = 0;
    for (let after = 0; after < 3; after += isOver ? 1 : 0) {
      rounds += 1;
      const [refreshed, introspected, page, keys] = await Promise.all([
        world.refresh(world.notes, tokens.refresh_token),
        world.introspect(world.api, tokens.access_token),
        robot.get('/account'),
        world.ask('/jwks'),
      ]);
      bad.push(
        ...[refreshed, introspected, page, keys].map(({ status }) => status).filter((one) => one !== 200),
      );
      expect(introspected.body.active).toBe(true);
      tokens = refreshed.body as TokenSet;
    }
    await done;
    await world.signIn(world.notes, LASTING);
    return { rounds, bad };
  }

  test('F19: this version serves while the next one migrates, and afterwards, without one answer of no', async () => {
    let applied: string[] = [];
    const { rounds, bad } = await serveDuring(async () => {
      applied = await migrateToNext(url);
    });
    expect(applied).toEqual(NEXT);
    expect(rounds).toBeGreaterThan(2);
    expect(bad).toEqual([]);
    const { database } = app.parts;
    // What this version writes has what the next one wants.
    const weights = await database.list(sql`SELECT DISTINCT weight FROM access_tokens LIMIT 10`);
    expect(weights).toEqual([{ weight: 1 }]);
    expect(await app.parts.audit.findBreaks()).toEqual([]);
  });

  test('F19: of two that bring the next version one migrates, and the other waits', async () => {
    const applied = await Promise.all([migrateToNext(url), migrateToNext(url)]);
    expect(applied.flat()).toEqual(NEXT);
  });

  test('F19: a power cut in the middle of it leaves the schema as it was; servers go on, and the next try completes', async () => {
    const { bad } = await serveDuring(async () => {
      expect(await migrateAndDie(url)).toBe('SIGKILL');
    });
    expect(bad).toEqual([]);
    await expect(app.parts.database.list(sql`SELECT motto FROM accounts LIMIT 1`)).rejects.toThrow();
    const again = await serveDuring(async () => {
      expect(await migrateToNext(url)).toEqual(NEXT);
    });
    expect(again.bad).toEqual([]);
    expect(await app.parts.database.list(sql`SELECT motto FROM accounts LIMIT 1`)).toEqual([{ motto: '' }]);
  });

  test('F19: this version does not start any more on what the next one has made, and touches nothing', async () => {
    await migrateToNext(url);
    const { issuer, secrets_file } = app.config;
    const start = startTestApp({ settings: { issuer, secrets_file, database: { url } } });
    await expect(start).rejects.toThrow('made by a newer version, which this one must not touch');
    expect((await world.signIn(world.notes, LASTING)).refresh_token).toBeDefined();
  });
});

test('F19: on postgres a migration that has to give way to a server that writes is tried again', async () => {
  const app = await startTestApp({ dialect: 'postgres' });
  const { url } = app.config.database;
  const writer = new pg.Client({ connectionString: url });
  await writer.connect();
  // So that the migration is the one that gives way.
  await writer.query("SET deadlock_timeout = '3s'");
  await writer.query('BEGIN');
  await writer.query('LOCK TABLE refresh_tokens IN ROW EXCLUSIVE MODE');
  const migrated = migrateToNext(url);
  const isWaiting = sql`SELECT 1 AS one FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  await expect
    .poll(() => app.parts.database.list(isWaiting), { interval: 10, timeout: 10_000 })
    .not.toEqual([]);
  await writer.query('SELECT 1 FROM access_tokens LIMIT 1').finally(() => writer.query('ROLLBACK'));
  expect(await migrated).toEqual(NEXT);
  await writer.end();
  await app.close();
});
