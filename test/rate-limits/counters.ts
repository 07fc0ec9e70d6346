// Counters in a SQLite of their own, as the storage of the program gives them to the limiter.
import Sqlite from 'better-sqlite3';
import type { Counters } from '../../server/storage/database.ts';

export function openCounters(path = ':memory:') {
  const connection = new Sqlite(path);
  const counters: Counters = {
    dialect: 'sqlite',
    async query(sql, bindings) {
      const statement = connection.prepare(sql);
      if (!statement.reader) {
        statement.run(...bindings);
        return [];
      }
      return statement.all(...bindings) as Record<string, unknown>[];
    },
  };
  return { counters, connection };
}
