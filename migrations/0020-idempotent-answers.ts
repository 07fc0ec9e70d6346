// Answers of the management API to creations that carried an Idempotency-Key: sealed, since secrets are among them.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE idempotent_answers (
      key_hash BYTES PRIMARY KEY,
      sealed BYTES NOT NULL,
      expires_at INT NOT NULL
    )`,
  );
  await define(knex, 'CREATE INDEX idempotent_answers_expiry ON idempotent_answers (expires_at)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('idempotent_answers');
}
