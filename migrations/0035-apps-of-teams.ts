// An app belongs to a team (owner_team_id), which asks (asked_at) an operator for what it registers and for what it changes.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

// proposal: what the team wants in place of what is in force. note: what an operator told the team when they declined.
// While nobody has allowed an app, blocked_by is 'pending': whatever refuses a blocked client refuses it too.
const columns = ['owner_team_id TEXT', 'registered_by TEXT', 'proposal TEXT', 'asked_at INT', 'note TEXT'];
const indexes = {
  clients_owner_team: 'clients (owner_team_id, id) WHERE owner_team_id IS NOT NULL',
  clients_asked: 'clients (asked_at, id) WHERE asked_at IS NOT NULL',
};

export async function up(knex: Knex): Promise<void> {
  for (const column of columns) await define(knex, `ALTER TABLE clients ADD COLUMN ${column}`);
  for (const [name, on] of Object.entries(indexes)) await define(knex, `CREATE INDEX ${name} ON ${on}`);
}

export async function down(knex: Knex): Promise<void> {
  for (const name of Object.keys(indexes)) await knex.raw(`DROP INDEX ${name}`);
  for (const column of columns) await knex.raw(`ALTER TABLE clients DROP COLUMN ${column.split(' ')[0]}`);
}
