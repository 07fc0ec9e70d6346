// What SQLite alone must show: durability asserted, one commit a turn, prepared statements, and patience with other writers.
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../server/storage/database.ts';
import { Conflict, StorageFault } from '../../server/storage/faults.ts';
import { openSqlite } from '../../server/storage/sqlite.ts';
import { insert, sql } from '../../server/storage/statement.ts';
import { openSqliteFile, sqlitePrototype } from '../support/sqlite-file.ts';
import { createGround, type Place } from './ground.ts';

const PAGE_BYTES = 4096;

let ground: Place;
let database: Database;

beforeEach(async () => {
  ground = await createGround('sqlite');
  database = ground.open();
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await ground.close();
});

function put(name: string): void {
  database.write(insert('deployment', { name, value: 'one' }), { conflict: 'name' });
}

const countNames = async () =>
  (await database.find<{ n: number }>(sql`SELECT COUNT(*) AS n FROM deployment`))?.n;

/** Lets timers of the event loop fire; answers once they did, so many times over. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe('durability', () => {
  test('the file is in WAL mode with synchronous FULL, foreign keys on, and is for its owner alone', () => {
    const connection = openSqlite(ground.file, 'FULL');
    const pragma = (name: string) => connection.pragma(name, { simple: true });
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')]).toEqual(['wal', 2, 1]);
    connection.close();
    for (const file of [ground.file, `${ground.file}-wal`, `${ground.file}-counters`]) {
      expect(statSync(file).mode & 0o777, file).toBe(0o600);
    }
  });

  test.each([
    ['journal_mode', 'delete'],
    ['synchronous', 1],
  ])('it is asserted: where SQLite answers %s %s the program does not start', (asked, answered) => {
    const original = sqlitePrototype.pragma;
    vi.spyOn(sqlitePrototype, 'pragma').mockImplementation(function (this: typeof sqlitePrototype, ...input) {
      return input[0] === asked && input[1]?.simple ? answered : original.apply(this, input);
    });
    expect(() => ground.open()).toThrow('did not accept WAL with synchronous FULL');
  });

  test('only the counters of limits may lose a second', () => {
    const counters = openSqlite(`${ground.file}-counters`, 'OFF');
    expect(counters.pragma('synchronous', { simple: true })).toBe(0);
    counters.close();
  });

  test('a reference to nobody is refused by the database itself', async () => {
    const row = { issuer: 'https://elsewhere.example', subject: 'ada', account_id: 'nobody', created_at: 1 };
    await expect(database.transact(() => database.write(insert('identities', row)))).rejects.toThrow(
      'FOREIGN KEY',
    );
  });
});

describe('group commit', () => {
  const walBytes = () => statSync(`${ground.file}-wal`).size;

  test('units of one turn share one commit: one page for fifty of them, and fifty pages for fifty turns', async () => {
    await database.transact(() => put('before'));
    const start = walBytes();
    await Promise.all(Array.from({ length: 50 }, (_, n) => database.transact(() => put(`together-${n}`))));
    const together = walBytes() - start;
    for (let n = 0; n < 50; n += 1) await database.transact(() => put(`alone-${n}`));
    const alone = walBytes() - start - together;
    expect(together).toBeGreaterThan(0);
    expect(alone / together).toBeGreaterThan(5);
  });

  test('an answer comes after the commit: what was acknowledged is in the file for everybody', async () => {
    const other = openSqliteFile(ground.file);
    await database.transact(() => put('acknowledged'));
    expect(other.prepare("SELECT value FROM deployment WHERE name = 'acknowledged'").pluck().get()).toBe(
      'one',
    );
    other.close();
  });
});

describe('the hot path', () => {
  test('each statement is prepared once, reads and writes alike, however often it runs', async () => {
    const prepare = vi.spyOn(sqlitePrototype, 'prepare');
    const read = () => database.find(sql`SELECT value FROM deployment WHERE name = ${'anybody'}`);
    const write = () =>
      database.transact(() =>
        database.write(sql`UPDATE deployment SET value = 'x' WHERE name = ${'anybody'}`),
      );
    await Promise.all([read(), read(), write()]);
    const first = prepare.mock.calls.length;
    expect(first).toBeGreaterThan(0);
    for (let n = 0; n < 50; n += 1) await Promise.all([read(), read(), write()]);
    expect(prepare.mock.calls.length).toBe(first);
  });
});

describe('while another process holds the write lock', () => {
  let other: ReturnType<typeof openSqliteFile>;
  beforeEach(() => {
    other = openSqliteFile(ground.file);
    other.exec('BEGIN IMMEDIATE');
  });
  afterEach(() => {
    other.close();
  });

  test('a commit waits, the event loop goes on, reads are answered, and it is stored when the lock is free', async () => {
    let isStored = false;
    const stored = database
      .transact(() => put('patient'))
      .then(() => {
        isStored = true;
      });
    await turns(25);
    expect(await countNames()).toBe(0);
    expect(isStored).toBe(false);
    other.exec('ROLLBACK');
    await stored;
    expect(await countNames()).toBe(1);
  });

  test('units that come in the meantime are committed with it, each once, losers alone', async () => {
    const names = ['one', 'two', 'two', 'three'];
    const waiting: Promise<unknown>[] = [];
    for (const name of names) {
      waiting.push(database.transact(() => put(name)));
      await turns(3);
    }
    other.exec('ROLLBACK');
    const ends = await Promise.allSettled(waiting);
    expect(ends.map((end) => end.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(ends[2]).toMatchObject({ reason: expect.any(Conflict) });
    expect(await countNames()).toBe(3);
  });

  test('beyond patience it is a StorageFault, nothing is stored, and the next unit is served', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const refused = database.transact(() => put('impatient')).catch((error: unknown) => error);
    await turns(3);
    vi.setSystemTime(Date.now() + 10_000);
    const error = await refused;
    expect(error).toBeInstanceOf(StorageFault);
    other.exec('ROLLBACK');
    await turns(5);
    expect(await countNames()).toBe(0);
    await database.transact(() => put('next'));
    expect(await countNames()).toBe(1);
  });

  test('closing does not wait for it: what could not be stored is told so', async () => {
    const refused = database.transact(() => put('late')).catch((error: unknown) => error);
    await turns(2);
    await database.close();
    expect(await refused).toBeInstanceOf(StorageFault);
  });
});

describe('faults', () => {
  test('a damaged file is a StorageFault for readers and writers, without values in its message', async () => {
    const page = await database.find<{ root: number }>(
      sql`SELECT rootpage AS root FROM sqlite_master WHERE name = 'deployment'`,
    );
    await database.close();
    const bytes = readFileSync(ground.file);
    const start = ((page?.root ?? 0) - 1) * PAGE_BYTES;
    writeFileSync(ground.file, bytes.fill('damaged', start, start + PAGE_BYTES));
    const fresh = ground.open();
    const secret = 'a-secret-value';
    const attempts = [
      fresh.find(sql`SELECT name FROM deployment WHERE value = ${secret}`),
      fresh.transact(() => fresh.write(insert('deployment', { name: secret, value: secret }))),
    ];
    for (const end of await Promise.allSettled(attempts)) {
      expect(end).toMatchObject({ status: 'rejected', reason: expect.any(StorageFault) });
      expect(String((end as PromiseRejectedResult).reason)).not.toContain(secret);
    }
    expect(await fresh.find(sql`SELECT 1 AS one`)).toEqual({ one: 1 });
  });

  test('after it was closed every call is a StorageFault, and none is left hanging', async () => {
    await database.close();
    await expect(database.find(sql`SELECT 1 AS one`)).rejects.toThrow(StorageFault);
    const reads = [database.find(sql`SELECT 1 AS one`), database.find(sql`SELECT 2 AS two`)];
    for (const end of await Promise.allSettled(reads)) expect(end.status).toBe('rejected');
    await expect(database.transact(() => put('late'))).rejects.toThrow(StorageFault);
  });

  test('a file whose directory is missing is made with it', () => {
    const path = `${dirname(ground.file)}/deep/er/latchkey.sqlite`;
    const made = openSqlite(path, 'FULL');
    made.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('health says no once the file is gone', async () => {
    expect(await database.isHealthy()).toBe(true);
    rmSync(ground.file);
    expect(await database.isHealthy()).toBe(false);
  });
});
