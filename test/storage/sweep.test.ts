// The sweep on both databases: spent rows go in small batches, tombstones and live rows stay, and two may sweep at once.
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { StorageFault } from '../../server/storage/faults.ts';
import { createSweep } from '../../server/storage/sweep.ts';
import { ADA, type AdapterWorld, createAdapterWorld, LIFE_SECONDS, payloadOf, samples } from './adapters.ts';
import { countRows, createGround, dialects, type Place, registerPeople } from './ground.ts';

const KEEP_SECONDS = 86_400;
const MANY = 250;
// The id of an assertion stays this much longer than it was asked for (row X01).
const AHEAD_SECONDS = 300;
const swept = {
  AccessToken: 'access_tokens',
  RefreshToken: 'refresh_tokens',
  AuthorizationCode: 'artifacts',
  ReplayDetection: 'replays',
  Session: 'sessions',
  Grant: 'grants',
};

const ignore = () => undefined;

// Ids ascend with the clock, also where it is set back: in this file it only goes forward.
beforeEach(() => {
  const at = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(at);
});
afterAll(() => {
  vi.useRealTimers();
});

function passSeconds(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let world: AdapterWorld;

  beforeAll(async () => {
    ground = await createGround(dialect);
    world = createAdapterWorld(ground.open());
    await registerPeople(world.database, [ADA]);
  });
  afterAll(() => ground.close());

  function tablesOf({ parts }: AdapterWorld) {
    return [parts.tokens, parts.artifacts, parts.replays, parts.sessions, parts.grants];
  }

  function createSweeper(of = world, onFault: (error: unknown) => void = ignore) {
    return createSweep({ tables: tablesOf(of), keepSeconds: KEEP_SECONDS, onFault });
  }

  /** Saves so many of a model in one unit, and answers their ids. */
  async function saveMany(model: string, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => samples[model]?.() ?? '');
    await world.within(model, async (adapter) => {
      for (const id of ids) await adapter.upsert(id, payloadOf(model, id), LIFE_SECONDS);
    });
    return ids;
  }

  const counts = () => Promise.all(Object.values(swept).map((table) => countRows(world.database, table)));

  test('tombstones stay for their time; then the spent go, all of them, and the live stay', async () => {
    for (const model of Object.keys(swept)) await saveMany(model, model === 'AccessToken' ? MANY : 3);
    passSeconds(LIFE_SECONDS + KEEP_SECONDS - 5);
    expect(await createSweeper().runOnce()).toBe(0);
    const live = new Map<string, string>();
    for (const model of Object.keys(swept)) live.set(model, (await saveMany(model, 1))[0] ?? '');
    passSeconds(10 + AHEAD_SECONDS);
    expect(await createSweeper().runOnce()).toBe(MANY + 5 * 3);
    expect(await counts()).toEqual([1, 1, 1, 1, 1, 1]);
    for (const [model, id] of live) expect(await world.find(model, id), model).toBeDefined();
  });

  test('a batch is small: no table deletes more than it is allowed to', async () => {
    for (const model of Object.keys(swept)) await saveMany(model, 5);
    passSeconds(LIFE_SECONDS + KEEP_SECONDS + AHEAD_SECONDS + 1);
    const before = await counts();
    for (const table of tablesOf(world)) await table.sweep(nowSeconds() - KEEP_SECONDS, 2);
    const after = await counts();
    expect(before.map((count, index) => count - (after[index] ?? 0))).toEqual([2, 2, 2, 2, 2, 2]);
    await createSweeper().runOnce();
  });

  test('other writers get their turn between two batches', async () => {
    await saveMany('ReplayDetection', MANY);
    passSeconds(LIFE_SECONDS + KEEP_SECONDS + AHEAD_SECONDS + 1);
    let isSwept = false;
    const sweeping = createSweeper()
      .runOnce()
      .then(() => {
        isSwept = true;
      });
    let written = 0;
    while (!isSwept && written < 1000) {
      await saveMany('ReplayDetection', 1);
      written += 1;
    }
    await sweeping;
    expect(written).toBeGreaterThan(2);
  });

  test('two processes that sweep at once take nothing twice and nothing that lives', async () => {
    await saveMany('AccessToken', MANY);
    await saveMany('Session', MANY);
    passSeconds(LIFE_SECONDS + KEEP_SECONDS + AHEAD_SECONDS + 1);
    const [live] = await saveMany('AccessToken', 1);
    const other = createAdapterWorld(ground.open());
    await Promise.all([createSweeper().runOnce(), createSweeper(other).runOnce()]);
    expect(await countRows(world.database, 'sessions')).toBe(0);
    expect(await world.find('AccessToken', live ?? '')).toBeDefined();
  });

  test('what came to life again after the sweeper looked at it stays', async () => {
    const [id = ''] = await saveMany('Session', 1);
    const uid = (await world.find('Session', id))?.uid as string;
    passSeconds(LIFE_SECONDS + KEEP_SECONDS + AHEAD_SECONDS + 1);
    const { parts, database } = world;
    const expiresAt = nowSeconds() + LIFE_SECONDS;
    // The list of the sweep is read; before its deletes are committed the row gets a new life.
    const sweeping = parts.sessions.sweep(nowSeconds() - KEEP_SECONDS, 100);
    await database.transact(() =>
      parts.sessions.save(
        uid,
        { read: id, new: id },
        {
          ...{ accountId: ADA, expiresAt, payload: { uid }, amr: undefined, acr: undefined },
          ...{ authTime: undefined, address: undefined, program: undefined },
        },
      ),
    );
    await sweeping;
    expect(await world.find('Session', id)).toBeDefined();
  });

  test('a fault of one round is told and does not end the sweeping; stopping ends it', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    const told: unknown[] = [];
    const sweep = vi.fn(() => Promise.reject(new StorageFault('the disk is full')));
    const sweeper = createSweep({
      tables: [{ sweep }],
      keepSeconds: KEEP_SECONDS,
      onFault: (error) => told.push(error),
    });
    sweeper.start();
    await vi.advanceTimersByTimeAsync(60_000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toHaveLength(2);
    await sweeper.stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sweep).toHaveBeenCalledTimes(2);
  });
});
