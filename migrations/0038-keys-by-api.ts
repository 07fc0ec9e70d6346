// Keys that are good at one API alone, by that API: they end with it.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    'CREATE INDEX api_keys_resource ON api_keys (resource) WHERE resource IS NOT NULL AND revoked_at IS NULL',
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX api_keys_resource');
}
