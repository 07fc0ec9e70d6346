// Ids that nobody knows and that came asking, at rest. Atomic: an upsert counts; what is beyond the bound goes in the same unit.
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { sql } from '../storage/statement.ts';
import type { ClientRequest } from './requests.ts';

type Row = { client_id: string; first_at: number; last_at: number; count: number };

// Writers side by side do not see each other's rows: whoever comes next takes away what is beyond the bound.
const MOST_EVICTED = 1000;

function fromRow(row: Row): ClientRequest {
  return { id: row.client_id, firstAt: row.first_at, lastAt: row.last_at, count: row.count };
}

export function createRequestStore(database: Database) {
  return {
    /** In the open unit. Of more than `most` ids those give way that have not asked for longest. */
    note(counts: ReadonlyMap<string, number>, most: number): void {
      const now = nowSeconds();
      for (const [id, count] of counts) {
        database.write(
          sql`INSERT INTO client_requests (client_id, first_at, last_at, count) VALUES (${id}, ${now}, ${now}, ${count})
            ON CONFLICT (client_id) DO UPDATE SET last_at = excluded.last_at, count = client_requests.count + excluded.count`,
        );
      }
      database.write(
        sql`DELETE FROM client_requests WHERE client_id IN (
          SELECT client_id FROM client_requests ORDER BY last_at DESC, count DESC, client_id
          LIMIT ${MOST_EVICTED} OFFSET ${most})`,
      );
    },

    /** Ids that came asking and are not registered since, the latest first. */
    async list(limit: number): Promise<ClientRequest[]> {
      const rows = await database.list<Row>(
        sql`SELECT client_id, first_at, last_at, count FROM client_requests
          WHERE NOT EXISTS (SELECT 1 FROM clients WHERE clients.id = client_requests.client_id)
          ORDER BY last_at DESC, client_id LIMIT ${limit}`,
      );
      return rows.map(fromRow);
    },

    /** The same by id, after the cursor: whoever walks them all meets each one. */
    async listById({ after, limit }: { after: string; limit: number }): Promise<ClientRequest[]> {
      const rows = await database.list<Row>(
        sql`SELECT client_id, first_at, last_at, count FROM client_requests
          WHERE client_id > ${after}
            AND NOT EXISTS (SELECT 1 FROM clients WHERE clients.id = client_requests.client_id)
          ORDER BY client_id LIMIT ${limit}`,
      );
      return rows.map(fromRow);
    },

    forget(id: string): void {
      database.write(sql`DELETE FROM client_requests WHERE client_id = ${id}`);
    },
  };
}
