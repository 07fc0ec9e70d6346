// Keys of issuers and service accounts that are not believed any more (RFC 7523): what was issued on their word is dead while
// they stand here, whoever issued it at the same moment. And the thumbprint (RFC 7638) of the key behind an access token.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE ended_keys (
      client_id TEXT NOT NULL REFERENCES clients (id),
      key_name TEXT NOT NULL,
      ended_at INT NOT NULL,
      PRIMARY KEY (client_id, key_name)
    ) CLUSTERED`,
  );
  await define(knex, 'ALTER TABLE access_tokens ADD COLUMN asserted_thumbprint TEXT');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('ALTER TABLE access_tokens DROP COLUMN asserted_thumbprint');
  await knex.schema.dropTable('ended_keys');
}
