// Counters of the rate limits on PostgreSQL: unlogged, since a crash may lose them. SQLite keeps them in a file of their own.
import type { Knex } from 'knex';
import { isPostgres } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  if (!isPostgres(knex)) return;
  await knex.raw(
    'CREATE UNLOGGED TABLE rate_limits (key_hash BYTEA PRIMARY KEY, count INTEGER NOT NULL, window_ends_at BIGINT NOT NULL)',
  );
  await knex.raw('CREATE INDEX rate_limits_window_ends_at ON rate_limits (window_ends_at)');
}

export async function down(knex: Knex): Promise<void> {
  if (isPostgres(knex)) await knex.schema.dropTable('rate_limits');
}
