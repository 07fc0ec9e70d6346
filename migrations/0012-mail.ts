// Mail and what people do with it: whose a one-time link is, what is still to be sent, what is erased with an account.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE one_time_links ADD COLUMN email TEXT');
  await define(knex, 'CREATE INDEX one_time_links_account ON one_time_links (account_id)');
  await define(knex, 'CREATE INDEX audit_personal_account ON audit_personal (account_id)');
  await define(knex, 'CREATE INDEX outbox_pending ON outbox (kind, due_at) WHERE done_at IS NULL');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('outbox', (table) => table.dropIndex([], 'outbox_pending'));
  await knex.schema.alterTable('audit_personal', (table) => table.dropIndex([], 'audit_personal_account'));
  await knex.schema.alterTable('one_time_links', (table) => {
    table.dropIndex([], 'one_time_links_account');
    table.dropColumn('email');
  });
}
