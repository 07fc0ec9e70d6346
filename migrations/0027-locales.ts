// In which language people are written to: that of their last sign-in, unless they have chosen one.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

const COLUMNS = ['locale', 'chosen_locale'];

export async function up(knex: Knex): Promise<void> {
  for (const column of COLUMNS) await define(knex, `ALTER TABLE accounts ADD COLUMN ${column} TEXT`);
}

export async function down(knex: Knex): Promise<void> {
  for (const column of COLUMNS) await define(knex, `ALTER TABLE accounts DROP COLUMN ${column}`);
}
