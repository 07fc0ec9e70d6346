// OAuth clients, resource servers among them. `registration` is what was registered; the state stands in columns of its own.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  // covered: the database's own registration, while the configuration file declares the same id.
  // blocked_by: a block of the configuration file ends when the file says so, one of an operator does not.
  // revoked_at: everything issued to the client up to that moment is dead, also after it is allowed again.
  await define(
    knex,
    `CREATE TABLE clients (
      id TEXT PRIMARY KEY,
      source TEXT NOT NULL,
      registration TEXT NOT NULL,
      covered TEXT,
      resource TEXT,
      created_at INT NOT NULL,
      updated_at INT NOT NULL,
      blocked_at INT,
      blocked_by TEXT,
      revoked_at INT
    ) CLUSTERED`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('clients');
}
