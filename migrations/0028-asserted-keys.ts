// Which key signed the assertion that an access token rests on (RFC 7523): its tokens end with the key.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE access_tokens ADD COLUMN asserted_key TEXT');
  await define(
    knex,
    'CREATE INDEX access_tokens_asserted_key ON access_tokens (asserted_by, asserted_key) WHERE asserted_key IS NOT NULL',
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX access_tokens_asserted_key');
  await knex.schema.alterTable('access_tokens', (table) => table.dropColumn('asserted_key'));
}
