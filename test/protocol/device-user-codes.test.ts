// User codes that meet another one (RFC 8628 section 6.1): each live code has its own, and the answer tells the one that is stored.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPassing } from '../../server/storage/faults.ts';
import { createCodeText } from '../../server/storage/token-format.ts';
import { type AdapterWorld, createAdapterWorld, payloadOf } from '../storage/adapters.ts';
import { createGround, dialects, type Place } from '../storage/ground.ts';

const TAKEN = 'BCDFGHJK';
const FREE = 'LMNPQRST';

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let world: AdapterWorld;
  beforeAll(async () => {
    ground = await createGround(dialect);
    world = createAdapterWorld(ground.open());
  });
  afterAll(() => ground.close());

  async function save(userCode: string): Promise<Buffer | undefined> {
    const id = createCodeText('lkd_');
    await world.save('DeviceCode', id, payloadOf('DeviceCode', id, { userCode }));
    return (await world.parts.deviceCodes.find(id))?.idHash;
  }

  test('D06: a user code that somebody has is not given again: the second device gets another', async () => {
    const first = await save(TAKEN);
    const second = await save(TAKEN);
    expect(second).toBeDefined();
    expect(second).not.toEqual(first);
    expect((await world.parts.deviceCodes.findByUserCode(TAKEN))?.idHash).toEqual(first);
  });

  test('D06: of two processes that draw the same one at the same moment one may ask again; neither is mistaken for the other', async () => {
    const elsewhere = createAdapterWorld(ground.open());
    const register = ({ parts, database }: AdapterWorld, id: string) =>
      database.transact(() =>
        parts.deviceCodes.register(
          id,
          {
            ...{
              clientId: 'tv',
              userCode: FREE,
              payload: {},
              address: undefined,
              network: '',
              program: undefined,
            },
            ...{ intervalSeconds: 5, expiresAt: Math.floor(Date.now() / 1000) + 600 },
          },
          { all: 100, network: 25 },
        ),
      );
    const results = await Promise.allSettled([register(world, 'lkd_a'), register(elsewhere, 'lkd_b')]);
    const lost = results.filter((result) => result.status === 'rejected');
    expect(lost).toHaveLength(1);
    expect(lost.map(({ reason }) => isPassing(reason))).toEqual([true]);
  });
});
