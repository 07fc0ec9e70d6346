// A PostgreSQL database of one's own for a test, on the one server of the test run.
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { askTestGround } from './test-ground.ts';

export type TestDatabase = { url: string; drop(): Promise<void> };

/** An empty database with a name nobody else has. `drop` cuts connections that are still open. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await askTestGround<{ url: string }>('postgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await run(server.url, `CREATE DATABASE ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => run(server.url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
