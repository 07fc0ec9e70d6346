// Rotation of signing keys: a key verifies for as long as the longest-lived thing that was signed while it was active.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE signing_keys ADD COLUMN longest_seconds INT NOT NULL DEFAULT 0');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('signing_keys', (table) => table.dropColumn('longest_seconds'));
}
