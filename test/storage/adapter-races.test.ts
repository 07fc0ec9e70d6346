// The contract under concurrency: fifty at once, in one process and from two openings of one database. One wins.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resourceServer } from '../../server/clients/ready-made.ts';
import { nowSeconds } from '../../server/clock.ts';
import { sql } from '../../server/storage/statement.ts';
import { deriveSuccessor, parseRefreshToken } from '../../server/storage/token-format.ts';
import { ADA, type AdapterWorld, createAdapterWorld, LIFE_SECONDS, payloadOf, samples } from './adapters.ts';
import { createGround, dialects, type Place, registerPeople, tally } from './ground.ts';

const MANY = 50;
const refreshKey = Buffer.alloc(32, 3);

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let here: AdapterWorld;
  let there: AdapterWorld;

  beforeAll(async () => {
    ground = await createGround(dialect);
    here = createAdapterWorld(ground.open(), { retryWindowSeconds: 0 });
    there = createAdapterWorld(ground.open(), { retryWindowSeconds: 0 });
    await registerPeople(here.database, [ADA]);
  });
  afterAll(() => ground.close());

  /** Fifty acts at once: all here, or every second one there. */
  function race(place: string, act: (world: AdapterWorld, number: number) => Promise<unknown>) {
    const worlds = place === 'two processes' ? [here, there] : [here];
    return tally(
      Array.from({ length: MANY }, (_, number) => act(worlds[number % worlds.length] ?? here, number)),
    );
  }

  async function saveOne(model: string): Promise<string> {
    const id = samples[model]?.() ?? '';
    await here.save(model, id, payloadOf(model, id));
    return id;
  }

  describe.each(['one process', 'two processes'])('from %s', (place) => {
    test('T14 H1: of fifty that consume one code exactly one wins', async () => {
      const id = await saveOne('AuthorizationCode');
      const ends = await race(place, (world) => world.consume('AuthorizationCode', id));
      expect(ends).toEqual({ won: 1, AuthorizationCode: MANY - 1 });
    });

    test('R03 H1: of fifty that consume one refresh token exactly one wins where no retry is allowed', async () => {
      const id = await saveOne('RefreshToken');
      const ends = await race(place, (world) => world.consume('RefreshToken', id));
      expect(ends).toEqual({ won: 1, refresh_token: MANY - 1 });
    });

    test('R03: where it is, fifty retries make one successor, stored once', async () => {
      const id = await saveOne('RefreshToken');
      const successor = deriveSuccessor(id, refreshKey);
      const ends = await race(place, async ({ database }) => {
        const world = createAdapterWorld(database);
        await world.within('RefreshToken', async (adapter) => {
          await adapter.consume(id);
          await adapter.upsert(successor, payloadOf('RefreshToken', successor), LIFE_SECONDS);
        });
      });
      expect(ends).toEqual({ won: MANY });
      const family = parseRefreshToken(id)?.family ?? 0;
      const rows = await here.database.list(
        sql`SELECT generation FROM refresh_tokens WHERE family = ${family} ORDER BY generation LIMIT 10`,
      );
      expect(rows).toEqual([{ generation: 0 }, { generation: 1 }]);
    });

    test('J06: of fifty that present one assertion exactly one is first', async () => {
      const id = samples.ReplayDetection?.() ?? '';
      const ends = await race(place, (world) =>
        world.save('ReplayDetection', id, payloadOf('ReplayDetection', id)),
      );
      expect(ends).toEqual({ won: 1, replay: MANY - 1 });
    });

    test('of fifty that read an interaction and save it exactly one is kept', async () => {
      const id = await saveOne('Interaction');
      const { promise: everybodyRead, resolve } = Promise.withResolvers<void>();
      let readers = 0;
      const ends = await race(place, (world, number) =>
        world.within('Interaction', async (adapter) => {
          const found = await adapter.find(id);
          readers += 1;
          if (readers === MANY) resolve();
          await everybodyRead;
          await adapter.upsert(id, { ...found, by: number }, LIFE_SECONDS);
        }),
      );
      expect(ends).toEqual({ won: 1, Interaction: MANY - 1 });
    });

    test('T15: of fifty wrong guesses at a code each is counted, and the fifth burns it', async () => {
      const id = await saveOne('AuthorizationCode');
      await race(place, ({ database, parts }) =>
        database.transact(() =>
          parts.artifacts.recordFailure('AuthorizationCode', id, { at: nowSeconds(), most: 5 }),
        ),
      );
      await expect(here.consume('AuthorizationCode', id)).rejects.toMatchObject({
        label: 'AuthorizationCode',
      });
      const counted = sql`SELECT failures FROM artifacts WHERE model = 'AuthorizationCode' AND failures = ${MANY}`;
      expect(await here.database.find(counted)).toEqual({ failures: MANY });
    });

    test('of fifty that register a client under one id exactly one does', async () => {
      const id = `client-of-${place.replace(' ', '-')}`;
      const ends = await race(place, (world) =>
        world.parts.clients
          .register(resourceServer('Looms', 'client_secret_basic', {}), { id })
          .catch((error: Error) => Promise.reject(Object.assign(error, { label: error.message }))),
      );
      expect(ends).toEqual({ won: 1, already_exists: MANY - 1 });
    });

    test('R07: once a revocation is committed nobody consumes the refresh token any more', async () => {
      const id = await saveOne('RefreshToken');
      let isRevoked = false;
      await race(place, async (world, number) => {
        if (number === MANY / 2) {
          await world.destroy('RefreshToken', id);
          isRevoked = true;
          return;
        }
        const wasRevoked = isRevoked;
        const isWon = await world.consume('RefreshToken', id).then(
          () => true,
          () => false,
        );
        expect(isWon && wasRevoked).toBe(false);
      });
      await expect(here.consume('RefreshToken', id)).rejects.toMatchObject({ label: 'refresh_token' });
    });
  });
});
