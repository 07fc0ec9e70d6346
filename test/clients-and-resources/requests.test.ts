// Ids that nobody knows and that came asking: the list is bounded, and a flood hides nobody who asks again (row D02).
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createRequestStore } from '../../server/clients/request-store.ts';
import { createClientRequests } from '../../server/clients/requests.ts';
import type { Database } from '../../server/storage/database.ts';
import { StorageFault } from '../../server/storage/faults.ts';
import { createGround, dialects, type Place } from '../storage/ground.ts';

const MOST = 5;

afterEach(() => {
  vi.useRealTimers();
});

/** Nobody waits for the second in which they are noted together. */
function createRequests(database: Database) {
  const faults: unknown[] = [];
  return { faults, ...createClientRequests({ database, onFault: (error) => faults.push(error) }) };
}

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let database: Database;
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-03-01T12:00:00Z') });
    ground = await createGround(dialect);
    database = ground.open();
  });
  afterEach(() => ground.close());

  function later(seconds: number): void {
    vi.setSystemTime(Date.now() + seconds * 1000);
  }

  async function note(from: Database, ...ids: string[]): Promise<void> {
    const counts = new Map(ids.map((id) => [id, 1]));
    await from.transact(() => createRequestStore(from).note(counts, MOST));
  }

  async function listIds(): Promise<string[]> {
    return (await createRequestStore(database).list(100)).map(({ id }) => id);
  }

  test('D02: where the list is full, the id that has not asked for longest gives way', async () => {
    for (const id of ['a', 'b', 'c', 'd', 'e']) {
      await note(database, id);
      later(1);
    }
    await note(database, 'a');
    later(1);
    await note(database, 'new');
    expect(await listIds()).toEqual(['new', 'a', 'e', 'd', 'c']);
  });

  test('D02: of those that asked last in the same second the one that asked least gives way', async () => {
    await note(database, 'rare', 'often');
    await note(database, 'often');
    later(1);
    await note(database, 'f', 'g', 'h', 'i');
    expect(await listIds()).toEqual(['f', 'g', 'h', 'i', 'often']);
  });

  test('D02: what two processes note at once is counted once each, and stays within the bound', async () => {
    const elsewhere = ground.open();
    const both = (round: number) =>
      Promise.all([
        note(database, 'cli', `one-${round}`, `two-${round}`),
        note(elsewhere, 'cli', `three-${round}`, `four-${round}`),
      ]);
    for (let round = 0; round < 20; round += 1) {
      await both(round);
      later(1);
    }
    await note(database, 'cli');
    const list = await createRequestStore(database).list(100);
    expect(list.length).toBeLessThanOrEqual(MOST);
    expect(list[0]).toMatchObject({ id: 'cli', count: 41 });
  });

  test('D02: a flood of ids within a second costs one write of a hundred, the latest; who asks on and on is among them', async () => {
    const { note: noteOne, flush, list } = createRequests(database);
    for (let count = 0; count < 5000; count += 1) {
      noteOne(`flood-${count}`);
      if (count % 50 === 0) noteOne('cli');
    }
    await flush();
    const found = await list(1000);
    expect(found).toHaveLength(100);
    expect(found.map(({ id }) => id)).toContain('flood-4999');
    expect(found.find(({ id }) => id === 'cli')).toMatchObject({ count: 100 });
  });

  test('D02: what can be no id is not kept', async () => {
    const { note: noteOne, flush, list } = createRequests(database);
    for (const id of ['two words', 'ä', '', 'x'.repeat(256), 'nul\0']) noteOne(id);
    noteOne('x'.repeat(255));
    await flush();
    expect((await list(10)).map(({ id }) => id)).toEqual(['x'.repeat(255)]);
  });
});

test('D02: a store that cannot write loses what waits, and whoever asked is not told', async () => {
  const fault = new StorageFault('full');
  const database = { transact: () => Promise.reject(fault) } as unknown as Database;
  const { note, flush, faults } = createRequests(database);
  note('cli');
  await flush();
  await flush();
  expect(faults).toEqual([fault]);
});
