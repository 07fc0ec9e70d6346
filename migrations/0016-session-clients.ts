// Who is told when a session ends (OpenID Connect Back-Channel Logout 1.0): the clients that a session was used at.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE session_clients (
      sid TEXT PRIMARY KEY,
      session_uid TEXT NOT NULL,
      client_id TEXT NOT NULL,
      account_id TEXT NOT NULL,
      created_at INT NOT NULL,
      expires_at INT NOT NULL,
      due_at INT,
      attempts INT NOT NULL DEFAULT 0,
      done_at INT
    )`,
  );
  await define(knex, 'CREATE INDEX session_clients_session ON session_clients (session_uid)');
  await define(knex, 'CREATE INDEX session_clients_account ON session_clients (account_id)');
  await define(knex, 'CREATE INDEX session_clients_expiry ON session_clients (expires_at)');
  await define(
    knex,
    'CREATE INDEX session_clients_due ON session_clients (due_at) WHERE due_at IS NOT NULL AND done_at IS NULL',
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('session_clients');
}
