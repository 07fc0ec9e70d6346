// The server's own keys, one for each purpose, kept sealed in the database and shared by all nodes.
import { nowSeconds } from '../clock.ts';
import { randomKey, seal, sha256Hex, unseal } from '../secrets.ts';
import type { Database } from './database.ts';
import type { Deployment } from './deployment.ts';
import { insert, orIgnore, sql } from './statement.ts';

const keyPurposes = ['cookie', 'csrf', 'refresh', 'artifact', 'device', 'user_code', 'outbox'] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

/** Thrown where the secrets file is not the one that sealed the keys in the database. */
export class WrongSecretsFile extends Error {}

export type Sealer = {
  seal(plain: string, purpose: string): Buffer;
  unseal(sealed: Buffer, purpose: string): string;
  /** The name of the key that opens it. */
  openerOf(sealed: Buffer, purpose: string): string;
};

const NAME_CHARACTERS = 12;

/** By which a key of the secrets file is told from another. It opens nothing. */
export function nameOfKey(key: Buffer): string {
  return sha256Hex(key.toString('base64url')).slice(0, NAME_CHARACTERS);
}

/** Seals with the first key of the secrets file and opens with any of them. */
export function createSealer(keys: readonly [Buffer, ...Buffer[]]): Sealer {
  function open(sealed: Buffer, purpose: string): { key: Buffer; plain: string } {
    for (const key of keys) {
      try {
        return { key, plain: unseal(key, sealed, purpose) };
      } catch {
        // Another key of the file may be the one.
      }
    }
    throw new WrongSecretsFile(
      'the secrets file does not open the keys in the database: it is not the one they were sealed with',
    );
  }

  return {
    seal: (plain, purpose) => seal(keys[0], plain, purpose),
    unseal: (sealed, purpose) => open(sealed, purpose).plain,
    openerOf: (sealed, purpose) => nameOfKey(open(sealed, purpose).key),
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

type SealedRow = { purpose: KeyPurpose; generation: number; sealed: Buffer; created_at: number };

function listRows(database: Database): Promise<SealedRow[]> {
  return database.list<SealedRow>(
    sql`SELECT purpose, generation, sealed, created_at FROM server_keys
      WHERE retired_at IS NULL ORDER BY purpose, generation DESC LIMIT 1000`,
  );
}

/** How long a cookie is good at most: an older key is needed no longer once a newer one has signed for this long. */
type Overlap = { readonly keepSeconds: number };

/** Those that sign or may have signed a cookie that is still good; and those that cannot. */
async function sortCookieKeys(database: Database, { keepSeconds }: Overlap) {
  const rows = (await listRows(database)).filter((row) => row.purpose === 'cookie');
  const isSpent = (_: SealedRow, index: number) =>
    (rows[index - 1]?.created_at ?? Number.POSITIVE_INFINITY) < nowSeconds() - keepSeconds;
  return { good: rows.filter((row, index) => !isSpent(row, index)), spent: rows.filter(isSpent) };
}

/** The keys that sign cookies, newest first. */
export async function loadCookieKeys(
  database: Database,
  sealer: Sealer,
  overlap: Overlap,
): Promise<Buffer[]> {
  const { good } = await sortCookieKeys(database, overlap);
  return good.map((row) => Buffer.from(sealer.unseal(row.sealed, 'server key cookie'), 'base64url'));
}

/**
 * Another key signs cookies from the next request on, at every process; those before it verify what they have signed.
 * In the open unit. Conflict('cookie_key') where another process was faster.
 */
export async function rotateCookieKey(
  { database, deployment, sealer }: { database: Database; deployment: Deployment; sealer: Sealer },
  overlap: Overlap,
): Promise<{ generation: number }> {
  const { good, spent } = await sortCookieKeys(database, overlap);
  const generation = (good[0]?.generation ?? 0) + 1;
  const sealed = sealer.seal(randomKey().toString('base64url'), 'server key cookie');
  const row = { purpose: 'cookie', generation, sealed, created_at: nowSeconds() };
  database.write(insert('server_keys', row), { conflict: 'cookie_key' });
  for (const old of spent) {
    database.write(
      sql`UPDATE server_keys SET retired_at = ${nowSeconds()}, sealed = ${Buffer.alloc(0)}
        WHERE purpose = 'cookie' AND generation = ${old.generation}`,
    );
  }
  // Every process reads the keys again before its next request.
  deployment.bumpCatalog();
  return { generation };
}

/** Which key of the secrets file opens each of them. */
export async function listServerKeySeals(database: Database, sealer: Sealer): Promise<string[]> {
  const rows = await listRows(database);
  return rows.map(({ purpose, sealed }) => sealer.openerOf(sealed, `server key ${purpose}`));
}

/** Seals all of them with the first key of the secrets file, in the open unit. Conflict('server_key') where one has changed. */
export async function resealServerKeys(database: Database, sealer: Sealer): Promise<number> {
  const rows = await listRows(database);
  for (const { purpose, generation, sealed } of rows) {
    const words = `server key ${purpose}`;
    const anew = sealer.seal(sealer.unseal(sealed, words), words);
    database.write(
      sql`UPDATE server_keys SET sealed = ${anew}
        WHERE purpose = ${purpose} AND generation = ${generation} AND sealed = ${sealed}`,
      { expects: 1, conflict: 'server_key' },
    );
  }
  return rows.length;
}
