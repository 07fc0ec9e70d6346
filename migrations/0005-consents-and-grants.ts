// A consent is what a person allows a client, remembered. A grant is one authorization: the family of its tokens.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE consents (
      account_id TEXT NOT NULL REFERENCES accounts (id),
      client_id TEXT NOT NULL,
      team_id TEXT NOT NULL,
      scopes TEXT NOT NULL,
      created_at INT NOT NULL,
      updated_at INT NOT NULL,
      revoked_at INT,
      PRIMARY KEY (account_id, client_id, team_id)
    )`,
  );
  await define(
    knex,
    `CREATE TABLE grants (
      id INT PRIMARY KEY,
      account_id TEXT NOT NULL REFERENCES accounts (id),
      client_id TEXT NOT NULL,
      team_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      session_uid TEXT,
      amr TEXT,
      acr TEXT,
      auth_time INT,
      payload TEXT NOT NULL,
      payload_version INT NOT NULL,
      created_at INT NOT NULL,
      last_used_at INT,
      expires_at INT NOT NULL,
      revoked_at INT,
      revoked_reason TEXT
    )`,
  );
  await define(knex, 'CREATE INDEX grants_account ON grants (account_id, client_id)');
  await define(knex, 'CREATE INDEX grants_session ON grants (session_uid)');
  await define(knex, 'CREATE INDEX grants_expiry ON grants (expires_at)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('grants');
  await knex.schema.dropTable('consents');
}
