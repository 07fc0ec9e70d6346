// A program that proves which key it holds (RFC 9449 section 4.2): good proofs, and whatever others.
import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { nowSeconds } from '../../server/clock.ts';

/** Claims and header members that differ from those of a good proof; undefined leaves one out. */
type Change = {
  readonly token?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
};

function defined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

export async function createProver(issuer: string, alg = 'ES256') {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);

  /** A proof for one request; `token` is the access token that goes with it. */
  async function prove(method: string, path: string, change: Change = {}): Promise<string> {
    const ath =
      change.token === undefined ? undefined : createHash('sha256').update(change.token).digest('base64url');
    const claims = { htm: method, htu: `${issuer}${path}`, iat: nowSeconds(), jti: randomUUID(), ath };
    const header = { alg, typ: 'dpop+jwt', jwk };
    return new SignJWT(defined({ ...claims, ...change.claims }))
      .setProtectedHeader(defined({ ...header, ...change.header }) as { alg: string })
      .sign(privateKey);
  }

  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    jwk,
    privateJwk: await exportJWK(privateKey),
    prove,
    /** The header of a POST to this path. */
    header: async (path: string, change: Change = {}) => ({ DPoP: await prove('POST', path, change) }),
  };
}

export type Prover = Awaited<ReturnType<typeof createProver>>;
