// What PostgreSQL alone must show: named prepared statements, lanes of the audit log, its texts, its faults.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAudit } from '../../server/audit/audit.ts';
import { createClients } from '../../server/clients/clients.ts';
import type { Database } from '../../server/storage/database.ts';
import { StorageFault } from '../../server/storage/faults.ts';
import { insert, sql } from '../../server/storage/statement.ts';
import { openPostgresSession } from '../support/postgres-session.ts';
import { createGround, type Place } from './ground.ts';

let ground: Place;
let database: Database;

beforeEach(async () => {
  ground = await createGround('postgres');
  database = ground.open();
});
afterEach(async () => {
  await ground.close();
});

function put(name: string): void {
  database.write(insert('deployment', { name, value: 'one' }), { conflict: 'name' });
}

/** Ends every connection of the program to this database, as a restart of PostgreSQL does. */
async function cutConnections(): Promise<void> {
  const other = await openPostgresSession(ground.url);
  await other.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
  await other.close();
}

test('each statement is prepared once a connection, and planned ahead, however often it runs', async () => {
  const single = ground.open(1);
  const read = sql`SELECT value FROM deployment WHERE name = ${'anybody'}`;
  const write = () => single.write(sql`UPDATE deployment SET value = 'x' WHERE name = ${'anybody'}`);
  for (let n = 0; n < 40; n += 1) {
    await single.find(read);
    await single.transact(write);
  }
  const rows = await single.list<{ statement: string; runs: number }>(
    sql`SELECT statement, generic_plans + custom_plans AS runs FROM pg_prepared_statements
      WHERE statement LIKE '%deployment %WHERE name = $1' LIMIT 10`,
  );
  expect(rows.map((row) => row.runs)).toEqual([40, 40]);
});

test('integers come back as integers, up to the largest id', async () => {
  const row = await database.find(sql`SELECT CAST(${Number.MAX_SAFE_INTEGER} AS BIGINT) AS id`);
  expect(row).toEqual({ id: Number.MAX_SAFE_INTEGER });
});

test('A18: a text with a NUL in it, which PostgreSQL does not hold, is a stranger and no error', async () => {
  const clients = createClients({ database, audit: createAudit({ database }), actor: 'operator' });
  for (const id of ['\0', 'app\0', '\0app']) expect(await clients.find(id)).toBeUndefined();
  await database.transact(() => put('Ada\0'));
  expect(await database.find(sql`SELECT value FROM deployment WHERE name = ${'Ada'}`)).toBeUndefined();
});

test('units of several writers at once are all stored, and each writer has a chain of its own that is whole', async () => {
  const audit = createAudit({ database });
  await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      database.transact(() => {
        put(`unit-${n}`);
        audit.record('client.created', { actor: 'operator', clientId: `client-${n}` });
      }),
    ),
  );
  const nodes = await database.list<{ node: string; last: number; events: number }>(
    sql`SELECT node, MAX(sequence) AS last, COUNT(*) AS events FROM audit_events GROUP BY node LIMIT 100`,
  );
  expect(nodes.length).toBeGreaterThan(1);
  expect(nodes.reduce((sum, { events }) => sum + events, 0)).toBe(60);
  for (const { node, last, events } of nodes) expect(last, node).toBe(events);
  expect(await audit.findBreaks()).toEqual([]);
});

test('two units that lock the same rows the other way round are both stored: the database ends one, and it is tried again', async () => {
  const names = Array.from({ length: 8 }, (_, n) => `row-${n}`);
  await database.transact(() => names.forEach(put));
  const raise = (order: readonly string[]) =>
    database.transact(() => {
      for (const name of order)
        database.write(sql`UPDATE deployment SET value = value || '+' WHERE name = ${name}`, { expects: 1 });
    });
  await Promise.all([names, names.toReversed(), names, names.toReversed()].map(raise));
  const rows = await database.list<{ value: string }>(
    sql`SELECT DISTINCT value FROM deployment WHERE name LIKE 'row-%' LIMIT 10`,
  );
  expect(rows).toEqual([{ value: 'one++++' }]);
});

test('a lock that is not let go is a StorageFault after patience, and the connection is used again', async () => {
  await database.transact(() => put('contended'));
  const other = await openPostgresSession(ground.url);
  await other.query("BEGIN; SELECT 1 FROM deployment WHERE name = 'contended' FOR UPDATE");
  const contended = database.transact(() =>
    database.write(sql`UPDATE deployment SET value = 'two' WHERE name = 'contended'`),
  );
  await expect(contended).rejects.toThrow(StorageFault);
  await other.close();
  await database.transact(() => put('afterwards'));
});

test('cut connections are a StorageFault for what was under way, and the next call has a new one', async () => {
  await database.find(sql`SELECT 1 AS one`);
  await cutConnections();
  const attempts = Array.from({ length: 8 }, () => database.find(sql`SELECT 1 AS one`));
  for (const end of await Promise.allSettled(attempts)) {
    if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(StorageFault);
  }
  expect(await database.find(sql`SELECT 1 AS one`)).toEqual({ one: 1 });
});

test('H05: a connection that broke begins another chain, so no chain has a hole', async () => {
  const audit = createAudit({ database });
  const record = () =>
    database.transact(() => audit.record('client.created', { actor: 'operator', clientId: 'looms' }));
  await record();
  const broken = database.transact(() => {
    audit.record('client.created', { actor: 'operator', clientId: 'lost' });
    database.write(sql`UPDATE deployment SET value = 'x' WHERE pg_terminate_backend(pg_backend_pid())`);
    database.write(
      sql`INSERT INTO deployment VALUES ('x', CAST(pg_terminate_backend(pg_backend_pid()) AS TEXT))`,
    );
  });
  await expect(broken).rejects.toThrow(StorageFault);
  for (let n = 0; n < 12; n += 1) await record();
  const lost = await audit.list({ clientId: 'lost', limit: 10 });
  expect(lost).toEqual([]);
  expect((await audit.list({ clientId: 'looms', limit: 100 })).length).toBe(13);
  expect(await audit.findBreaks()).toEqual([]);
});

test('a database that is away is a StorageFault, told soon, for readers and writers, and health says no', async () => {
  const nowhere = { ...ground, url: 'postgres://latchkey:x@127.0.0.1:1/latchkey' };
  const away = nowhere.open();
  await expect(away.find(sql`SELECT 1 AS one`)).rejects.toThrow(StorageFault);
  await expect(away.transact(() => away.write(sql`SELECT 1`))).rejects.toThrow(StorageFault);
  expect(await away.isHealthy()).toBe(false);
});

test('closing ends what is under way first, refuses what only waits, and later calls', async () => {
  const single = ground.open(2);
  const units = Array.from({ length: 20 }, (_, n) =>
    single.transact(() => single.write(insert('deployment', { name: `closing-${n}`, value: 'one' }))),
  );
  await Promise.resolve();
  const ends = Promise.allSettled(units);
  await single.close();
  const settled = await ends;
  const stored = settled.filter((end) => end.status === 'fulfilled').length;
  for (const end of settled) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(StorageFault);
  const row = await database.find(sql`SELECT COUNT(*) AS stored FROM deployment WHERE name LIKE 'closing-%'`);
  expect(row).toEqual({ stored });
  await expect(single.find(sql`SELECT 1 AS one`)).rejects.toThrow(StorageFault);
  await expect(single.transact(() => single.write(sql`SELECT 1`))).rejects.toThrow(StorageFault);
});
