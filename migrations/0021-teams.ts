// Teams: who is in them in which role, and who was invited. The row of a team is what all who change the team wait for.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE teams (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      plan TEXT,
      created_at INT NOT NULL,
      updated_at INT NOT NULL,
      deleted_at INT
    ) CLUSTERED`,
  );
  await define(
    knex,
    `CREATE TABLE memberships (
      team_id TEXT NOT NULL REFERENCES teams (id),
      account_id TEXT NOT NULL REFERENCES accounts (id),
      role TEXT NOT NULL,
      created_at INT NOT NULL,
      updated_at INT NOT NULL,
      PRIMARY KEY (team_id, account_id)
    ) CLUSTERED`,
  );
  await define(knex, 'CREATE INDEX memberships_account ON memberships (account_id)');
  await define(
    knex,
    `CREATE TABLE team_invitations (
      id TEXT PRIMARY KEY,
      team_id TEXT NOT NULL REFERENCES teams (id),
      email TEXT NOT NULL,
      role TEXT NOT NULL,
      invited_by TEXT,
      created_at INT NOT NULL,
      expires_at INT NOT NULL,
      ended_at INT,
      outcome TEXT
    ) CLUSTERED`,
  );
  // One invitation of an address to a team waits at a time.
  await define(
    knex,
    'CREATE UNIQUE INDEX team_invitations_open ON team_invitations (team_id, email) WHERE ended_at IS NULL',
  );
  await define(knex, 'CREATE INDEX team_invitations_email ON team_invitations (email)');
  await define(knex, 'CREATE INDEX team_invitations_expiry ON team_invitations (expires_at)');
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['team_invitations', 'memberships', 'teams']) await knex.schema.dropTable(table);
}
