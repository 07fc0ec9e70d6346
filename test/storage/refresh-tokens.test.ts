// Refresh tokens that are safe to retry (RFC 9700 section 4.14.2): the window, the successor, the family, and the clock.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import {
  createRefreshTokenText,
  deriveSuccessor,
  parseRefreshToken,
} from '../../server/storage/token-format.ts';
import {
  ADA,
  type AdapterWorld,
  createAdapterWorld,
  LIFE_SECONDS,
  payloadOf,
  WINDOW_SECONDS,
} from './adapters.ts';
import { createGround, dialects, type Place, registerPeople } from './ground.ts';

const refreshKey = Buffer.alloc(32, 3);

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let world: AdapterWorld;

  beforeAll(async () => {
    ground = await createGround(dialect);
    world = createAdapterWorld(ground.open());
    await registerPeople(world.database, [ADA]);
  });
  afterAll(() => ground.close());
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function pass(seconds: number): void {
    vi.setSystemTime(Date.now() + seconds * 1000);
  }

  async function start(): Promise<string> {
    const id = createRefreshTokenText();
    await world.save('RefreshToken', id, payloadOf('RefreshToken', id));
    return id;
  }

  /** What a refresh does to storage: consume the one, store the other, in one unit. */
  async function rotate(id: string): Promise<string> {
    const successor = deriveSuccessor(id, refreshKey);
    await world.within('RefreshToken', async (adapter) => {
      await adapter.consume(id);
      await adapter.upsert(successor, payloadOf('RefreshToken', successor), LIFE_SECONDS);
    });
    return successor;
  }

  async function isSpent(id: string): Promise<boolean> {
    const found = await world.find('RefreshToken', id);
    return found === undefined || found.consumed !== undefined;
  }

  test('R04: within the window, and while the successor is unused, a spent token looks unspent and gives the same', async () => {
    const first = await start();
    const second = await rotate(first);
    pass(WINDOW_SECONDS - 1);
    expect(await isSpent(first)).toBe(false);
    expect(await rotate(first)).toBe(second);
    expect(await isSpent(second)).toBe(false);
  });

  test('R02: when the window is over it is spent, to the second, and nobody can consume it', async () => {
    const first = await start();
    await rotate(first);
    pass(WINDOW_SECONDS);
    expect(await isSpent(first)).toBe(true);
    await expect(rotate(first)).rejects.toMatchObject({ label: 'refresh_token' });
  });

  test('a retry does not open the window anew', async () => {
    const first = await start();
    await rotate(first);
    for (let second = 1; second < WINDOW_SECONDS; second += 1) {
      pass(1);
      await rotate(first);
    }
    pass(1);
    expect(await isSpent(first)).toBe(true);
    await expect(rotate(first)).rejects.toMatchObject({ label: 'refresh_token' });
  });

  test('R05: once the successor is used it is spent, in the same second too', async () => {
    const first = await start();
    await rotate(await rotate(first));
    expect(await isSpent(first)).toBe(true);
    await expect(rotate(first)).rejects.toMatchObject({ label: 'refresh_token' });
  });

  test('R06: a new process does not open the window of an old token again', async () => {
    const first = await start();
    await rotate(first);
    pass(WINDOW_SECONDS + 1);
    const next = createAdapterWorld(ground.open());
    expect(await next.find('RefreshToken', first)).toHaveProperty('consumed');
    await expect(next.consume('RefreshToken', first)).rejects.toMatchObject({ label: 'refresh_token' });
  });

  test('a clock that is set back loses nobody their session, and brings no used token back', async () => {
    const [lost, used] = [await start(), await start()];
    const successor = await rotate(lost);
    await rotate(await rotate(used));
    pass(-3600);
    expect(await rotate(lost)).toBe(successor);
    expect(await isSpent(used)).toBe(true);
    await expect(rotate(used)).rejects.toMatchObject({ label: 'refresh_token' });
  });

  test('a clock that is set forward ends the window, and no more than it', async () => {
    const first = await start();
    const second = await rotate(first);
    pass(3600);
    expect(await isSpent(first)).toBe(true);
    expect(await isSpent(second)).toBe(false);
  });

  test('a successor that somebody made with another key counts as used as well', async () => {
    const first = await start();
    await rotate(first);
    const foreign = deriveSuccessor(first, Buffer.alloc(32, 4));
    await world.save('RefreshToken', foreign, payloadOf('RefreshToken', foreign));
    await world.consume('RefreshToken', foreign);
    expect(await isSpent(first)).toBe(true);
    await expect(rotate(first)).rejects.toMatchObject({ label: 'refresh_token' });
  });

  test('R02: destroying one kills every token of its family, spent or not, and none of another', async () => {
    const [first, other] = [await start(), await start()];
    const second = await rotate(first);
    const third = await rotate(second);
    await world.destroy('RefreshToken', first);
    for (const id of [first, second, third]) {
      expect(await world.find('RefreshToken', id)).toBeUndefined();
      await expect(world.consume('RefreshToken', id)).rejects.toMatchObject({ label: 'refresh_token' });
    }
    expect(await isSpent(other)).toBe(false);
  });

  test('storing a successor once more neither revives a dead one nor unspends a spent one', async () => {
    const first = await start();
    const second = await rotate(first);
    await world.consume('RefreshToken', second);
    await world.destroy('RefreshToken', second);
    await world.save('RefreshToken', second, payloadOf('RefreshToken', second));
    const { family = 0 } = parseRefreshToken(second) ?? {};
    const rows = await world.database.list<{ consumed_at: number; revoked_at: number }>(
      sql`SELECT consumed_at, revoked_at FROM refresh_tokens WHERE family = ${family} LIMIT 10`,
    );
    expect(rows).toHaveLength(2);
    for (const row of rows)
      expect(row).toEqual({ consumed_at: expect.any(Number), revoked_at: expect.any(Number) });
  });

  test('a token with a right place and a wrong secret is nobody: not found, not consumed, nothing revoked', async () => {
    const first = await start();
    const forged = `${first.slice(0, -4)}AAAA`;
    expect(await world.find('RefreshToken', forged)).toBeUndefined();
    await expect(world.consume('RefreshToken', forged)).rejects.toMatchObject({ label: 'refresh_token' });
    expect(await isSpent(first)).toBe(false);
  });
});
