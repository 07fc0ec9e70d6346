// The network that asked for a device code: how many may wait is bounded for each.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE device_codes ADD COLUMN network TEXT');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('device_codes', (table) => table.dropColumn('network'));
}
