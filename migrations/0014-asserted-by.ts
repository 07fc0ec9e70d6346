// On whose word an access token was issued (RFC 7523): the id of the trusted issuer, which is a client of its own.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE access_tokens ADD COLUMN asserted_by TEXT');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('access_tokens', (table) => table.dropColumn('asserted_by'));
}
