// Service accounts as people see them: who made each, and when it was last at work.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  // responsible_id: NULL where an operator made it.
  await define(knex, 'ALTER TABLE service_accounts ADD COLUMN responsible_id TEXT REFERENCES accounts (id)');
  await define(knex, 'ALTER TABLE service_accounts ADD COLUMN last_used_at INT');
}

export async function down(knex: Knex): Promise<void> {
  for (const column of ['last_used_at', 'responsible_id'])
    await knex.raw(`ALTER TABLE service_accounts DROP COLUMN ${column}`);
}
