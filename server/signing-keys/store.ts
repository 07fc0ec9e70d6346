// Signing keys at rest. Atomic: the first key of an algorithm is inserted once (primary key); who comes second gets a Conflict.
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { insert, sql } from '../storage/statement.ts';

type Row = { kid: string; algorithm: string; public_jwk: string; sealed_private_jwk: Buffer };

export function createSigningKeyStore(database: Database) {
  return {
    /** Keys that sign or still verify: the signing one of each algorithm first. */
    list: () =>
      database.list<Row>(
        sql`SELECT kid, algorithm, public_jwk, sealed_private_jwk FROM signing_keys
          WHERE retired_at IS NULL ORDER BY passive_at IS NOT NULL, generation DESC LIMIT 50`,
      ),

    /** Conflict('signing_key') where there is a first one already. */
    registerFirst(algorithm: string, key: { kid: string; publicJwk: string; sealed: Buffer }): void {
      const now = nowSeconds();
      const row = {
        algorithm,
        generation: 1,
        kid: key.kid,
        public_jwk: key.publicJwk,
        sealed_private_jwk: key.sealed,
        created_at: now,
        active_at: now,
      };
      database.write(insert('signing_keys', row), { conflict: 'signing_key' });
    },
  };
}
