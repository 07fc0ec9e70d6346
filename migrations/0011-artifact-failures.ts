// How often a code was presented wrongly: its guesses are bounded (row T15).
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE artifacts ADD COLUMN failures INT NOT NULL DEFAULT 0');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('artifacts', (table) => table.dropColumn('failures'));
}
