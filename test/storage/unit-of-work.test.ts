// The unit of work on both databases: all of it or nothing of it, in the order of commits, and each unit for itself.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../server/storage/database.ts';
import { Conflict } from '../../server/storage/faults.ts';
import { insert, sql } from '../../server/storage/statement.ts';
import { createGround, dialects, type Place, tally } from './ground.ts';

describe.each(dialects)('a unit of work on %s', (dialect) => {
  let ground: Place;
  let database: Database;
  let counter = 0;

  beforeAll(async () => {
    ground = await createGround(dialect);
    database = ground.open();
  });
  afterAll(() => ground.close());

  function name(): string {
    counter += 1;
    return `name-${counter}`;
  }

  function put(key: string, value = 'one'): void {
    database.write(insert('deployment', { name: key, value }), { conflict: 'name' });
  }

  async function findValue(key: string): Promise<string | undefined> {
    const row = await database.find<{ value: string }>(sql`SELECT value FROM deployment WHERE name = ${key}`);
    return row?.value;
  }

  async function failureOf(act: () => Promise<unknown>): Promise<Error> {
    return act().then(
      () => expect.fail('it should have failed'),
      (error: unknown) => error as Error,
    );
  }

  test('stores all of its writes, and answers what the act answers', async () => {
    const [first, second] = [name(), name()];
    const answer = await database.transact(() => {
      put(first);
      put(second, 'two');
      return 'done';
    });
    expect([answer, await findValue(first), await findValue(second)]).toEqual(['done', 'one', 'two']);
  });

  test('stores nothing when the act throws, and lets the error out as it is', async () => {
    const key = name();
    const bug = new Error('Ada changed her mind');
    const error = await failureOf(() =>
      database.transact(() => {
        put(key);
        throw bug;
      }),
    );
    expect(error).toBe(bug);
    expect(await findValue(key)).toBeUndefined();
  });

  test('stores nothing of it when a unique key is taken: a Conflict with the label of that write', async () => {
    const [taken, before, after] = [name(), name(), name()];
    await database.transact(() => put(taken));
    const error = await failureOf(() =>
      database.transact(() => {
        put(before);
        put(taken, 'two');
        put(after);
      }),
    );
    expect(error).toBeInstanceOf(Conflict);
    expect((error as Conflict).label).toBe('name');
    expect(await Promise.all([taken, before, after].map(findValue))).toEqual(['one', undefined, undefined]);
  });

  test('stores nothing of it when fewer or more rows change than the write expects', async () => {
    const [one, two] = [name(), name()];
    await database.transact(() => {
      put(one, 'same');
      put(two, 'same');
    });
    const update = sql`UPDATE deployment SET value = 'new' WHERE value = 'same'`;
    const options = { expects: 1, conflict: 'compare-and-set' };
    const tooMany = await failureOf(() => database.transact(() => database.write(update, options)));
    const missing = sql`UPDATE deployment SET value = 'new' WHERE name = 'nobody'`;
    const tooFew = await failureOf(() => database.transact(() => database.write(missing, options)));
    expect([tooMany, tooFew].map((error) => (error as Conflict).label)).toEqual(
      Array(2).fill(options.conflict),
    );
    expect([await findValue(one), await findValue(two)]).toEqual(['same', 'same']);
  });

  test('a write that is a bug fails its unit as what it is: neither a Conflict nor a fault of storage', async () => {
    const key = name();
    const error = await failureOf(() =>
      database.transact(() => {
        put(key);
        database.write(sql`UPDATE no_such_table SET value = 1`);
      }),
    );
    expect(error.name).not.toMatch(/Conflict|StorageFault/);
    expect(error.message).toContain('no_such_table');
    expect(await findValue(key)).toBeUndefined();
  });

  test('T23: units that are committed together do not take each other down: one fails, the others are stored', async () => {
    const keys = Array.from({ length: 20 }, name);
    await database.transact(() => put(keys[7] ?? ''));
    const ends = await tally(keys.map((key) => database.transact(() => put(key, 'late'))));
    expect(ends).toEqual({ won: 19, name: 1 });
    const values = await Promise.all(keys.map(findValue));
    expect(values).toEqual(keys.map((_, index) => (index === 7 ? 'one' : 'late')));
  });

  test('a unit inside another is a unit of its own: it stays when the outer one fails', async () => {
    const [outer, inner] = [name(), name()];
    await failureOf(() =>
      database.transact(async () => {
        put(outer);
        await database.transact(() => put(inner));
        throw new Error('the outer one fails');
      }),
    );
    expect([await findValue(outer), await findValue(inner)]).toEqual([undefined, 'one']);
  });

  test('and the outer one goes on when the inner one fails', async () => {
    const [outer, inner] = [name(), name()];
    await database.transact(() => put(inner));
    await database.transact(async () => {
      put(outer);
      await failureOf(() => database.transact(() => put(inner, 'two')));
    });
    expect([await findValue(outer), await findValue(inner)]).toEqual(['one', 'one']);
  });

  test('what is written and never committed is forgotten', async () => {
    const [first, second] = [name(), name()];
    await database.inUnit(async (commitNow) => {
      put(first);
      await commitNow();
      put(second);
    });
    expect([await findValue(first), await findValue(second)]).toEqual(['one', undefined]);
  });

  test('a unit whose commit was lost can be filled and committed again', async () => {
    const [taken, other] = [name(), name()];
    await database.transact(() => put(taken));
    await database.inUnit(async (commitNow) => {
      put(taken, 'two');
      await failureOf(commitNow);
      put(other);
      await commitNow();
    });
    expect([await findValue(taken), await findValue(other)]).toEqual(['one', 'one']);
  });

  test('a write outside of a unit, or after its end, is an error and not a silent loss', async () => {
    expect(() => put(name())).toThrow('outside of a unit');
    const { promise, resolve } = Promise.withResolvers<void>();
    const forgotten = await database.transact(() => ({ end: promise.then(() => put(name())) }));
    resolve();
    expect((await failureOf(() => forgotten.end)).message).toContain('after its unit');
  });
  test('its overlay is its own, is not shared with a unit beside it, and is empty after the commit', async () => {
    expect(database.memory()).toBeUndefined();
    const together = ['Ada', 'Grace'].map((person) =>
      database.inUnit(async (commitNow) => {
        database.memory()?.set('person', person);
        await findValue('nobody');
        const seen = database.memory()?.get('person');
        put(name());
        await commitNow();
        return [seen, database.memory()?.size];
      }),
    );
    expect(await Promise.all(together)).toEqual([
      ['Ada', 0],
      ['Grace', 0],
    ]);
  });

  test('what is committed is there for the next read of every other process', async () => {
    const other = ground.open();
    const key = name();
    for (const value of ['one', 'two', 'three']) {
      await database.transact(() =>
        database.write(
          sql`INSERT INTO deployment (name, value) VALUES (${key}, ${value})
            ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
        ),
      );
      const row = await other.find(sql`SELECT value FROM deployment WHERE name = ${key}`);
      expect(row).toEqual({ value });
    }
  });
});

test('units of one turn are committed in the order in which they ended', async () => {
  const ground = await createGround('sqlite');
  const database = ground.open();
  await database.transact(() => database.write(insert('deployment', { name: 'order', value: '' })));
  const letters = 'abcdefghijklmnopqrst';
  await Promise.all(
    [...letters].map((letter) =>
      database.transact(() =>
        database.write(sql`UPDATE deployment SET value = value || ${letter} WHERE name = 'order'`),
      ),
    ),
  );
  expect(await database.find(sql`SELECT value FROM deployment WHERE name = 'order'`)).toEqual({
    value: letters,
  });
  await ground.close();
});
