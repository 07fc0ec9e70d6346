// A statement is SQL text with `?` placeholders and its values: the one shape that both databases are given.

export type Value = string | number | Buffer | null;
export type Statement = { readonly sql: string; readonly bindings: readonly Value[] };

/** What knex's builder answers: it is used to write SQL, never to run it. */
export type Builder = { toSQL(): { toNative(): { sql: string; bindings: readonly unknown[] } } };

/** A statement as a tagged template: sql`SELECT … WHERE id = ${id}`. Every value becomes a placeholder. */
export function sql(parts: TemplateStringsArray, ...bindings: Value[]): Statement {
  return { sql: parts.join('?'), bindings };
}

/** An INSERT of one row; the columns are the keys of the row (our own words, never input). */
export function insert(table: string, row: Record<string, Value>): Statement {
  const columns = Object.keys(row);
  const places = columns.map(() => '?').join(', ');
  return {
    sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`,
    bindings: Object.values(row),
  };
}

/** The same statement, which does nothing where the row is there already. */
export function orIgnore(statement: Statement): Statement {
  return { ...statement, sql: `${statement.sql} ON CONFLICT DO NOTHING` };
}

const numbered = new Map<string, string>();

/** PostgreSQL's spelling: `?` becomes $1, $2, … . Our SQL holds no `?` but placeholders. */
export function toNumbered(text: string): string {
  const known = numbered.get(text);
  if (known !== undefined) return known;
  let count = 0;
  const result = text.replace(/\?/g, () => {
    count += 1;
    return `$${count}`;
  });
  if (numbered.size < 1000) numbered.set(text, result);
  return result;
}
