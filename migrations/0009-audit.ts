// The audit log: a hash chain per node; personal data in a row of its own that can be erased; and the outbox of what is still to be sent.
import type { Knex } from 'knex';
import { define } from '../server/storage/ddl.ts';

export async function up(knex: Knex): Promise<void> {
  await define(
    knex,
    `CREATE TABLE audit_events (
      node TEXT NOT NULL,
      sequence INT NOT NULL,
      previous_hash BYTES NOT NULL,
      hash BYTES NOT NULL,
      at_milliseconds INT NOT NULL,
      type TEXT NOT NULL,
      actor TEXT NOT NULL,
      account_id TEXT,
      client_id TEXT,
      grant_id TEXT,
      outcome TEXT NOT NULL,
      reason TEXT,
      request_id TEXT,
      details TEXT NOT NULL,
      PRIMARY KEY (node, sequence)
    )`,
  );
  await define(knex, 'CREATE INDEX audit_events_time ON audit_events (at_milliseconds)');
  await define(knex, 'CREATE INDEX audit_events_account ON audit_events (account_id, at_milliseconds)');
  await define(
    knex,
    `CREATE TABLE audit_personal (
      node TEXT NOT NULL,
      sequence INT NOT NULL,
      account_id TEXT,
      address TEXT,
      program TEXT,
      PRIMARY KEY (node, sequence)
    )`,
  );
  await define(
    knex,
    `CREATE TABLE outbox (
      id INT PRIMARY KEY,
      kind TEXT NOT NULL,
      payload TEXT NOT NULL,
      created_at INT NOT NULL,
      due_at INT NOT NULL,
      attempts INT NOT NULL,
      done_at INT
    )`,
  );
  await define(knex, 'CREATE INDEX outbox_due ON outbox (due_at)');
}

export async function down(knex: Knex): Promise<void> {
  for (const table of ['outbox', 'audit_personal', 'audit_events']) await knex.schema.dropTable(table);
}
