// Looks for secrets where none may be, in every spelling in which a program might have left one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { Secrets } from './wire-tap.ts';

/** Base64 of the bytes wherever they stand in something longer: without the characters that its neighbours decide. */
function base64Spellings(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64url');
    const isCut = (offset + bytes.length) % 3 !== 0;
    const inner = text.slice(offset === 0 ? 0 : offset + 1, isCut ? -1 : undefined);
    return [inner, inner.replaceAll('-', '+').replaceAll('_', '/')];
  });
}

function spellingsOf(bytes: Buffer): Buffer[] {
  const texts = [bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64Spellings(bytes)];
  return [bytes, ...texts.map((text) => Buffer.from(text))];
}

/** The secret as it is, as an address would have it, without its prefix, and the bytes that its end stands for. */
function needlesOf(secret: string): Buffer[] {
  const texts = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  const random = /[A-Za-z0-9_-]{43}$/.exec(secret)?.[0];
  const bytes = texts.map((text) => Buffer.from(text));
  if (random !== undefined) bytes.push(Buffer.from(random), Buffer.from(random, 'base64url'));
  return bytes.flatMap(spellingsOf);
}

/** What kinds of secrets occur there; the secrets themselves are not told. */
export function findLeaks(haystack: Buffer, secrets: Secrets): string[] {
  const kinds = [...secrets].flatMap(([secret, kind]) =>
    needlesOf(secret).some((needle) => haystack.includes(needle)) ? [kind] : [],
  );
  return [...new Set(kinds)].toSorted();
}

/** The files of a SQLite database as they lie on the disk, write-ahead logs and counters too, and every row as text. */
export function readSqlite(directory: string, name: string): Buffer {
  const files = readdirSync(directory).filter((file) => file.startsWith(name) && !file.endsWith('-shm'));
  const rows = files
    .filter((file) => !file.endsWith('-wal'))
    .map((file) => dumpSqlite(join(directory, file)));
  return Buffer.concat([...files.map((file) => readFileSync(join(directory, file))), ...rows]);
}

// A long value is torn apart by the pages of the file; in its row it is whole.
function dumpSqlite(file: string): Buffer {
  const connection = new Sqlite(file, { readonly: true });
  const tables = connection
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .pluck()
    .all() as string[];
  const rows = tables.flatMap(
    (table) => connection.prepare(`SELECT * FROM "${table}"`).raw().all() as unknown[][],
  );
  connection.close();
  return joinValues(rows.flat());
}

/** Every column of every row of every table. */
export async function readPostgres(url: string): Promise<Buffer> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const tables = await client.query<{ name: string }>(
    "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  const values: unknown[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await client.query<unknown[]>({ text: `SELECT * FROM ${name}`, rowMode: 'array' });
    values.push(...rows.flat());
  }
  await client.end();
  return joinValues(values);
}

function joinValues(values: unknown[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => [
      Buffer.isBuffer(value) ? value : Buffer.from(String(value)),
      Buffer.from('\n'),
    ]),
  );
}
