// API keys: what each may do and how it was used last; and their secrets, of which a key has two while it is rotated.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  // account_id: whose personal key it is. team_id: the team of a team key, or the only one where a personal key is good.
  await define(
    knex,
    `CREATE TABLE api_keys (
      id INT PRIMARY KEY,
      kind TEXT NOT NULL,
      account_id TEXT REFERENCES accounts (id),
      team_id TEXT,
      responsible_id TEXT REFERENCES accounts (id),
      name TEXT NOT NULL,
      prefix TEXT NOT NULL,
      last_four TEXT NOT NULL,
      scope TEXT NOT NULL,
      level TEXT,
      networks TEXT,
      resource TEXT,
      created_at INT NOT NULL,
      expires_at INT,
      disabled_at INT,
      revoked_at INT,
      version INT NOT NULL,
      warned_days INT NOT NULL,
      last_used_at INT,
      last_used_address TEXT,
      last_used_program TEXT,
      last_used_resource TEXT
    )`,
  );
  await define(knex, 'CREATE INDEX api_keys_account ON api_keys (account_id, id)');
  await define(knex, 'CREATE INDEX api_keys_team ON api_keys (team_id, id)');
  await define(
    knex,
    'CREATE INDEX api_keys_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL AND revoked_at IS NULL',
  );
  await define(knex, 'CREATE INDEX api_keys_revoked ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL');
  await define(
    knex,
    `CREATE TABLE api_key_secrets (
      secret_hash BYTES PRIMARY KEY,
      key_id INT NOT NULL REFERENCES api_keys (id),
      created_at INT NOT NULL,
      expires_at INT
    ) CLUSTERED`,
  );
  await define(knex, 'CREATE INDEX api_key_secrets_key ON api_key_secrets (key_id)');
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['api_key_secrets', 'api_keys']) await knex.schema.dropTable(table);
}
