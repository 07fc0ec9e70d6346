// A session of another process with PostgreSQL: what only somebody outside can do to a database, or see of it.
import pg from 'pg';

export async function openPostgresSession(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    query: async (text: string): Promise<Record<string, unknown>[]> => (await client.query(text)).rows,
    close: () => client.end(),
  };
}
