// The file of a service account's credentials, as the command line writes it: once, and for its owner only.
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { Refusal } from '../errors.ts';
import type { GoogleCredentials } from '../service-accounts/credentials.ts';

function refuse(file: string, cause: unknown): never {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  const words = code === 'EEXIST' ? `${file} is there already.` : `${file} cannot be written (${code}).`;
  throw new Refusal('invalid_request', { words, param: 'make_key', cause });
}

/**
 * Makes the file before the key is made, so that no key is registered whose private half was lost, and takes it away
 * where nothing came of it.
 */
export async function writeCredentials<T extends { credentials?: GoogleCredentials }>(
  file: string,
  make: () => Promise<T>,
): Promise<Omit<T, 'credentials'> & { credentials_file: string }> {
  let handle: number;
  try {
    handle = openSync(file, 'wx', 0o600);
  } catch (cause) {
    return refuse(file, cause);
  }
  try {
    const { credentials, ...made } = await make();
    writeSync(handle, `${JSON.stringify(credentials, null, 2)}\n`);
    fsyncSync(handle);
    return { ...made, credentials_file: file };
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
}
