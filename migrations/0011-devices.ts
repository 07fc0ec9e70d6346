// Device codes (RFC 8628) with their polling, what people have blocked, and clients that came asking without being known.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  // user_code_hash is an HMAC: a user code has too few bits for a bare hash. Times of polling are in milliseconds.
  await define(
    knex,
    `CREATE TABLE device_codes (
      id_hash BYTES PRIMARY KEY,
      user_code_hash BYTES NOT NULL UNIQUE,
      client_id TEXT NOT NULL,
      state TEXT NOT NULL,
      account_id TEXT,
      grant_id INT,
      payload BYTES NOT NULL,
      approval BYTES,
      payload_version INT NOT NULL,
      address TEXT,
      program TEXT,
      tried_by TEXT NOT NULL,
      interval_seconds INT NOT NULL,
      polled_at_milliseconds INT,
      created_at INT NOT NULL,
      expires_at INT NOT NULL,
      decided_at INT,
      consumed_at INT
    ) CLUSTERED`,
  );
  await define(knex, 'CREATE INDEX device_codes_expiry ON device_codes (expires_at)');
  await define(knex, 'CREATE INDEX device_codes_client ON device_codes (client_id, expires_at)');
  await define(
    knex,
    `CREATE TABLE blocked_devices (
      account_id TEXT NOT NULL REFERENCES accounts (id),
      client_id TEXT NOT NULL,
      created_at INT NOT NULL,
      PRIMARY KEY (account_id, client_id)
    )`,
  );
  await define(
    knex,
    `CREATE TABLE client_requests (
      client_id TEXT PRIMARY KEY,
      first_at INT NOT NULL,
      last_at INT NOT NULL,
      count INT NOT NULL
    )`,
  );
  // The end that the person chose for a grant; its idle life may end earlier, never later.
  await define(knex, 'ALTER TABLE grants ADD COLUMN ends_at INT');
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('grants', (table) => table.dropColumn('ends_at'));
  for (const table of ['client_requests', 'blocked_devices', 'device_codes'])
    await knex.schema.dropTable(table);
}
