// People: accounts with ids that are never used again, their credentials, identities elsewhere, and one-time links.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE accounts (
      id TEXT PRIMARY KEY,
      email TEXT,
      email_normalized TEXT UNIQUE,
      email_verified_at INT,
      name TEXT,
      role TEXT NOT NULL,
      is_admin INT NOT NULL,
      created_at INT NOT NULL,
      updated_at INT NOT NULL,
      disabled_at INT,
      deleted_at INT
    ) CLUSTERED`,
  );
  await define(
    knex,
    `CREATE TABLE credentials (
      id INT PRIMARY KEY,
      account_id TEXT NOT NULL REFERENCES accounts (id),
      kind TEXT NOT NULL,
      secret TEXT NOT NULL,
      created_at INT NOT NULL,
      updated_at INT NOT NULL
    )`,
  );
  await define(knex, 'CREATE INDEX credentials_account ON credentials (account_id)');
  await define(
    knex,
    "CREATE UNIQUE INDEX credentials_password ON credentials (account_id) WHERE kind = 'password'",
  );
  await define(
    knex,
    `CREATE TABLE identities (
      issuer TEXT NOT NULL,
      subject TEXT NOT NULL,
      account_id TEXT NOT NULL REFERENCES accounts (id),
      created_at INT NOT NULL,
      PRIMARY KEY (issuer, subject)
    )`,
  );
  await define(knex, 'CREATE INDEX identities_account ON identities (account_id)');
  await define(
    knex,
    `CREATE TABLE one_time_links (
      secret_hash BYTES PRIMARY KEY,
      purpose TEXT NOT NULL,
      account_id TEXT REFERENCES accounts (id),
      created_at INT NOT NULL,
      expires_at INT NOT NULL,
      consumed_at INT
    )`,
  );
  await define(knex, 'CREATE INDEX one_time_links_expiry ON one_time_links (expires_at)');
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['one_time_links', 'identities', 'credentials', 'accounts'])
    await knex.schema.dropTable(table);
}
