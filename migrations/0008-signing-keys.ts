// The keys behind /jwks: the public half in clear, the private half sealed with the key of the secrets file.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE signing_keys (
      algorithm TEXT NOT NULL,
      generation INT NOT NULL,
      kid TEXT NOT NULL UNIQUE,
      public_jwk TEXT NOT NULL,
      sealed_private_jwk BYTES NOT NULL,
      created_at INT NOT NULL,
      active_at INT NOT NULL,
      passive_at INT,
      retired_at INT,
      PRIMARY KEY (algorithm, generation)
    )`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable('signing_keys');
}
