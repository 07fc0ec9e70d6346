// Much that is spent at once (row F20): small batches, whatever their number; others are served in between, and it ends empty.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import type { Database } from '../../server/storage/database.ts';
import { createSweep } from '../../server/storage/sweep.ts';
import { ADA, type AdapterWorld, createAdapterWorld, LIFE_SECONDS, payloadOf, samples } from './adapters.ts';
import { countRows, createGround, dialects, type Place, registerPeople } from './ground.ts';

const ROWS = 4000;
const BATCH = 100;
const KEEP_SECONDS = 86_400;
const LONG_AGO = 1000;

const ignore = () => undefined;

function tablesOf({ parts }: AdapterWorld) {
  return [parts.tokens, parts.artifacts, parts.replays, parts.sessions, parts.grants, parts.deviceCodes];
}

/** Refresh tokens that expired long ago, more than anybody would make one by one. */
async function plantSpent(database: Database): Promise<void> {
  const [numbers, hash] =
    database.dialect === 'postgres'
      ? [`generate_series(1, ${ROWS}) AS n(i)`, `sha256(('spent ' || i)::bytea)`]
      : [
          `(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS}) SELECT i FROM n)`,
          'randomblob(32)',
        ];
  await database.transact(() =>
    database.write({
      sql: `INSERT INTO refresh_tokens (family, generation, secret_hash, client_id, scope, issued_at, expires_at, payload, payload_version)
        SELECT i, 0, ${hash}, 'app', 'openid', ${LONG_AGO}, ${LONG_AGO}, '{}', 1 FROM ${numbers}`,
      bindings: [],
    }),
  );
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

  async function saveLive(): Promise<string> {
    const id = samples.RefreshToken?.() ?? '';
    await world.save('RefreshToken', id, payloadOf('RefreshToken', id));
    return id;
  }

  test('F20: two processes sweep thousands of rows by the hundred, others write and read in between, the living stay', async () => {
    await plantSpent(world.database);
    const lives = [await saveLive()];
    const batches: number[] = [];
    const other = createAdapterWorld(ground.open());
    const sweeping = [world, other].map((one) => {
      const { tokens } = one.parts;
      const sweep = async (before: number, limit: number) => {
        const count = await tokens.sweep(before, limit);
        batches.push(count);
        return count;
      };
      return createSweep({ tables: [{ sweep }], keepSeconds: KEEP_SECONDS, onFault: ignore }).runOnce();
    });
    let isSwept = false;
    const swept = Promise.all(sweeping).then(() => {
      isSwept = true;
    });
    const seen: number[] = [];
    while (!isSwept) {
      lives.push(await saveLive());
      seen.push(await countRows(world.database, 'refresh_tokens'));
    }
    await swept;
    expect(Math.max(...batches)).toBe(BATCH);
    expect(batches.length).toBeGreaterThanOrEqual(ROWS / BATCH);
    // Whoever came in the middle was served in the middle.
    expect(new Set(seen).size).toBeGreaterThan(5);
    expect(await countRows(world.database, 'refresh_tokens')).toBe(lives.length);
    for (const id of lives) expect(await world.find('RefreshToken', id)).toBeDefined();
  });
});

test('F20: a batch costs the same in a table of any size: no sweep reads a table from its beginning to its end', async () => {
  const ground = await createGround('sqlite');
  const world = createAdapterWorld(ground.open());
  const { database } = world;
  await registerPeople(database, [ADA]);
  for (const model of Object.keys(samples)) {
    const id = samples[model]?.() ?? '';
    await world.save(model, id, payloadOf(model, id));
  }
  const reads = vi.spyOn(database, 'list').mock;
  const writes = vi.spyOn(database, 'write').mock;
  const later = nowSeconds() + 100 * (LIFE_SECONDS + KEEP_SECONDS);
  for (const table of tablesOf(world)) await table.sweep(later, BATCH);
  const asked = [...reads.calls, ...writes.calls].map(([query]) => query as { sql: string; bindings: [] });
  vi.restoreAllMocks();
  expect(asked.length).toBeGreaterThan(2 * tablesOf(world).length);
  for (const { sql, bindings } of asked) {
    const plan = await database.list<{ detail: string }>({ sql: `EXPLAIN QUERY PLAN ${sql}`, bindings });
    for (const { detail } of plan) expect(`${sql}: ${detail}`).not.toMatch(/: SCAN (?!.*USING)/);
  }
  await ground.close();
});
