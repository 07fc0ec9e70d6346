// Table definitions in one spelling for both databases, for migrations.
import type { Knex } from 'knex';

/**
 * Runs one CREATE statement. INT becomes BIGINT and BYTES becomes BYTEA on PostgreSQL (INTEGER and BLOB on SQLite);
 * CLUSTERED (rows stored in the order of the primary key) is WITHOUT ROWID on SQLite and nothing on PostgreSQL.
 */
export async function define(connection: Knex, statement: string): Promise<void> {
  const isPg = isPostgres(connection);
  const text = statement
    .replace(/\bINT\b/g, isPg ? 'BIGINT' : 'INTEGER')
    .replace(/\bBYTES\b/g, isPg ? 'BYTEA' : 'BLOB')
    .replace(/\bCLUSTERED\b/g, isPg ? '' : 'WITHOUT ROWID');
  await connection.raw(text);
}

/** Is this the database with many writers? */
export function isPostgres(connection: Knex): boolean {
  return connection.client.config.client === 'pg';
}
