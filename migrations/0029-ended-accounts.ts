// Where a person was last disabled, as an id of that moment: access tokens with a lesser one stay dead when they may sign in again.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE accounts ADD COLUMN ended_before INT');
}

export async function down(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE accounts DROP COLUMN ended_before');
}
