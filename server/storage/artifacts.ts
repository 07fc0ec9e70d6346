// What lives for minutes (codes, interactions, pushed requests). Atomic: consuming is a compare-and-set, a save carries the version it read.
import { nowSeconds } from '../clock.ts';
import { seal, sha256, unseal } from '../secrets.ts';
import { checkWhole, parseObject, readRow } from './damage.ts';
import type { Database } from './database.ts';
import { insert, sql } from './statement.ts';
import { sweepExpired } from './sweep.ts';

const PAYLOAD_VERSION = 1;

export type ArtifactRecord = {
  accountId: string | undefined;
  clientId: string | undefined;
  expiresAt: number;
  payload: Record<string, unknown>;
};
export type StoredArtifact = ArtifactRecord & { version: number; consumedAt: number | undefined };

type Row = {
  account_id: string | null;
  client_id: string | null;
  payload: Buffer;
  version: number;
  expires_at: number;
  consumed_at: number | null;
};

/** `key` seals the payloads: they hold requests of people, tokens sent as hints among them. */
export function createArtifacts(options: { database: Database; key: Buffer }) {
  const { database, key } = options;

  function open(model: string, row: Row): StoredArtifact {
    checkWhole(row.version, row.expires_at, row.consumed_at);
    return {
      accountId: row.account_id ?? undefined,
      clientId: row.client_id ?? undefined,
      payload: parseObject(unseal(key, row.payload, `artifact ${model}`)),
      version: row.version,
      expiresAt: row.expires_at,
      consumedAt: row.consumed_at ?? undefined,
    };
  }

  return {
    async find(model: string, id: string): Promise<StoredArtifact | undefined> {
      const row = await database.find<Row>(
        sql`SELECT account_id, client_id, payload, version, expires_at, consumed_at
          FROM artifacts WHERE model = ${model} AND id_hash = ${sha256(id)}`,
      );
      return row === undefined ? undefined : readRow('artifacts', row, (one) => open(model, one));
    },

    /** A new artifact. Conflict(model) where the id exists. */
    register(model: string, id: string, record: ArtifactRecord): void {
      const row = {
        model,
        id_hash: sha256(id),
        account_id: record.accountId ?? null,
        client_id: record.clientId ?? null,
        payload: seal(key, JSON.stringify(record.payload), `artifact ${model}`),
        payload_version: PAYLOAD_VERSION,
        version: 1,
        created_at: nowSeconds(),
        expires_at: record.expiresAt,
      };
      database.write(insert('artifacts', row), { conflict: model });
    },

    /** Replaces the payload if nobody did since `version` was read, else Conflict(model). Never touches consumed_at. */
    replace(model: string, id: string, change: ArtifactRecord & { version: number }): void {
      database.write(
        sql`UPDATE artifacts SET payload = ${seal(key, JSON.stringify(change.payload), `artifact ${model}`)},
            account_id = ${change.accountId ?? null},
            expires_at = ${change.expiresAt}, version = version + 1
          WHERE model = ${model} AND id_hash = ${sha256(id)} AND version = ${change.version}`,
        { expects: 1, conflict: model },
      );
    },

    /** Exactly one consumer wins; the others' units fail with Conflict(model). */
    consume(model: string, id: string, at: number): void {
      database.write(
        sql`UPDATE artifacts SET consumed_at = ${at} WHERE model = ${model} AND id_hash = ${sha256(id)} AND consumed_at IS NULL`,
        { expects: 1, conflict: model },
      );
    },

    /** Counts a failed use in one statement; the `most`-th consumes it, so that guesses are bounded and nobody has it after. */
    recordFailure(model: string, id: string, { at, most }: { at: number; most: number }): void {
      database.write(
        sql`UPDATE artifacts SET failures = failures + 1,
            consumed_at = CASE WHEN failures + 1 >= ${most} THEN COALESCE(consumed_at, ${at}) ELSE consumed_at END
          WHERE model = ${model} AND id_hash = ${sha256(id)}`,
      );
    },

    /** Removes it. Where somebody else did, the unit fails with Conflict(model). */
    remove(model: string, id: string): void {
      database.write(sql`DELETE FROM artifacts WHERE model = ${model} AND id_hash = ${sha256(id)}`, {
        expects: 1,
        conflict: model,
      });
    },

    sweep: sweepExpired(database, 'artifacts', ['model', 'id_hash']),
  };
}

export type Artifacts = ReturnType<typeof createArtifacts>;
