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

    believe(id: string, name: string): void {
      database.write(sql`DELETE FROM ended_keys WHERE client_id = ${id} AND key_name = ${name}`);
    },

    believeAll(id: string): void {
      database.write(sql`DELETE FROM ended_keys WHERE client_id = ${id}`);
    },
  };
}
