// The proof that comes with a token bound to a key (RFC 9449 sections 4.3 and 7.1).
import { calculateJwkThumbprint, EmbeddedJWK, type JWTVerifyResult, jwtVerify } from 'jose';
import { nowMilliseconds, nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { isSameSecret, sha256 } from '../secrets.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { Replays } from '../storage/replays.ts';

/** What a proof may be signed with: the same as at the token endpoint. */
export const proofAlgorithms = ['RS256', 'ES256', 'PS256', 'EdDSA', 'Ed25519'];

// The same as at the token endpoint.
const LONGEST_AWAY_SECONDS = 300;
const LONGEST_ID = 256;

export type Presented = {
  /** The DPoP header: one proof. */
  readonly proof: string;
  readonly method: string;
  /** Without query and fragment. */
  readonly address: string;
  readonly token: string;
  /** The key that the token is bound to. */
  readonly thumbprint: string;
};

function refuse(reason: string, cause?: unknown): never {
  throw new Refusal('invalid_dpop_proof', { reason: `dpop: ${reason}`, cause });
}

async function verify(proof: string): Promise<JWTVerifyResult & { key: unknown }> {
  try {
    return await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: proofAlgorithms,
      requiredClaims: ['htm', 'htu', 'iat', 'jti', 'ath'],
      currentDate: new Date(nowMilliseconds()),
      clockTolerance: LONGEST_AWAY_SECONDS,
    });
  } catch (error) {
    return refuse('signature', error);
  }
}

/** RFC 9449 section 4.3: query and fragment are not compared. */
function addressOf(htu: unknown): string {
  const url = typeof htu === 'string' ? URL.parse(htu) : null;
  return url === null ? '' : url.origin + url.pathname;
}

function hashOf(token: string): string {
  return sha256(token).toString('base64url');
}

/** A proof is good once: burnt in a unit of its own, whatever becomes of the request. */
export function createProofCheck({ database, replays }: { database: Database; replays: Replays }) {
  async function burn(id: string, until: number): Promise<void> {
    try {
      await database.transact(() => replays.register(id, until));
    } catch (error) {
      if (error instanceof Conflict) refuse('replayed', error);
      throw error;
    }
  }

  /** Refuses with invalid_dpop_proof. */
  return async function checkProof(presented: Presented): Promise<void> {
    const { payload, protectedHeader } = await verify(presented.proof);
    const { jti, iat = 0, ath, htm, htu } = payload;
    if (typeof jti !== 'string' || jti === '' || jti.length > LONGEST_ID) refuse('jti');
    if (htm !== presented.method || addressOf(htu) !== presented.address) refuse('another request');
    if (Math.abs(iat - nowSeconds()) > LONGEST_AWAY_SECONDS) refuse('iat');
    if (typeof ath !== 'string' || !isSameSecret(ath, hashOf(presented.token))) refuse('another token');
    const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk ?? {}).catch(() => '');
    if (!isSameSecret(thumbprint, presented.thumbprint)) refuse('another key');
    await burn(`management ${thumbprint} ${jti}`, iat + 2 * LONGEST_AWAY_SECONDS);
  };
}
