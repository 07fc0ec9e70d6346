// After a backup was put back (row F29): nobody knows what was ended since it was made, so all the access that stands in it ends.
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { type Statement, sql, type Value } from '../storage/statement.ts';
import { type AdminParts, OPERATOR } from './parts.ts';

const BATCH = 500;

export type Restored = { clients: number; sessions: number; api_keys: number };

type Page = { list: (after: Value, limit: number) => Statement; end: (key: Value) => Statement };

const sessions: Page = {
  list: (after, limit) =>
    sql`SELECT id_hash AS key FROM sessions WHERE id_hash > ${after} AND ended_at IS NULL ORDER BY id_hash LIMIT ${limit}`,
  end: (key) =>
    sql`UPDATE sessions SET ended_at = ${nowSeconds()} WHERE id_hash = ${key} AND ended_at IS NULL`,
};

/** Whoever holds one can have it enabled again, which a revoked one cannot be. */
const apiKeys: Page = {
  list: (after, limit) => sql`SELECT id AS key FROM api_keys
    WHERE id > ${after} AND disabled_at IS NULL AND revoked_at IS NULL ORDER BY id LIMIT ${limit}`,
  end: (key) => sql`UPDATE api_keys SET disabled_at = ${nowSeconds()}, version = version + 1
    WHERE id = ${key} AND disabled_at IS NULL`,
};

/** Everything issued to a client up to its `revoked_at` is dead: codes, grants and tokens, and what it signed itself. */
const clients: Page = {
  list: (after, limit) => sql`SELECT id AS key FROM clients WHERE id > ${after} ORDER BY id LIMIT ${limit}`,
  end: (key) => sql`UPDATE clients SET revoked_at = ${nowSeconds()} WHERE id = ${key}`,
};

/** By key, in small units: a server may be running beside. */
async function endEach(database: Database, { list, end }: Page, first: Value): Promise<number> {
  let total = 0;
  for (let after = first; ; ) {
    const rows = await database.list<{ key: Value }>(list(after, BATCH));
    await database.transact(() => {
      for (const { key } of rows) database.write(end(key));
    });
    total += rows.length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH) return total;
    after = last.key;
  }
}

/** What lives for minutes or days and opens something: links in mails, invitations, codes that wait. */
function endWhatWaits(database: Database): void {
  const now = nowSeconds();
  database.write(sql`DELETE FROM artifacts`);
  database.write(sql`UPDATE one_time_links SET consumed_at = ${now} WHERE consumed_at IS NULL`);
  database.write(sql`UPDATE team_invitations SET ended_at = ${now} WHERE ended_at IS NULL`);
  database.write(
    sql`UPDATE device_codes SET state = 'killed', decided_at = ${now} WHERE state = 'pending' OR consumed_at IS NULL`,
  );
}

/** Ends all of it; people sign in again, clients get new tokens, API keys wait to be enabled. It may be repeated. */
export async function endRestored({
  database,
  audit,
}: Pick<AdminParts, 'database' | 'audit'>): Promise<Restored> {
  const ended = {
    clients: await endEach(database, clients, ''),
    sessions: await endEach(database, sessions, Buffer.alloc(0)),
    api_keys: await endEach(database, apiKeys, 0),
  };
  await database.transact(() => {
    endWhatWaits(database);
    audit.record('deployment.restored', { actor: OPERATOR, details: ended });
  });
  return ended;
}
