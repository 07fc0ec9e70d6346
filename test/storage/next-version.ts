// The next version of the program, as far as its schema goes: ours and one more migration. As a process: `node next-version.ts URL`
// is killed in the middle of that.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Knex } from 'knex';
import { define } from '../../server/storage/ddl.ts';
import { migrate } from '../../server/storage/migrate.ts';

const MIGRATIONS = join(import.meta.dirname, '../../migrations');
const NEXT = '9999-the-next.ts';

/** It adds, as a migration must beside running servers: a table, columns with defaults, an index on rows that are there. */
function createNext(inTheMiddle: () => void): Knex.Migration {
  return {
    async up(knex) {
      await define(knex, 'CREATE TABLE badges (id TEXT PRIMARY KEY, account_id TEXT NOT NULL)');
      await define(knex, "ALTER TABLE accounts ADD COLUMN motto TEXT NOT NULL DEFAULT ''");
      inTheMiddle();
      await define(knex, 'ALTER TABLE access_tokens ADD COLUMN weight INT NOT NULL DEFAULT 1');
      await define(knex, 'ALTER TABLE sessions ADD COLUMN mood TEXT');
      await define(knex, 'CREATE INDEX refresh_tokens_by_client ON refresh_tokens (client_id, expires_at)');
    },
    down: async () => undefined,
  };
}

/** Brings the schema to that of the next version; answers what was applied. */
export function migrateToNext(url: string, inTheMiddle: () => void = () => undefined): Promise<string[]> {
  const names = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.ts'));
  return migrate(url, {
    migrationSource: {
      getMigrations: async () => [...names.toSorted(), NEXT],
      getMigrationName: (name: string) => name,
      getMigration: async (name: string) =>
        name === NEXT
          ? createNext(inTheMiddle)
          : ((await import(pathToFileURL(join(MIGRATIONS, name)).href)) as Knex.Migration),
    },
  });
}

if (import.meta.main) await migrateToNext(process.argv[2] ?? '', () => process.kill(process.pid, 'SIGKILL'));
