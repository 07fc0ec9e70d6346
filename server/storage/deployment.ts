// Named values of the deployment: the catalog's version, the epoch, the fingerprint of the configuration.
import type { Database } from './database.ts';
import { insert, orIgnore, sql } from './statement.ts';

const CATALOG = 'catalog_version';

export function createDeployment(database: Database) {
  async function find(name: string): Promise<string | undefined> {
    return (await database.find<{ value: string }>(sql`SELECT value FROM deployment WHERE name = ${name}`))
      ?.value;
  }

  return {
    find,

    set(name: string, value: string): void {
      database.write(
        sql`INSERT INTO deployment (name, value) VALUES (${name}, ${value})
          ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      );
    },

    /** Sets it where it is not set yet; the first of several processes wins. */
    setOnce(name: string, value: string): void {
      database.write(orIgnore(insert('deployment', { name, value })));
    },

    /** Every change of resources or signing keys counts up, in the unit of the change. */
    bumpCatalog(): void {
      database.write(
        sql`INSERT INTO deployment (name, value) VALUES (${CATALOG}, '1')
          ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(deployment.value AS INTEGER) + 1 AS TEXT)`,
      );
    },

    async catalogVersion(): Promise<string> {
      return (await find(CATALOG)) ?? '0';
    },
  };
}

export type Deployment = ReturnType<typeof createDeployment>;
