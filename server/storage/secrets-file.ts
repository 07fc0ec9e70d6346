// The secrets file: the keys that seal what the database keeps encrypted. It is the one secret outside of the database.
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { randomKey, randomSecret } from '../secrets.ts';
import type { Database } from './database.ts';
import { makeFolder } from './folders.ts';
import { createSealer, hasServerKeys, type Sealer, WrongSecretsFile } from './server-keys.ts';

const MODE = 0o600;
const OTHERS = 0o077;
const KEY_BYTES = 32;
const HEADER =
  '# Latchkey: the key that seals the keys in the database. Keep it secret, and keep a copy apart from the database.';

export class SecretsFileError extends Error {}

function isAlready(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

// What the database keeps sealed is lost with this file, so its name must outlive a power cut as well.
function flushDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/**
 * Makes the file with one new key, mode 0600, unless it is there. Of several processes one makes it:
 * it is written whole under another name first, so that nobody reads half of it.
 */
export function createSecretsFile(path: string): void {
  makeFolder(dirname(path));
  const draft = `${path}.${randomSecret(6)}`;
  const text = `${HEADER}\n${randomKey(KEY_BYTES).toString('base64url')}\n`;
  writeFileSync(draft, text, { mode: MODE, flag: 'wx', flush: true });
  try {
    linkSync(draft, path);
    flushDirectory(dirname(path));
  } catch (error) {
    if (!isAlready(error)) throw error;
  } finally {
    rmSync(draft);
  }
}

/** The keys of the file, newest first. Refuses a file that is missing, that others can read, or that holds no key. */
export function readSecretsFile(path: string): readonly [Buffer, ...Buffer[]] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new SecretsFileError(`the secrets file ${path} is missing`);
  if (!found.isFile()) throw new SecretsFileError(`the secrets file ${path} is no file`);
  if ((found.mode & OTHERS) !== 0) {
    throw new SecretsFileError(`the secrets file ${path} can be read by others; run: chmod 600 ${path}`);
  }
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const keys = lines.map((line) => Buffer.from(line, 'base64url'));
  const [first, ...rest] = keys;
  if (first === undefined || keys.some((key) => key.length !== KEY_BYTES)) {
    throw new SecretsFileError(
      `the secrets file ${path} must hold keys of ${KEY_BYTES} bytes in base64url, one a line`,
    );
  }
  return [first, ...rest];
}

type Keys = readonly [Buffer, ...Buffer[]];

/**
 * Puts other keys into the file, whole or not at all. One process at a time: a key that somebody has sealed with must not
 * be lost because another one wrote at the same time. Refuses where the lock is taken.
 */
export function changeSecretsFile(path: string, change: (keys: Keys) => Keys): Keys {
  const lock = `${path}.lock`;
  try {
    closeSync(openSync(lock, 'wx', MODE));
  } catch (error) {
    if (!isAlready(error)) throw error;
    throw new SecretsFileError(`another command changes the secrets file; if none does, remove ${lock}`);
  }
  try {
    const keys = change(readSecretsFile(path));
    const draft = `${path}.${randomSecret(6)}`;
    const lines = keys.map((key) => key.toString('base64url')).join('\n');
    writeFileSync(draft, `${HEADER}\n${lines}\n`, { mode: MODE, flag: 'wx', flush: true });
    renameSync(draft, path);
    flushDirectory(dirname(path));
    return keys;
  } finally {
    rmSync(lock);
  }
}

/** Reads the file again where it may have other keys by now, so that nobody has to be started anew. */
function createFileSealer(path: string): Sealer {
  let current = createSealer(readSecretsFile(path));

  function readAgain(): Sealer {
    try {
      current = createSealer(readSecretsFile(path));
    } catch {
      // It may have been there for the start alone. What was read then is still good.
    }
    return current;
  }

  return {
    seal: (plain, purpose) => readAgain().seal(plain, purpose),
    openerOf: (sealed, purpose) => readAgain().openerOf(sealed, purpose),
    unseal(sealed, purpose) {
      try {
        return current.unseal(sealed, purpose);
      } catch (error) {
        if (!(error instanceof WrongSecretsFile)) throw error;
        return readAgain().unseal(sealed, purpose);
      }
    },
  };
}

/** Opens the sealer; makes the file only for a database that has nothing sealed yet. */
export async function openSealer(path: string, database: Database): Promise<Sealer> {
  if (!(await hasServerKeys(database))) createSecretsFile(path);
  return createFileSealer(path);
}
