// The schema: the same on both databases, applied once whoever comes, and never touched by a program that does not know it.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Sqlite from 'better-sqlite3';
import knex from 'knex';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../../server/storage/database.ts';
import { MigrationError, migrate } from '../../server/storage/migrate.ts';
import { insert, sql } from '../../server/storage/statement.ts';
import { createPlace, dialects, listTables, type Place } from './ground.ts';

const MIGRATIONS = join(import.meta.dirname, '../../migrations');
const CHILD = join(import.meta.dirname, 'first-start.ts');
const PROCESSES = 4;
const run = promisify(execFile);

describe.each(dialects)('on %s', (dialect) => {
  let place: Place;
  beforeEach(async () => {
    place = await createPlace(dialect);
  });
  afterEach(() => place.close());

  async function columnsOf(database: Database, table: string): Promise<string[]> {
    const query =
      dialect === 'sqlite'
        ? sql`SELECT name FROM pragma_table_info(${table}) LIMIT 100`
        : sql`SELECT column_name AS name FROM information_schema.columns WHERE table_name = ${table} LIMIT 100`;
    return (await database.list<{ name: string }>(query)).map((row) => row.name).toSorted();
  }

  test('an empty database gets the schema, a second run finds nothing to do', async () => {
    const applied = await migrate(place.url);
    expect(applied[0]).toBe('0001-deployment.ts');
    expect(applied).toEqual(applied.toSorted());
    expect(await migrate(place.url)).toEqual([]);
    expect(await listTables(place.open())).toEqual(
      expect.arrayContaining(['access_tokens', 'accounts', 'audit_events', 'clients', 'grants', 'outbox']),
    );
  });

  test('what would be dear to add later is there', async () => {
    await migrate(place.url);
    const database = place.open();
    const wanted = {
      accounts: ['id', 'email', 'email_normalized', 'deleted_at'],
      credentials: ['kind'],
      identities: ['issuer', 'subject'],
      consents: ['team_id', 'revoked_at'],
      grants: ['amr', 'acr', 'revoked_at'],
      sessions: ['amr', 'acr', 'payload_version'],
      clients: ['revoked_at'],
      artifacts: ['payload_version'],
      audit_events: ['node', 'sequence', 'previous_hash'],
      audit_personal: ['address', 'program'],
    };
    for (const [table, columns] of Object.entries(wanted)) {
      expect(await columnsOf(database, table), table).toEqual(expect.arrayContaining(columns));
    }
    for (const table of await listTables(database)) {
      expect(await columnsOf(database, table), 'one issuer a deployment').not.toContain('tenant_id');
    }
  });

  test('processes that start at once on an empty database all start, and each migration is applied once', async () => {
    const answers = await Promise.all(
      Array.from({ length: PROCESSES }, () => run(process.execPath, [CHILD, 'migrate', place.url])),
    );
    const applied = answers.flatMap(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(applied.length).toBeGreaterThan(10);
    expect(new Set(applied).size).toBe(applied.length);
    expect(answers.map(({ stderr }) => stderr)).toEqual(Array(PROCESSES).fill(''));
    expect(await migrate(place.url)).toEqual([]);
  });

  test('a lock that a killed process left behind stops nobody', async () => {
    await migrate(place.url);
    const database = place.open();
    await database.transact(() => database.write(sql`UPDATE knex_migrations_lock SET is_locked = 1`));
    expect(await migrate(place.url)).toEqual([]);
    const locks = await database.list(sql`SELECT is_locked FROM knex_migrations_lock LIMIT 2`);
    expect(locks).toEqual([{ is_locked: 0 }]);
  });

  test('a database of a newer version is refused with a sentence, and is left as it is', async () => {
    await migrate(place.url);
    const database = place.open();
    const row = { name: '9999-from-the-future.ts', batch: 2 };
    await database.transact(() => database.write(insert('knex_migrations', row)));
    const error = await migrate(place.url).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MigrationError);
    expect((error as Error).message).toMatch(/newer version.*: 9999-from-the-future\.ts$/);
    const locks = await database.list(sql`SELECT is_locked FROM knex_migrations_lock LIMIT 2`);
    expect(locks).toEqual([{ is_locked: 0 }]);
  });

  test('down takes everything away again, and up brings it back', async () => {
    await migrate(place.url);
    const connection =
      dialect === 'sqlite'
        ? knex({ client: 'better-sqlite3', connection: { filename: place.file }, useNullAsDefault: true })
        : knex({ client: 'pg', connection: place.url });
    const settings = { directory: MIGRATIONS, loadExtensions: ['.ts'] };
    await connection.migrate.rollback(settings, true);
    await connection.destroy();
    const database = place.open();
    expect(await listTables(database)).toEqual([]);
    expect((await migrate(place.url)).length).toBeGreaterThan(10);
    expect(await listTables(database)).toContain('refresh_tokens');
  });
});

test('on sqlite a start waits, however long, for the process that changes the schema', async () => {
  const place = await createPlace('sqlite');
  await migrate(place.url);
  const first = new Sqlite(`${place.file}-migration`);
  first.exec('BEGIN EXCLUSIVE');
  let isDone = false;
  const second = migrate(place.url).finally(() => {
    isDone = true;
  });
  await run(process.execPath, ['--version']);
  expect(isDone).toBe(false);
  first.close();
  expect(await second).toEqual([]);
  await place.close();
});

test('a file that cannot be opened is named to whoever starts the server', async () => {
  const place = await createPlace('sqlite');
  const path = join(place.directory, 'a-folder.sqlite');
  mkdirSync(path);
  await expect(migrate(`sqlite:${path}`)).rejects.toThrow(`The database file ${path} (DATABASE_URL)`);
  await place.close();
});
