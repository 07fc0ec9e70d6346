// Browser sessions at rest: one cookie id opens one, a retired id never again, and what has ended stays ended (ASVS 7.2.4, 7.4).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { sha256 } from '../../server/secrets.ts';
import { sql } from '../../server/storage/statement.ts';
import { createCodeText } from '../../server/storage/token-format.ts';
import { ADA, type AdapterWorld, createAdapterWorld, LIFE_SECONDS, payloadOf } from './adapters.ts';
import { createGround, dialects, type Place, registerPeople } from './ground.ts';

const GRACE = 'acct_grace';

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let world: AdapterWorld;

  beforeAll(async () => {
    ground = await createGround(dialect);
    world = createAdapterWorld(ground.open());
    await registerPeople(world.database, [ADA, GRACE]);
  });
  afterAll(() => ground.close());
  afterEach(() => {
    vi.useRealTimers();
  });

  const newId = () => createCodeText('session_');

  async function start(change = {}) {
    const id = newId();
    const payload = payloadOf('Session', id, change);
    await world.save('Session', id, payload);
    return { id, uid: payload.uid as string };
  }

  /** What a request does that reads the session and saves it, under the same id or a new one. */
  function visit(id: string, { as = id, change = {}, between = async () => {} } = {}): Promise<void> {
    return world.within('Session', async (adapter) => {
      const found = await adapter.find(id);
      await between();
      await adapter.upsert(as, { ...found, ...change, jti: as } as never, LIFE_SECONDS);
    });
  }

  function end(uid: string): Promise<void> {
    return world.database.transact(() => world.parts.sessions.end(ADA, uid));
  }

  test('S09: a new id retires the old one, and the session goes on', async () => {
    const { id, uid } = await start();
    const next = newId();
    await visit(id, { as: next, change: { state: 'kept' } });
    expect(await world.find('Session', id)).toBeUndefined();
    expect(await world.find('Session', next)).toMatchObject({
      uid,
      accountId: ADA,
      state: 'kept',
      jti: next,
    });
  });

  test('S09: a request that began under the old id does not bring it back, nor what it read', async () => {
    const { id } = await start({ accountId: undefined });
    const next = newId();
    await visit(id, { between: () => visit(id, { as: next, change: { accountId: ADA } }) });
    expect(await world.find('Session', id)).toBeUndefined();
    expect(await world.find('Session', next)).toMatchObject({ accountId: ADA });
  });

  test('of two that change the id of one session the second is a Conflict', async () => {
    const { id } = await start();
    const [mine, theirs] = [newId(), newId()];
    const late = visit(id, { as: theirs, between: () => visit(id, { as: mine }) });
    await expect(late).rejects.toMatchObject({ label: 'session' });
    expect(await world.find('Session', mine)).toBeDefined();
    expect(await world.find('Session', theirs)).toBeUndefined();
  });

  test('one request may change the id and save again', async () => {
    const { id } = await start();
    const next = newId();
    await world.within('Session', async (adapter) => {
      const found = await adapter.find(id);
      await adapter.upsert(next, { ...found, jti: next } as never, LIFE_SECONDS);
      await adapter.upsert(next, { ...found, jti: next, state: 'twice' } as never, LIFE_SECONDS);
    });
    expect(await world.find('Session', next)).toMatchObject({ state: 'twice' });
  });

  test('an ended session is not found, by id or by uid, and a save after the end does not bring it back', async () => {
    const { id, uid } = await start();
    await visit(id, { between: () => end(uid) });
    await world.save('Session', id, payloadOf('Session', id, { uid })).catch(() => undefined);
    expect(await world.find('Session', id)).toBeUndefined();
    expect(await world.within('Session', async (adapter) => adapter.findByUid(uid))).toBeUndefined();
  });

  test('nor does a new id: signing in on it is a Conflict', async () => {
    const { id, uid } = await start();
    const next = newId();
    await expect(visit(id, { as: next, between: () => end(uid) })).rejects.toMatchObject({
      label: 'session',
    });
    expect(await world.find('Session', next)).toBeUndefined();
  });

  test('nobody ends the session of another', async () => {
    const { id, uid } = await start();
    await world.database.transact(() => world.parts.sessions.end(GRACE, uid));
    expect(await world.find('Session', id)).toBeDefined();
  });

  test('ending all but one ends all but that one, and none of other people', async () => {
    const [kept, gone, hers] = [await start(), await start(), await start({ accountId: GRACE })];
    await world.database.transact(() => world.parts.sessions.endAllOf(ADA, kept.uid));
    expect((await world.parts.sessions.listOf(ADA)).map((one) => one.uid)).toEqual([kept.uid]);
    expect(await world.find('Session', gone.id)).toBeUndefined();
    expect(await world.find('Session', hers.id)).toBeDefined();
  });

  test('an expired session is not found, and not listed', async () => {
    const { id, uid } = await start();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + LIFE_SECONDS * 1000);
    expect(await world.find('Session', id)).toBeUndefined();
    expect((await world.parts.sessions.listOf(ADA)).map((one) => one.uid)).not.toContain(uid);
  });

  test('a list tells from where and with what; being seen is noted once a minute', async () => {
    const { uid } = await start();
    vi.useFakeTimers({ toFake: ['Date'] });
    const seen = async () => (await world.parts.sessions.listOf(ADA)).find((one) => one.uid === uid);
    const touch = () => world.database.transact(() => world.parts.sessions.touch(uid));
    const before = await seen();
    expect(before).toMatchObject({ address: '192.0.2.7', program: 'Ada at the loom' });
    vi.setSystemTime(Date.now() + 30_000);
    await touch();
    expect((await seen())?.lastSeenAt).toBe(before?.lastSeenAt);
    vi.setSystemTime(Date.now() + 60_000);
    await touch();
    expect((await seen())?.lastSeenAt).toBeGreaterThan(before?.lastSeenAt ?? 0);
  });

  test('the cookie is stored as SHA-256 alone', async () => {
    const { id, uid } = await start();
    const row = await world.database.find<{ id_hash: Buffer }>(
      sql`SELECT id_hash FROM sessions WHERE uid = ${uid}`,
    );
    expect(row?.id_hash).toEqual(sha256(id));
  });
});
