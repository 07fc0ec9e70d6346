// Signing keys at rest. Atomic: a generation of an algorithm is inserted once (primary key), a key becomes active or goes once
// (compare and set of its state); who comes second gets a Conflict.
// The next key has passive_at before active_at: a program that knows no next keys does not sign with it either.
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { insert, sql } from '../storage/statement.ts';
import type { Algorithm, KeyTimes } from './rotation.ts';

export type SealedKey = KeyTimes & { readonly publicJwk: string; readonly sealedPrivateJwk: Buffer };

type Row = {
  kid: string;
  algorithm: string;
  public_jwk: string;
  sealed_private_jwk: Buffer;
  created_at: number;
  active_at: number;
  passive_at: number | null;
  retired_at: number | null;
  longest_seconds: number;
};

type NewKey = { kid: string; publicJwk: string; sealed: Buffer };

const CONFLICT = { conflict: 'signing_key' };
const LOST = { ...CONFLICT, expects: 1 };

function toKey(row: Row): SealedKey {
  return {
    kid: row.kid,
    algorithm: row.algorithm as Algorithm,
    publicJwk: row.public_jwk,
    sealedPrivateJwk: row.sealed_private_jwk,
    createdAt: row.created_at,
    activeAt: row.active_at,
    passiveAt: row.passive_at ?? undefined,
    retiredAt: row.retired_at ?? undefined,
    longestSeconds: row.longest_seconds,
  };
}

export function createSigningKeyStore(database: Database) {
  return {
    /** Keys that are published: the signing one of each algorithm first. */
    async list(): Promise<SealedKey[]> {
      const rows = await database.list<Row>(
        sql`SELECT kid, algorithm, public_jwk, sealed_private_jwk, created_at, active_at, passive_at, retired_at, longest_seconds
          FROM signing_keys WHERE retired_at IS NULL ORDER BY passive_at IS NOT NULL, generation DESC LIMIT 1000`,
      );
      return rows.map(toKey);
    },

    /** The latest of those that have gone. */
    async listRetired(limit: number): Promise<SealedKey[]> {
      const rows = await database.list<Row>(
        sql`SELECT kid, algorithm, public_jwk, sealed_private_jwk, created_at, active_at, passive_at, retired_at, longest_seconds
          FROM signing_keys WHERE retired_at IS NOT NULL ORDER BY retired_at DESC, kid LIMIT ${limit}`,
      );
      return rows.map(toKey);
    },

    /** The newest generation of each algorithm that has one, gone or not. */
    async listGenerations(): Promise<ReadonlyMap<string, number>> {
      const rows = await database.list<{ algorithm: string; generation: number }>(
        sql`SELECT algorithm, MAX(generation) AS generation FROM signing_keys GROUP BY algorithm LIMIT 100`,
      );
      return new Map(rows.map(({ algorithm, generation }) => [algorithm, generation]));
    },

    /** The first key of an algorithm, or one that takes over at once. */
    registerActive(algorithm: Algorithm, generation: number, key: NewKey): void {
      const now = nowSeconds();
      const row = { algorithm, generation, kid: key.kid, public_jwk: key.publicJwk };
      database.write(
        insert('signing_keys', { ...row, sealed_private_jwk: key.sealed, created_at: now, active_at: now }),
        CONFLICT,
      );
    },

    registerNext(
      algorithm: Algorithm,
      generation: number,
      { key, activeAt }: { key: NewKey; activeAt: number },
    ): void {
      const now = nowSeconds();
      const row = { algorithm, generation, kid: key.kid, public_jwk: key.publicJwk };
      const times = { created_at: now, passive_at: now, active_at: activeAt };
      database.write(insert('signing_keys', { ...row, ...times, sealed_private_jwk: key.sealed }), CONFLICT);
    },

    /** The key that signs does so no more. */
    makePassive(kid: string): void {
      const now = nowSeconds();
      // Never earlier than it began, whatever the clock says: it would look like a next one.
      database.write(
        sql`UPDATE signing_keys SET passive_at = CASE WHEN active_at > ${now} THEN active_at ELSE ${now} END
          WHERE kid = ${kid} AND passive_at IS NULL AND retired_at IS NULL`,
        LOST,
      );
    },

    /** The next key signs from now on. */
    makeActive(kid: string): void {
      database.write(
        sql`UPDATE signing_keys SET passive_at = NULL, active_at = ${nowSeconds()}
          WHERE kid = ${kid} AND active_at > passive_at AND retired_at IS NULL`,
        LOST,
      );
    },

    /** Its private half goes with it. */
    retire(kid: string): void {
      database.write(
        sql`UPDATE signing_keys SET retired_at = ${nowSeconds()}, passive_at = COALESCE(passive_at, ${nowSeconds()}),
            sealed_private_jwk = ${Buffer.alloc(0)}
          WHERE kid = ${kid} AND retired_at IS NULL`,
        LOST,
      );
    },

    reseal(kid: string, { before, after }: { before: Buffer; after: Buffer }): void {
      database.write(
        sql`UPDATE signing_keys SET sealed_private_jwk = ${after} WHERE kid = ${kid} AND sealed_private_jwk = ${before}`,
        LOST,
      );
    },

    noteLongest(kid: string, longestSeconds: number): void {
      database.write(
        sql`UPDATE signing_keys SET longest_seconds = ${longestSeconds}
          WHERE kid = ${kid} AND longest_seconds < ${longestSeconds}`,
      );
    },
  };
}
