// The keys behind /jwks (RFC 7517): RS256 for ID tokens, all three for JWT access tokens, private halves sealed at rest.
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Audit } from '../audit/audit.ts';
import type { Database } from '../storage/database.ts';
import type { Deployment } from '../storage/deployment.ts';
import { Conflict } from '../storage/faults.ts';
import type { Sealer } from '../storage/server-keys.ts';
import { createSigningKeyStore } from './store.ts';

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export type SigningKey = {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly publicJwk: JWK;
  readonly privateJwk: JWK;
};

async function generate(algorithm: Algorithm): Promise<{ publicJwk: JWK; privateJwk: JWK; kid: string }> {
  const pair = await generateKeyPair(algorithm, { extractable: true, modulusLength: 2048 });
  const publicPart = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicPart);
  const naming = { kid, alg: algorithm, use: 'sig' };
  return {
    kid,
    publicJwk: { ...publicPart, ...naming },
    privateJwk: { ...(await exportJWK(pair.privateKey)), ...naming },
  };
}

export function createSigningKeys(options: {
  database: Database;
  deployment: Deployment;
  audit: Audit;
  sealer: Sealer;
}) {
  const { database, deployment, audit, sealer } = options;
  const store = createSigningKeyStore(database);

  async function load(): Promise<SigningKey[]> {
    return (await store.list()).map((row) => ({
      kid: row.kid,
      algorithm: row.algorithm as Algorithm,
      publicJwk: JSON.parse(row.public_jwk) as JWK,
      privateJwk: JSON.parse(sealer.unseal(row.sealed_private_jwk, `signing key ${row.kid}`)) as JWK,
    }));
  }

  async function registerFirst(algorithm: Algorithm): Promise<void> {
    const { kid, publicJwk, privateJwk } = await generate(algorithm);
    const sealed = sealer.seal(JSON.stringify(privateJwk), `signing key ${kid}`);
    try {
      await database.transact(() => {
        store.registerFirst(algorithm, { kid, publicJwk: JSON.stringify(publicJwk), sealed });
        deployment.bumpCatalog();
        audit.record('signing_key.created', { actor: 'system', details: { kid, algorithm } });
      });
    } catch (error) {
      // Another process was first, and its key is the key.
      if (!(error instanceof Conflict)) throw error;
    }
  }

  return {
    load,

    /** Makes the first key of each algorithm where there is none; of several processes one wins. */
    async ensure(): Promise<SigningKey[]> {
      const present = new Set((await store.list()).map((row) => row.algorithm));
      for (const algorithm of ALGORITHMS) {
        if (!present.has(algorithm)) await registerFirst(algorithm);
      }
      return load();
    },
  };
}

export type SigningKeys = ReturnType<typeof createSigningKeys>;
