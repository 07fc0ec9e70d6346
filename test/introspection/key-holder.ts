// A program that authenticates with a key of its own: it makes client assertions, good ones and others (RFC 7523 section 3).
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Jwks } from '../../server/clients/clients.ts';
import { nowSeconds } from '../../server/clock.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Claims that differ from those of a good assertion; undefined leaves one out. */
type Change = Readonly<Record<string, unknown>>;

export async function createKeyHolder(issuer: string, kid = 'key-1') {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' };

  async function assert(clientId: string, change: Change = {}, naming: Change = {}): Promise<string> {
    const now = nowSeconds();
    const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), iat: now, exp: now + 60 };
    const wanted = Object.entries({ ...claims, ...change }).filter(([, value]) => value !== undefined);
    const header = { alg: 'ES256', kid, ...naming };
    return new SignJWT(Object.fromEntries(wanted)).setProtectedHeader(header).sign(privateKey);
  }

  return {
    jwks: { keys: [jwk] } as Jwks,
    assert,
    /** The parameters that carry an assertion. */
    present: async (clientId: string, change: Change = {}, naming: Change = {}) => ({
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await assert(clientId, change, naming),
    }),
  };
}

export type KeyHolder = Awaited<ReturnType<typeof createKeyHolder>>;
