// The APIs that trust us (RFC 8707): identifier, scopes with words for people, token format and life.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE resources (
      identifier TEXT PRIMARY KEY,
      source TEXT NOT NULL,
      registration TEXT NOT NULL,
      covered TEXT,
      scope TEXT NOT NULL,
      is_default INT NOT NULL,
      created_at INT NOT NULL,
      updated_at INT NOT NULL
    ) CLUSTERED`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('resources');
}
