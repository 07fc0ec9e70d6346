// Service accounts: each is a client of its own; here stands whose it is. And JWTs of theirs that were revoked one by one.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  // team_id: NULL is the operator's. plan: of the operator's alone, since a team's account has the plan of its team.
  await define(
    knex,
    `CREATE TABLE service_accounts (
      client_id TEXT PRIMARY KEY REFERENCES clients (id),
      team_id TEXT REFERENCES teams (id),
      plan TEXT,
      created_at INT NOT NULL
    ) CLUSTERED`,
  );
  await define(knex, 'CREATE INDEX service_accounts_team ON service_accounts (team_id, client_id)');
  await define(
    knex,
    `CREATE TABLE revoked_service_jwts (
      token_hash BYTES PRIMARY KEY,
      client_id TEXT NOT NULL,
      revoked_at INT NOT NULL,
      expires_at INT NOT NULL
    ) CLUSTERED`,
  );
  await define(knex, 'CREATE INDEX revoked_service_jwts_expiry ON revoked_service_jwts (expires_at)');
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['revoked_service_jwts', 'service_accounts']) await knex.schema.dropTable(table);
}
