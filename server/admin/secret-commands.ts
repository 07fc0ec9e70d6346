// What an operator may do with the secrets file and the keys that it seals: exchange them while servers run.
import { Refusal } from '../errors.ts';
import { randomKey } from '../secrets.ts';
import { Conflict } from '../storage/faults.ts';
import { changeSecretsFile, readSecretsFile } from '../storage/secrets-file.ts';
import {
  listServerKeySeals,
  loadCookieKeys,
  nameOfKey,
  resealServerKeys,
  rotateCookieKey,
} from '../storage/server-keys.ts';
import { type AdminParts, OPERATOR } from './parts.ts';

type Parts = Pick<AdminParts, 'config' | 'database' | 'audit' | 'sealer' | 'signingKeys' | 'deployment'>;

export type ShownSecret = {
  /** Tells it from others and opens nothing. */
  key: string;
  /** Does it seal what is new? The others only open. */
  seals: boolean;
  /** How many keys in the database it has sealed. */
  sealed: number;
};

/** A change by somebody else in between: nothing was done, and it may be tried again. */
async function unlessChanged<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Conflict) throw new Refusal('conflict');
    throw error;
  }
}

/** The keys of the secrets file of this machine, in their order. */
export async function listSecrets({ config, database, sealer, signingKeys }: Parts): Promise<ShownSecret[]> {
  const openers = [...(await listServerKeySeals(database, sealer)), ...(await signingKeys.listSeals())];
  return readSecretsFile(config.secrets_file).map((key, index) => {
    const name = nameOfKey(key);
    return { key: name, seals: index === 0, sealed: openers.filter((opener) => opener === name).length };
  });
}

/** One more key, which only opens until something is sealed anew: nothing goes wrong before every node has the file. */
export async function addSecret(parts: Parts): Promise<ShownSecret[]> {
  changeSecretsFile(parts.config.secrets_file, ([first, ...rest]) => [first, ...rest, randomKey(32)]);
  return listSecrets(parts);
}

/** Servers that run read the file again. */
async function sealAnew(parts: Parts, first: Buffer): Promise<ShownSecret[]> {
  const { database, audit, sealer, signingKeys } = parts;
  await unlessChanged(() =>
    database.transact(async () => {
      const count = (await resealServerKeys(database, sealer)) + (await signingKeys.reseal());
      audit.record('secrets.resealed', { actor: OPERATOR, details: { key: nameOfKey(first), count } });
    }),
  );
  return listSecrets(parts);
}

/** The last key of the file becomes the first, and everything is sealed with it. */
function sealWithLast(parts: Parts): Promise<ShownSecret[]> {
  const [first] = changeSecretsFile(parts.config.secrets_file, (keys) => [
    keys.at(-1) ?? keys[0],
    ...keys.slice(0, -1),
  ]);
  return sealAnew(parts, first);
}

/**
 * The same; but where another key than the first has sealed something, a reseal was broken off, or a node had the file of
 * before: then the first key stays, for the last one is the one that was to go.
 */
export async function resealSecrets(parts: Parts): Promise<ShownSecret[]> {
  const isUnfinished = (await listSecrets(parts)).some(({ seals, sealed }) => !seals && sealed > 0);
  if (!isUnfinished) return sealWithLast(parts);
  const [first] = readSecretsFile(parts.config.secrets_file);
  return sealAnew(parts, first);
}

/** Keys that seal nothing leave the file. A backup that was sealed with one needs the file of its own day. */
export async function dropSecrets(parts: Parts): Promise<ShownSecret[]> {
  const known = await listSecrets(parts);
  const needed = new Set(known.filter(({ seals, sealed }) => seals || sealed > 0).map(({ key }) => key));
  changeSecretsFile(parts.config.secrets_file, ([first, ...rest]) => [
    first,
    ...rest.filter((key) => needed.has(nameOfKey(key))),
  ]);
  return listSecrets(parts);
}

/** Where one machine has the file: the new key at once. */
export async function rotateSecret(parts: Parts): Promise<ShownSecret[]> {
  await addSecret(parts);
  return sealWithLast(parts);
}

/** Another key signs cookies; nobody is signed out, since the one before verifies for as long as a sign-in may last. */
export async function rotateCookies(
  parts: Parts,
): Promise<{ generation: number; verifying: number; previous_good_for_seconds: number }> {
  const { config, database, audit, sealer } = parts;
  const overlap = { keepSeconds: config.sessions.absolute_seconds };
  const { generation } = await unlessChanged(() =>
    database.transact(async () => {
      const made = await rotateCookieKey(parts, overlap);
      audit.record('secrets.cookie_key_rotated', { actor: OPERATOR, details: made });
      return made;
    }),
  );
  const { length } = await loadCookieKeys(database, sealer, overlap);
  return { generation, verifying: length - 1, previous_good_for_seconds: overlap.keepSeconds };
}
