// The keys behind /jwks (RFC 7517): RS256 for ID tokens, all three for JWT access tokens, private halves sealed at rest.
// They rotate by themselves (rotation.ts), and by hand.
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Database } from '../storage/database.ts';
import type { Deployment } from '../storage/deployment.ts';
import { Conflict } from '../storage/faults.ts';
import type { Sealer } from '../storage/server-keys.ts';
import {
  type Algorithm,
  algorithms,
  cacheSeconds,
  findDueSteps,
  type KeyTimes,
  MOST_KEYS,
  type RotationPolicy,
  type Step,
  stateOf,
} from './rotation.ts';
import { createSigningKeyStore } from './store.ts';

export type SigningKey = {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly publicJwk: JWK;
  readonly privateJwk: JWK;
};

/** Read before anything is decided: a generation that another process has taken since then is a Conflict. */
type Seen = { readonly keys: readonly KeyTimes[]; readonly nextGeneration: (algorithm: Algorithm) => number };

type Made = { kid: string; publicJwk: string; sealed: Buffer };

async function generate(algorithm: Algorithm): Promise<{ publicJwk: JWK; privateJwk: JWK; kid: string }> {
  const pair = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
  const publicPart = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicPart);
  // On a command line it would look like an option.
  if (kid.startsWith('-')) return generate(algorithm);
  const naming = { kid, alg: algorithm, use: 'sig' };
  return {
    kid,
    publicJwk: { ...publicPart, ...naming },
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...naming },
  };
}

function isOf(algorithm: Algorithm, state: ReturnType<typeof stateOf>) {
  return (key: KeyTimes): boolean => key.algorithm === algorithm && stateOf(key) === state;
}

export type SigningKeyParts = {
  database: Database;
  deployment: Deployment;
  audit: Audit;
  sealer: Sealer;
  policy: RotationPolicy;
  /** The longest life of what is signed by this algorithm today. */
  longestSeconds: (algorithm: Algorithm) => Promise<number>;
};

export function createSigningKeys(options: SigningKeyParts) {
  const { database, deployment, audit, sealer, policy, longestSeconds } = options;
  const store = createSigningKeyStore(database);

  async function load(): Promise<SigningKey[]> {
    return (await store.list()).map((key) => ({
      kid: key.kid,
      algorithm: key.algorithm,
      publicJwk: JSON.parse(key.publicJwk) as JWK,
      privateJwk: JSON.parse(sealer.unseal(key.sealedPrivateJwk, `signing key ${key.kid}`)) as JWK,
    }));
  }

  async function make(algorithm: Algorithm): Promise<Made> {
    const { kid, publicJwk, privateJwk } = await generate(algorithm);
    const sealed = sealer.seal(JSON.stringify(privateJwk), `signing key ${kid}`);
    return { kid, publicJwk: JSON.stringify(publicJwk), sealed };
  }

  function recordStep(
    type: 'signing_key.created' | 'signing_key.activated' | 'signing_key.retired',
    details: Record<string, string | number>,
    actor: string,
  ): void {
    // Every engine of every process is built anew before its next request.
    deployment.bumpCatalog();
    audit.record(type, { actor, details });
  }

  /** The generations first: whoever comes in between has taken one. */
  async function see(): Promise<Seen> {
    const generations = await store.listGenerations();
    const keys = await store.list();
    return { keys, nextGeneration: (algorithm) => (generations.get(algorithm) ?? 0) + 1 };
  }

  /** Of several processes that do the same one is first, and what it did is done. Answers whether it was this one. */
  async function once(act: () => void): Promise<boolean> {
    try {
      await database.transact(act);
      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  async function registerFirst(algorithm: Algorithm, generation: number): Promise<void> {
    const key = await make(algorithm);
    await once(() => {
      store.registerActive(algorithm, generation, key);
      recordStep('signing_key.created', { kid: key.kid, algorithm }, 'system');
    });
  }

  async function publish(
    algorithm: Algorithm,
    generation: number,
    { notBefore, actor }: { notBefore: number; actor: string },
  ): Promise<boolean> {
    const key = await make(algorithm);
    return once(() => {
      // Making it took its time.
      const activeAt = Math.max(notBefore, nowSeconds() + policy.publishAheadSeconds);
      store.registerNext(algorithm, generation, { key, activeAt });
      const details = { kid: key.kid, algorithm, signs_from: activeAt };
      recordStep('signing_key.created', details, actor);
    });
  }

  async function activate(kid: string, algorithm: Algorithm, actor: string): Promise<boolean> {
    const keys = await store.list();
    const longest = await longestSeconds(algorithm);
    return once(() => {
      for (const old of keys.filter(isOf(algorithm, 'active'))) {
        store.noteLongest(old.kid, longest);
        store.makePassive(old.kid);
      }
      store.makeActive(kid);
      recordStep('signing_key.activated', { kid, algorithm }, actor);
    });
  }

  async function take(step: Step, { nextGeneration }: Seen): Promise<boolean> {
    const { kind, algorithm } = step;
    if (kind === 'publish') {
      return publish(algorithm, nextGeneration(algorithm), { notBefore: step.activeAt, actor: 'system' });
    }
    if (kind === 'activate') return activate(step.kid, algorithm, 'system');
    return once(() => {
      store.retire(step.kid);
      recordStep('signing_key.retired', { kid: step.kid, algorithm, reason: 'served' }, 'system');
    });
  }

  /** A key outlives what it signs, also where lives are made shorter before they end. */
  async function noteLives(keys: readonly KeyTimes[]): Promise<void> {
    for (const key of keys.filter((one) => stateOf(one) === 'active')) {
      const longest = await longestSeconds(key.algorithm);
      if (longest > key.longestSeconds) await database.transact(() => store.noteLongest(key.kid, longest));
    }
  }

  async function findNext(algorithm: Algorithm): Promise<KeyTimes | undefined> {
    return (await store.list()).find(isOf(algorithm, 'next'));
  }

  /** Has the next key of this algorithm published, and answers it. */
  async function rotateSoon(algorithm: Algorithm, actor: string): Promise<KeyTimes> {
    const seen = await see();
    const keys = seen.keys.filter((key) => key.algorithm === algorithm);
    if (keys.length >= MOST_KEYS) {
      const words = 'So many keys of this algorithm still verify that there is no room for another one.';
      throw new Refusal('conflict', { words });
    }
    if (!keys.some(isOf(algorithm, 'next'))) {
      await publish(algorithm, seen.nextGeneration(algorithm), { notBefore: 0, actor });
    }
    const next = await findNext(algorithm);
    if (next === undefined) throw new Refusal('conflict');
    return next;
  }

  async function rotateNow(algorithm: Algorithm, actor: string): Promise<string> {
    const { kid } = await rotateSoon(algorithm, actor);
    if (!(await activate(kid, algorithm, actor))) throw new Refusal('conflict');
    return kid;
  }

  /** Makes the first key of each algorithm where none signs; of several processes one wins. */
  async function ensure(): Promise<SigningKey[]> {
    const { keys, nextGeneration } = await see();
    for (const algorithm of algorithms) {
      if (!keys.some(isOf(algorithm, 'active'))) await registerFirst(algorithm, nextGeneration(algorithm));
    }
    return load();
  }

  return {
    policy,
    /** How long others may keep the published keys without asking again. */
    cacheSeconds: cacheSeconds(policy),
    load,
    ensure,
    rotateSoon,
    rotateNow,

    /** Which key of the secrets file opens each of them. */
    async listSeals(): Promise<string[]> {
      const keys = await store.list();
      return keys.map((key) => sealer.openerOf(key.sealedPrivateJwk, `signing key ${key.kid}`));
    },

    /** Seals all of them with the first key of the secrets file, in the open unit. */
    async reseal(): Promise<number> {
      const keys = await store.list();
      for (const { kid, sealedPrivateJwk: before } of keys) {
        const words = `signing key ${kid}`;
        store.reseal(kid, { before, after: sealer.seal(sealer.unseal(before, words), words) });
      }
      return keys.length;
    },

    listPublished: async (): Promise<KeyTimes[]> => store.list(),

    /** Those that are published, and the latest of those that have gone. */
    async list(limit: number): Promise<KeyTimes[]> {
      return [...(await store.list()), ...(await store.listRetired(limit))].slice(0, limit);
    },

    /** Publishes, hands over and retires whatever is due. Any process may do it, and all may at once. */
    async rotateDue(): Promise<Step[]> {
      const seen = await see();
      await noteLives(seen.keys);
      const taken: Step[] = [];
      for (const step of findDueSteps(seen.keys, policy, nowSeconds())) {
        if (await take(step, seen)) taken.push(step);
      }
      return taken;
    },

    /**
     * A key that others know: what it signed is dead from now on, and if it is the one that signs another takes over at once.
     * Refuses with not_found where there is none, or it has gone already.
     */
    async retire(
      kid: string,
      actor: string,
    ): Promise<{ algorithm: Algorithm; successor: string | undefined }> {
      const key = (await store.list()).find((one) => one.kid === kid);
      if (key === undefined) throw new Refusal('not_found', { words: 'There is no such signing key.' });
      const { algorithm } = key;
      const successor = stateOf(key) === 'active' ? await rotateNow(algorithm, actor) : undefined;
      const isOurs = await once(() => {
        store.retire(kid);
        recordStep('signing_key.retired', { kid, algorithm, reason: 'compromised' }, actor);
      });
      if (!isOurs) throw new Refusal('conflict');
      return { algorithm, successor };
    },
  };
}

export type SigningKeys = ReturnType<typeof createSigningKeys>;
