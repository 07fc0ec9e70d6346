// Who blocked a client: a block of the configuration file ends when the file says so, one of an operator does not.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE clients ADD COLUMN blocked_by TEXT');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('clients', (table) => table.dropColumn('blocked_by'));
}
