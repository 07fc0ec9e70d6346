// What the conformance suite checks of every answer: types, claims, letters, entropy (OpenID Connect Core, RFC 6749).
import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { expect } from 'vitest';

/** Claims that an ID token may have without being asked for (OpenID Connect Core section 2, the logout specifications). */
const ID_TOKEN_CLAIMS = [
  ...['iss', 'sub', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'azp'],
  ...['at_hash', 'nbf', 'jti', 'sid'],
];
const FIVE_MINUTES_SECONDS = 300;

export function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const shares = [...counts.values()].map((count) => count / text.length);
  return -text.length * shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
}

/** Claims of the standard have their types wherever they stand (OpenID Connect Core section 5.1). */
export function checkStandardClaims(claims: Record<string, unknown>): void {
  for (const name of ['name', 'email']) expect(['string', 'undefined']).toContain(typeof claims[name]);
  expect(['boolean', 'undefined']).toContain(typeof claims.email_verified);
  if (claims.updated_at === undefined) return;
  expect(claims.updated_at).toBeTypeOf('number');
  // Milliseconds would lie far ahead.
  expect(Number(claims.updated_at)).toBeLessThan(Date.now() / 1000 + FIVE_MINUTES_SECONDS);
}

/** Nothing unasked, nothing empty, hashes that fit if there are any (sections 2 and 3.1.3.6). */
export function checkIdTokenClaims(claims: JWTPayload, accessToken: string): void {
  const now = Date.now() / 1000;
  expect(claims.sub).toMatch(/^[\x21-\x7e]{1,255}$/);
  expect(Object.keys(claims).filter((name) => !ID_TOKEN_CLAIMS.includes(name))).toEqual([]);
  expect(Math.abs(now - (claims.iat ?? 0))).toBeLessThan(FIVE_MINUTES_SECONDS);
  expect(claims.exp).toBeGreaterThan(now);
  for (const name of ['acr', 'at_hash']) expect(claims[name]).not.toBe('');
  if (claims.auth_time !== undefined)
    expect(Number(claims.auth_time)).toBeLessThanOrEqual(now + FIVE_MINUTES_SECONDS);
  if (claims.at_hash !== undefined) {
    const half = createHash('sha256').update(accessToken).digest().subarray(0, 16);
    expect(claims.at_hash).toBe(half.toString('base64url'));
  }
  checkStandardClaims(claims);
}

/** RFC 6749 section 5.1 with appendices A.12, A.14 and A.17. */
export async function checkTokenResponse(response: Response): Promise<void> {
  const body = (await response.clone().json()) as Record<string, unknown>;
  expect(response.status, JSON.stringify(body)).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^application\/json(;|$)/);
  expect(response.headers.get('cache-control')?.split(/,\s*/)).toContain('no-store');
  expect(body.token_type).toMatch(/^bearer$/i);
  expect(body.access_token).toMatch(/^[\x20-\x7e]+$/);
  expect(entropyBits(String(body.access_token))).toBeGreaterThan(96);
  expect(Number.isInteger(body.expires_in) && Number(body.expires_in) > 0).toBe(true);
}

/** RFC 6749 section 5.2: what a token endpoint says when it refuses a grant. */
export async function checkInvalidGrant(response: Response): Promise<void> {
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toMatch(/^application\/json(;|$)/);
  const body = (await response.json()) as Record<string, string>;
  expect(body.error).toBe('invalid_grant');
  expect(body.error_description ?? '').toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/);
  expect(body.access_token).toBeUndefined();
}
