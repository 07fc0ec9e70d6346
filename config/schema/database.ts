// Where everything is kept: `database`.
import { dirname } from 'node:path';
import { z } from 'zod';
import { textWithout, whole } from './elements.ts';

function findDatabaseUrlFault(value: string): string | undefined {
  if (value.startsWith('sqlite:')) {
    const path = value.slice('sqlite:'.length);
    if (path === '') return 'needs a path after sqlite:';
    return path === ':memory:' ? 'must name a file: a database in memory has no write-ahead log' : undefined;
  }
  if (!/^postgres(ql)?:\/\//.test(value)) return 'must begin with sqlite: or postgres://';
  return URL.canParse(value) ? undefined : 'must be a URL such as postgres://user:password@host:5432/name';
}

export const database = z.strictObject({
  url: textWithout(findDatabaseUrlFault)
    .default('sqlite:data/latchkey.sqlite')
    .describe(
      '`sqlite:PATH` (one machine) or `postgres://…` (several). The path is relative to the working directory.',
    ),
  pool_max: whole(8, 'Connections to PostgreSQL at most, for one process. SQLite has a single writer.', {
    max: 1000,
  }),
});

export function findDataFolder(databaseUrl: string): string {
  return databaseUrl.startsWith('sqlite:') ? dirname(databaseUrl.slice('sqlite:'.length)) : 'data';
}
