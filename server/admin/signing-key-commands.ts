// What an operator may do with the keys behind /jwks: see them, let others take over, and end one that is known to others.
import { Refusal } from '../errors.ts';
import { type Algorithm, algorithms, type KeyTimes, rotatesAt, stateOf } from '../signing-keys/rotation.ts';
import { type AdminParts, OPERATOR } from './parts.ts';

type Parts = Pick<AdminParts, 'signingKeys'>;

export type ShownSigningKey = {
  kid: string;
  algorithm: string;
  /** next: published, does not sign yet. active: signs. passive: verifies what it signed. retired: gone. */
  state: string;
  created_at: number;
  /** Since when it signs, or from when. */
  signs_from: number;
  signs_until: number | null;
  /** Of the one that signs: when the next one takes over. */
  rotates_at: number | null;
  retired_at: number | null;
};

function readAlgorithms(name: string | undefined): readonly Algorithm[] {
  if (name === undefined) return algorithms;
  const found = algorithms.find((one) => one.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return [found];
  throw new Refusal('invalid_request', {
    words: `The algorithm is one of ${algorithms.join(', ')}.`,
    param: 'alg',
  });
}

function show(key: KeyTimes, { policy }: AdminParts['signingKeys']): ShownSigningKey {
  const state = stateOf(key);
  const isNext = key.passiveAt !== undefined && key.activeAt > key.passiveAt;
  return {
    ...{ kid: key.kid, algorithm: key.algorithm, state, created_at: key.createdAt, signs_from: key.activeAt },
    signs_until: isNext ? null : (key.passiveAt ?? null),
    rotates_at: state === 'active' ? rotatesAt(key, policy) : null,
    retired_at: key.retiredAt ?? null,
  };
}

/** Those that are published, the signing ones first, and then the latest of those that have gone. */
export async function listSigningKeys({ signingKeys }: Parts, limit: number): Promise<ShownSigningKey[]> {
  return (await signingKeys.list(limit)).map((key) => show(key, signingKeys));
}

/** The next key of each algorithm is published now, and takes over when every cache has it; or, where that is asked for, at once. */
export async function rotateSigningKeys(
  { signingKeys }: Parts,
  { alg, when }: { alg: string | undefined; when: 'soon' | 'now' },
): Promise<ShownSigningKey[]> {
  const chosen = readAlgorithms(alg);
  await signingKeys.ensure();
  const kids: string[] = [];
  for (const algorithm of chosen) {
    if (when === 'now') kids.push(await signingKeys.rotateNow(algorithm, OPERATOR));
    else kids.push((await signingKeys.rotateSoon(algorithm, OPERATOR)).kid);
  }
  const keys = await signingKeys.listPublished();
  return keys.filter(({ kid }) => kids.includes(kid)).map((key) => show(key, signingKeys));
}

export type RetiredSigningKey = {
  kid: string;
  algorithm: string;
  /** The key that signs instead, where it was the one that signed. */
  successor: string | null;
  /** Whoever verifies without asking us may have it for this long yet. */
  cached_for_seconds: number;
};

/** Refuses with not_found where there is none, or it has gone already. */
export async function retireSigningKey({ signingKeys }: Parts, kid: string): Promise<RetiredSigningKey> {
  const { algorithm, successor } = await signingKeys.retire(kid, OPERATOR);
  return { kid, algorithm, successor: successor ?? null, cached_for_seconds: signingKeys.cacheSeconds };
}
