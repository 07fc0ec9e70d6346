// What managers of a service account are told: from where it was last at work, and which of its keys are about to end.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE service_accounts ADD COLUMN last_used_address TEXT');
  await define(knex, 'ALTER TABLE service_accounts ADD COLUMN last_used_program TEXT');
  // warned_days: how many days before the end it was that they were told last. key_name: a thumbprint (RFC 7638).
  await define(
    knex,
    `CREATE TABLE warned_keys (
      client_id TEXT NOT NULL REFERENCES clients (id),
      key_name TEXT NOT NULL,
      expires_at INT NOT NULL,
      warned_days INT NOT NULL,
      PRIMARY KEY (client_id, key_name, expires_at)
    ) CLUSTERED`,
  );
  await define(knex, 'CREATE INDEX warned_keys_expires ON warned_keys (expires_at)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('warned_keys');
  for (const column of ['last_used_program', 'last_used_address'])
    await knex.raw(`ALTER TABLE service_accounts DROP COLUMN ${column}`);
}
