// A number that counts every change of clients and resources, by triggers: what is cached of them is good while it stands still.
import type { Knex } from 'knex';
import { isPostgres } from '../server/storage/ddl.ts';

const COUNT_UP =
  "UPDATE deployment SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'registry_version'";
const TABLES = ['clients', 'resources'];
const CHANGES = ['INSERT', 'UPDATE', 'DELETE'];

async function onPostgres(knex: Knex): Promise<void> {
  await knex.raw(
    `CREATE FUNCTION count_registry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${COUNT_UP}; RETURN NULL; END $$`,
  );
  for (const table of TABLES) {
    await knex.raw(
      `CREATE TRIGGER ${table}_registry AFTER ${CHANGES.join(' OR ')} ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION count_registry()`,
    );
  }
}

async function onSqlite(knex: Knex): Promise<void> {
  for (const table of TABLES) {
    for (const change of CHANGES) {
      await knex.raw(
        `CREATE TRIGGER ${table}_registry_${change.toLowerCase()} AFTER ${change} ON ${table} BEGIN ${COUNT_UP}; END`,
      );
    }
  }
}

export async function up(knex: Knex): Promise<void> {
  await knex('deployment').insert({ name: 'registry_version', value: '1' });
  await (isPostgres(knex) ? onPostgres(knex) : onSqlite(knex));
}

export async function down(knex: Knex): Promise<void> {
  for (const table of TABLES) {
    if (isPostgres(knex)) await knex.raw(`DROP TRIGGER ${table}_registry ON ${table}`);
    else
      for (const change of CHANGES) await knex.raw(`DROP TRIGGER ${table}_registry_${change.toLowerCase()}`);
  }
  if (isPostgres(knex)) await knex.raw('DROP FUNCTION count_registry()');
  await knex('deployment').where('name', 'registry_version').delete();
}
