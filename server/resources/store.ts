// Registered APIs at rest. Atomic: an identifier is registered once (primary key), a removed one never again; there are few, and all are read at once.
import { nowSeconds } from '../clock.ts';
import { parseObject, readRow, readRows } from '../storage/damage.ts';
import type { Database } from '../storage/database.ts';
import { insert, sql } from '../storage/statement.ts';
import type { NewResource, Resource, ResourceRegistration } from './resources.ts';

type Row = {
  identifier: string;
  source: 'file' | 'database';
  registration: string;
  covered: string | null;
  is_default: number;
  created_at: number;
};

const MOST_RESOURCES = 1000;

function readRegistration(text: string): ResourceRegistration {
  const { name, scopes, tokenFormat, ...rest } = parseObject(text);
  if (name === undefined || typeof scopes !== 'object' || typeof tokenFormat !== 'string')
    throw new Error('no registration');
  return { name, scopes, tokenFormat, ...rest } as ResourceRegistration;
}

function fromRow(row: Row): Resource {
  return {
    identifier: row.identifier,
    source: row.source,
    registration: readRegistration(row.registration),
    isCovering: row.covered !== null,
    isDefault: row.is_default === 1,
    createdAt: row.created_at,
  };
}

function scopeOf(registration: ResourceRegistration): string {
  return Object.keys(registration.scopes).join(' ');
}

export function createResourceStore(database: Database) {
  return {
    async find(identifier: string): Promise<Resource | undefined> {
      const row = await database.find<Row>(
        sql`SELECT identifier, source, registration, covered, is_default, created_at FROM resources WHERE identifier = ${identifier} AND source <> 'removed'`,
      );
      return row === undefined ? undefined : readRow('resources', row, fromRow);
    },

    async list(): Promise<Resource[]> {
      const rows = await database.list<Row>(
        sql`SELECT identifier, source, registration, covered, is_default, created_at FROM resources WHERE source <> 'removed' ORDER BY identifier LIMIT ${MOST_RESOURCES}`,
      );
      return readRows(rows, (row) => readRow('resources', row, fromRow), database.noteDamage);
    },

    register({ identifier, registration, isDefault }: NewResource): void {
      const now = nowSeconds();
      database.write(
        insert('resources', {
          identifier,
          source: 'database',
          registration: JSON.stringify(registration),
          scope: scopeOf(registration),
          is_default: isDefault ? 1 : 0,
          created_at: now,
          updated_at: now,
        }),
        { conflict: 'resource' },
      );
    },

    /** Replaces the registration if it is still the one that was read, else Conflict('resource_change'). */
    replace(before: Resource, { registration, isDefault }: Omit<NewResource, 'identifier'>): void {
      database.write(
        sql`UPDATE resources SET registration = ${JSON.stringify(registration)}, scope = ${scopeOf(registration)},
            is_default = ${isDefault ? 1 : 0}, updated_at = ${nowSeconds()}
          WHERE identifier = ${before.identifier} AND source = 'database'
            AND registration = ${JSON.stringify(before.registration)}`,
        { expects: 1, conflict: 'resource_change' },
      );
    },

    /** Nothing but the identifier stays, so that nobody registers it again; Conflict as above. */
    remove(before: Resource): void {
      database.write(
        sql`UPDATE resources SET source = 'removed', registration = '{}', scope = '', is_default = 0,
            updated_at = ${nowSeconds()}
          WHERE identifier = ${before.identifier} AND source = 'database'
            AND registration = ${JSON.stringify(before.registration)}`,
        { expects: 1, conflict: 'resource_change' },
      );
    },

    clearDefault(): void {
      database.write(sql`UPDATE resources SET is_default = 0 WHERE is_default = 1`);
    },

    declare({ identifier, registration, isDefault }: NewResource): void {
      const now = nowSeconds();
      database.write(
        sql`INSERT INTO resources (identifier, source, registration, scope, is_default, created_at, updated_at)
          VALUES (${identifier}, 'file', ${JSON.stringify(registration)}, ${scopeOf(registration)}, ${isDefault ? 1 : 0}, ${now}, ${now})
          ON CONFLICT (identifier) DO UPDATE SET
            covered = CASE WHEN resources.source = 'database' THEN resources.registration ELSE resources.covered END,
            source = 'file', registration = excluded.registration, scope = excluded.scope,
            is_default = excluded.is_default, updated_at = excluded.updated_at`,
      );
    },

    /** The database's own registrations that declarations of the file cover, by identifier. */
    async listCovered(): Promise<Map<string, ResourceRegistration>> {
      const rows = await database.list<{ identifier: string; covered: string }>(
        sql`SELECT identifier, covered FROM resources WHERE covered IS NOT NULL LIMIT ${MOST_RESOURCES}`,
      );
      return new Map(rows.map((row) => [row.identifier, JSON.parse(row.covered) as ResourceRegistration]));
    },

    /** The file declares it no longer: the database's own registration comes back, or the API is gone. */
    undeclare(identifier: string, covered: ResourceRegistration | undefined): void {
      if (covered === undefined) {
        database.write(
          sql`DELETE FROM resources WHERE identifier = ${identifier} AND source = 'file' AND covered IS NULL`,
        );
        return;
      }
      database.write(
        sql`UPDATE resources SET source = 'database', registration = ${JSON.stringify(covered)}, scope = ${scopeOf(covered)},
            covered = NULL, updated_at = ${nowSeconds()}
          WHERE identifier = ${identifier} AND source = 'file'`,
      );
    },
  };
}
