// Accounts by age, and the few that administer or are disabled: what the administrator's pages list and count.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'CREATE INDEX accounts_age ON accounts (created_at, id) WHERE deleted_at IS NULL');
  await define(
    knex,
    'CREATE INDEX accounts_administrators ON accounts (created_at, id) WHERE deleted_at IS NULL AND is_admin = 1',
  );
  await define(
    knex,
    'CREATE INDEX accounts_disabled ON accounts (created_at, id) WHERE deleted_at IS NULL AND disabled_at IS NOT NULL',
  );
}

export async function down(knex: Knex): Promise<void> {
  for (const name of ['accounts_disabled', 'accounts_administrators', 'accounts_age'])
    await knex.raw(`DROP INDEX ${name}`);
}
