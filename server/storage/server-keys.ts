// The server's own keys, one for each purpose, kept sealed in the database and shared by all nodes.
import { nowSeconds } from '../clock.ts';
import { randomKey, seal, unseal } from '../secrets.ts';
import type { Database } from './database.ts';
import { insert, orIgnore, sql } from './statement.ts';

export const keyPurposes = [
  'cookie',
  'csrf',
  'refresh',
  'artifact',
  'device',
  'user_code',
  'outbox',
] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

/** Thrown where the secrets file is not the one that sealed the keys in the database. */
export class WrongSecretsFile extends Error {}

export type Sealer = {
  seal(plain: string, purpose: string): Buffer;
  unseal(sealed: Buffer, purpose: string): string;
};

/** Seals with the newest key of the secrets file and opens with any of them. */
export function createSealer(keys: readonly [Buffer, ...Buffer[]]): Sealer {
  return {
    seal: (plain, purpose) => seal(keys[0], plain, purpose),
    unseal(sealed, purpose) {
      for (const key of keys) {
        try {
          return unseal(key, sealed, purpose);
        } catch {
          // Another key of the file may be the one.
        }
      }
      throw new WrongSecretsFile(
        'the secrets file does not open the keys in the database: it is not the one they were sealed with',
      );
    },
  };
}

/** Are there keys in the database already? Then the secrets file must be the old one and is never made anew. */
export async function hasServerKeys(database: Database): Promise<boolean> {
  return (await database.find(sql`SELECT 1 AS one FROM server_keys LIMIT 1`)) !== undefined;
}

/** Makes the missing keys (the first process wins) and answers them by purpose, newest first. */
export async function loadServerKeys(
  database: Database,
  sealer: Sealer,
): Promise<Record<KeyPurpose, readonly [Buffer, ...Buffer[]]>> {
  await database.transact(() => {
    for (const purpose of keyPurposes) {
      const sealed = sealer.seal(randomKey().toString('base64url'), `server key ${purpose}`);
      const row = { purpose, generation: 1, sealed, created_at: nowSeconds() };
      database.write(orIgnore(insert('server_keys', row)));
    }
  });
  const rows = await database.list<{ purpose: KeyPurpose; sealed: Buffer }>(
    sql`SELECT purpose, sealed FROM server_keys WHERE retired_at IS NULL ORDER BY generation DESC LIMIT 100`,
  );
  function keysOf(purpose: KeyPurpose): readonly [Buffer, ...Buffer[]] {
    const keys = rows
      .filter((row) => row.purpose === purpose)
      .map((row) => Buffer.from(sealer.unseal(row.sealed, `server key ${purpose}`), 'base64url'));
    const [first, ...rest] = keys;
    if (first === undefined) throw new Error(`no server key for ${purpose}`);
    return [first, ...rest];
  }
  return Object.fromEntries(keyPurposes.map((purpose) => [purpose, keysOf(purpose)])) as Record<
    KeyPurpose,
    readonly [Buffer, ...Buffer[]]
  >;
}
