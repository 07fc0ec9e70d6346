// The plan of a person, and on behalf of which team a token acts: NULL is the default plan, and no team.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(knex, 'ALTER TABLE accounts ADD COLUMN plan TEXT');
  await define(knex, 'ALTER TABLE access_tokens ADD COLUMN team_id TEXT');
  await define(knex, 'ALTER TABLE refresh_tokens ADD COLUMN team_id TEXT');
  // The team of a grant has its column since 0005, where '' is none.
  await define(knex, "CREATE INDEX grants_team ON grants (team_id) WHERE team_id <> ''");
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX grants_team');
  for (const [table, column] of [
    ['refresh_tokens', 'team_id'],
    ['access_tokens', 'team_id'],
    ['accounts', 'plan'],
  ] as const)
    await knex.raw(`ALTER TABLE ${table} DROP COLUMN ${column}`);
}
