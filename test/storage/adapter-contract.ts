// What the engine needs of storage, model by model: one suite for every database. The races are in adapter-races.ts.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { Conflict } from '../../server/storage/faults.ts';
import { ADA, type AdapterWorld, createAdapterWorld, LIFE_SECONDS, payloadOf, samples } from './adapters.ts';
import { createGround, type Dialect, type Place, registerPeople } from './ground.ts';

const models = Object.keys(samples);
const consumable = ['AuthorizationCode', 'RefreshToken', 'PushedAuthorizationRequest'];
const versioned = ['Interaction', 'AuthorizationCode', 'PushedAuthorizationRequest'];

function newId(model: string): string {
  return samples[model]?.() ?? expect.fail(`no sample of ${model}`);
}

export function describeAdapterContract(dialect: Dialect): void {
  describe(`the engine's storage on ${dialect}`, () => {
    let ground: Place;
    let world: AdapterWorld;

    beforeAll(async () => {
      ground = await createGround(dialect);
      world = createAdapterWorld(ground.open());
      await registerPeople(world.database, [ADA]);
    });
    afterAll(() => ground.close());
    afterEach(() => {
      vi.useRealTimers();
    });

    async function saveOne(model: string, change = {}) {
      const id = newId(model);
      const payload = payloadOf(model, id, change);
      await world.save(model, id, payload);
      return { id, payload };
    }

    function passSeconds(seconds: number): void {
      const at = (nowSeconds() + seconds) * 1000;
      vi.useFakeTimers({ toFake: ['Date'] });
      vi.setSystemTime(at);
    }

    describe.each(models)('%s', (model) => {
      test('is found as it was saved, under its id', async () => {
        const { id, payload } = await saveOne(model);
        const found = await world.find(model, id);
        const { session, ...rest } = payload as Record<string, unknown>;
        expect(found).toMatchObject(model === 'ReplayDetection' ? { jti: id } : rest);
        expect(found).not.toHaveProperty('consumed');
      });

      test('is unknown under any other id: one more, one less, another letter, nothing', async () => {
        const { id } = await saveOne(model);
        const others = [`${id}x`, id.slice(0, -1), `${id.slice(0, -1)}${id.endsWith('A') ? 'Q' : 'A'}`, ''];
        for (const other of [...others, newId(model), "' OR 1=1 --", '\u0000', '🧵']) {
          expect(await world.find(model, other), other).toBeUndefined();
        }
      });

      test('security.md 3.1: its id is never found as an id of another model', async () => {
        const { id } = await saveOne(model);
        for (const other of [...models, 'DeviceCode'].filter((one) => one !== model)) {
          expect(await world.find(other, id), other).toBeUndefined();
        }
      });
    });

    test('security.md 3.1: consuming, destroying or saving an id as another model leaves it alone', async () => {
      const { id } = await saveOne('AuthorizationCode');
      await expect(world.consume('PushedAuthorizationRequest', id)).rejects.toThrow(Conflict);
      await expect(world.destroy('Interaction', id)).rejects.toThrow(Conflict);
      await world.save('Interaction', id, payloadOf('Interaction', id));
      await world.database.transact(() => world.parts.replays.register(id, nowSeconds() + 60));
      const code = await world.find('AuthorizationCode', id);
      expect(code).toMatchObject({ kind: 'AuthorizationCode', codeChallenge: 'a-challenge' });
      expect(code).not.toHaveProperty('consumed');
    });

    test.each(consumable)(
      '%s: once consumed it is found, with when; saved again it stays consumed',
      async (model) => {
        // Only a refresh token has a window in which a retry is not a replay.
        const strict = createAdapterWorld(world.database, { retryWindowSeconds: 0 });
        const { id, payload } = await saveOne(model);
        await strict.consume(model, id);
        const at = (await strict.find(model, id))?.consumed;
        expect(at).toBeTypeOf('number');
        await strict.within(model, async (adapter) => {
          const found = await adapter.find(id);
          await adapter.upsert(id, { ...payload, ...found, consumed: undefined } as never, LIFE_SECONDS);
        });
        expect((await strict.find(model, id))?.consumed).toBe(at);
      },
    );

    test.each([...consumable, 'Grant'])(
      '%s: expired it is still found, for the engine to say what it is',
      async (model) => {
        const { id } = await saveOne(model);
        passSeconds(LIFE_SECONDS + 1);
        expect(await world.find(model, id)).toMatchObject({ jti: id });
      },
    );

    test('a consumed code is still known as one after it expired: a late replay is a replay', async () => {
      const { id } = await saveOne('AuthorizationCode');
      await world.consume('AuthorizationCode', id);
      passSeconds(LIFE_SECONDS * 2);
      expect(await world.find('AuthorizationCode', id)).toHaveProperty('consumed');
    });

    test.each(versioned)('%s: of two that read it and save it, the second is a Conflict', async (model) => {
      const { id, payload } = await saveOne(model);
      const { promise: bothRead, resolve: haveBothRead } = Promise.withResolvers<void>();
      let readers = 0;
      const attempts = ['Ada', 'Grace'].map((by) =>
        world.within(model, async (adapter) => {
          await adapter.find(id);
          readers += 1;
          if (readers === 2) haveBothRead();
          await bothRead;
          await adapter.upsert(id, { ...payload, by }, LIFE_SECONDS);
        }),
      );
      const ends = await Promise.allSettled(attempts);
      const winner = ['Ada', 'Grace'][ends.findIndex((end) => end.status === 'fulfilled')];
      expect(ends.map((end) => end.status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(await world.find(model, id)).toMatchObject({ by: winner });
    });

    test.each(versioned)('%s: a save that read nothing is a new one; the id is taken once', async (model) => {
      const { id, payload } = await saveOne(model);
      await expect(world.save(model, id, { ...payload, by: 'Mallory' })).rejects.toThrow(Conflict);
      expect(await world.find(model, id)).not.toHaveProperty('by');
    });

    test('one unit may read an interaction, save it twice and read what it holds', async () => {
      const { id, payload } = await saveOne('Interaction');
      await world.within('Interaction', async (adapter) => {
        await adapter.find(id);
        await adapter.upsert(id, { ...payload, step: 1 }, LIFE_SECONDS);
        await adapter.upsert(id, { ...payload, step: 2 }, LIFE_SECONDS);
      });
      expect(await world.find('Interaction', id)).toMatchObject({ step: 2 });
    });

    test('an interaction keeps no cookie of a session', async () => {
      const { id } = await saveOne('Interaction');
      expect((await world.find('Interaction', id))?.session).toEqual({ accountId: ADA, uid: 'a-uid' });
    });

    test('J06: an id of an assertion is taken once, and still taken after it expired', async () => {
      const { id, payload } = await saveOne('ReplayDetection');
      await expect(world.save('ReplayDetection', id, payload)).rejects.toMatchObject({ label: 'replay' });
      passSeconds(LIFE_SECONDS * 2);
      await expect(world.save('ReplayDetection', id, payload)).rejects.toMatchObject({ label: 'replay' });
      expect(await world.find('ReplayDetection', id)).toBeDefined();
    });

    test.each(['AuthorizationCode', 'Interaction', 'PushedAuthorizationRequest'])(
      '%s: destroyed it is gone, once',
      async (model) => {
        const { id } = await saveOne(model);
        await world.destroy(model, id);
        expect(await world.find(model, id)).toBeUndefined();
        await expect(world.destroy(model, id)).rejects.toThrow(Conflict);
      },
    );

    test.each(['AccessToken', 'ClientCredentials', 'RefreshToken'])(
      '%s: destroyed it is not found, and does not come back by a save',
      async (model) => {
        const { id, payload } = await saveOne(model);
        await world.destroy(model, id);
        expect(await world.find(model, id)).toBeUndefined();
        await world
          .save(model, id, payload)
          .catch((error: unknown) => expect(error).toBeInstanceOf(Conflict));
        expect(await world.find(model, id)).toBeUndefined();
      },
    );

    test('V03: revoking by grant ends the grant, with who and why in the audit log, and no other grant', async () => {
      const [first, second] = [await saveOne('Grant'), await saveOne('Grant')];
      await world.within('AccessToken', async (adapter) => adapter.revokeByGrantId(first.id));
      expect(await world.find('Grant', first.id)).toBeUndefined();
      expect(await world.find('Grant', second.id)).toBeDefined();
      const [event] = await world.parts.audit.list({ type: 'grant.revoked', limit: 1 });
      expect(event).toMatchObject({ grantId: first.id, actor: 'system', reason: 'signed_out' });
    });

    test('a grant is found by the request that made it, before it is stored, and by nobody else', async () => {
      const id = newId('Grant');
      await world.within('Grant', async (adapter) => {
        await adapter.upsert(id, payloadOf('Grant', id), LIFE_SECONDS);
        expect(await adapter.find(id)).toMatchObject({ accountId: ADA });
        expect(await world.find('Grant', id)).toBeUndefined();
      });
      expect(await world.find('Grant', id)).toMatchObject({ accountId: ADA });
    });

    test('a session is found by its uid too, with the id of its cookie', async () => {
      const { id, payload } = await saveOne('Session');
      const found = await world.within('Session', async (adapter) =>
        adapter.findByUid(payload.uid as string),
      );
      expect(found).toMatchObject({ jti: id, accountId: ADA });
    });

    test('a model that is not stored is not found, and what the engine never calls is a bug and no silence', async () => {
      await expect(world.destroy('ReplayDetection', 'x')).rejects.toThrow('the engine does not call this');
      await expect(world.save('AccessToken', 'not-ours', payloadOf('AccessToken', 'x'))).rejects.toThrow(
        'not ours',
      );
      await expect(world.save('RefreshToken', 'not-ours', payloadOf('RefreshToken', 'x'))).rejects.toThrow();
    });
  });
}
