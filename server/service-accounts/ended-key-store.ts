// Keys that are believed no longer, by the issuer or service account whose they are, and the access tokens that rest on them. Every
// write is in the open unit of the change itself. `name` is the kid or the thumbprint of a key.
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { insert, orIgnore, sql } from '../storage/statement.ts';

export function createEndedKeyStore(database: Database) {
  return {
    /** What was issued on the word of this key. It stays dead when the key is believed again. */
    end(id: string, name: string): void {
      database.write(
        sql`UPDATE access_tokens SET revoked_at = ${nowSeconds()}
          WHERE asserted_by = ${id} AND asserted_key IS NOT NULL AND revoked_at IS NULL
            AND (asserted_key = ${name} OR asserted_thumbprint = ${name})`,
      );
    },

    /** The same of all of its keys. */
    endAll(id: string): void {
      database.write(
        sql`UPDATE access_tokens SET revoked_at = ${nowSeconds()}
          WHERE asserted_by = ${id} AND asserted_key IS NOT NULL AND revoked_at IS NULL`,
      );
    },

    /** Introspection asks for this: a token that is issued at the same moment, on a judgement of before, is dead too. */
    disbelieve(id: string, name: string): void {
      const row = { client_id: id, key_name: name, ended_at: nowSeconds() };
      database.write(orIgnore(insert('ended_keys', row)));
    },

    /** What was issued between its end and now, on a judgement of before, stays dead with the rest. */
    believe(id: string, name: string): void {
      database.write(
        sql`UPDATE access_tokens SET revoked_at = ${nowSeconds()}
          WHERE asserted_by = ${id} AND asserted_key IS NOT NULL AND revoked_at IS NULL
            AND (asserted_key = ${name} OR asserted_thumbprint = ${name})
            AND EXISTS (SELECT 1 FROM ended_keys k WHERE k.client_id = ${id} AND k.key_name = ${name})`,
      );
      database.write(sql`DELETE FROM ended_keys WHERE client_id = ${id} AND key_name = ${name}`);
    },

    believeAll(id: string): void {
      database.write(
        sql`UPDATE access_tokens SET revoked_at = ${nowSeconds()}
          WHERE asserted_by = ${id} AND asserted_key IS NOT NULL AND revoked_at IS NULL
            AND EXISTS (SELECT 1 FROM ended_keys k WHERE k.client_id = ${id}
              AND (k.key_name = access_tokens.asserted_key OR k.key_name = access_tokens.asserted_thumbprint))`,
      );
      database.write(sql`DELETE FROM ended_keys WHERE client_id = ${id}`);
    },

    /** Those on whose word nothing lives any more. That a key is disabled stands in the registration, which is not touched. */
    async sweep(beforeAt: number, limit: number): Promise<number> {
      const rows = await database.list<{ client_id: string; key_name: string }>(
        sql`SELECT e.client_id, e.key_name FROM ended_keys e WHERE e.ended_at < ${beforeAt} AND NOT EXISTS (
            SELECT 1 FROM access_tokens t WHERE t.asserted_by = e.client_id AND t.asserted_key IS NOT NULL
              AND t.expires_at > ${nowSeconds()} AND t.revoked_at IS NULL) LIMIT ${limit}`,
      );
      await database.transact(() => {
        for (const { client_id: id, key_name: name } of rows)
          database.write(
            sql`DELETE FROM ended_keys WHERE client_id = ${id} AND key_name = ${name} AND ended_at < ${beforeAt}`,
          );
      });
      return rows.length;
    },
  };
}
