// What lives for minutes (codes, interactions), browser sessions, and the ids that may be used once. Ids are stored as SHA-256.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE artifacts (
      model TEXT NOT NULL,
      id_hash BYTES NOT NULL,
      account_id TEXT,
      client_id TEXT,
      payload BYTES NOT NULL,
      payload_version INT NOT NULL,
      version INT NOT NULL,
      failures INT NOT NULL DEFAULT 0,
      created_at INT NOT NULL,
      expires_at INT NOT NULL,
      consumed_at INT,
      PRIMARY KEY (model, id_hash)
    ) CLUSTERED`,
  );
  await define(knex, 'CREATE INDEX artifacts_expiry ON artifacts (expires_at)');
  await define(
    knex,
    `CREATE TABLE sessions (
      id_hash BYTES PRIMARY KEY,
      uid TEXT NOT NULL UNIQUE,
      account_id TEXT,
      amr TEXT,
      acr TEXT,
      auth_time INT,
      payload BYTES NOT NULL,
      payload_version INT NOT NULL,
      address TEXT,
      program TEXT,
      created_at INT NOT NULL,
      last_seen_at INT NOT NULL,
      expires_at INT NOT NULL,
      ended_at INT
    )`,
  );
  await define(knex, 'CREATE INDEX sessions_account ON sessions (account_id)');
  await define(knex, 'CREATE INDEX sessions_expiry ON sessions (expires_at)');
  await define(
    knex,
    'CREATE TABLE replays (id_hash BYTES NOT NULL, expires_at INT NOT NULL, PRIMARY KEY (id_hash)) CLUSTERED',
  );
  await define(knex, 'CREATE INDEX replays_expiry ON replays (expires_at)');
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['replays', 'sessions', 'artifacts']) await knex.schema.dropTable(table);
}
