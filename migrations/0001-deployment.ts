// The deployment itself: named values (epoch, configuration fingerprint, catalog version) and its own keys, sealed.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'CREATE TABLE deployment (name TEXT PRIMARY KEY, value TEXT NOT NULL)');
  await define(
    knex,
    `CREATE TABLE server_keys (
      purpose TEXT NOT NULL,
      generation INT NOT NULL,
      sealed BYTES NOT NULL,
      created_at INT NOT NULL,
      retired_at INT,
      PRIMARY KEY (purpose, generation)
    )`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('server_keys');
  await knex.schema.dropTable('deployment');
}
