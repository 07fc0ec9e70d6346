// Access and refresh tokens: time-ordered keys that the token itself carries, SHA-256 of its secret, typed columns for what is read hot.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE access_tokens (
      id INT NOT NULL,
      secret_hash BYTES NOT NULL,
      kind TEXT NOT NULL,
      grant_id INT,
      account_id TEXT,
      client_id TEXT NOT NULL,
      audience TEXT,
      scope TEXT NOT NULL,
      token_type TEXT NOT NULL,
      issued_at INT NOT NULL,
      expires_at INT NOT NULL,
      revoked_at INT,
      payload TEXT NOT NULL,
      payload_version INT NOT NULL,
      PRIMARY KEY (id, secret_hash)
    ) CLUSTERED`,
  );
  // A refresh token is (family, generation): its successor's key is known before it is made, so two makers make the same row.
  await define(
    knex,
    `CREATE TABLE refresh_tokens (
      family INT NOT NULL,
      generation INT NOT NULL,
      secret_hash BYTES NOT NULL,
      grant_id INT,
      account_id TEXT,
      client_id TEXT NOT NULL,
      scope TEXT NOT NULL,
      issued_at INT NOT NULL,
      expires_at INT NOT NULL,
      consumed_at INT,
      revoked_at INT,
      payload TEXT NOT NULL,
      payload_version INT NOT NULL,
      PRIMARY KEY (family, generation, secret_hash)
    ) CLUSTERED`,
  );
  await define(knex, 'CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('refresh_tokens');
  await knex.schema.dropTable('access_tokens');
}
