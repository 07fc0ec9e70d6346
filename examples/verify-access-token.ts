// How an API verifies a JWT access token by itself, without asking (RFC 9068 section 4). Needs the jose package.
import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';

export type VerifierOptions = {
  /** As in the discovery document, compared as text. */
  issuer: string;
  /** The identifier under which your API is registered. */
  audience: string;
  /** The algorithm with which it was registered, and no other: a token that says another one is refused. */
  algorithm?: 'ES256' | 'RS256' | 'EdDSA';
  /** Where the keys are; the address of the issuer's key set without it, fetched once and kept. */
  keys?: JWTVerifyGetKey;
};

export type AccessToken = JWTPayload & { sub: string; client_id: string; jti: string; scope?: string };

/** Answers the claims of a good access token; throws for everything else, which is 401 invalid_token (RFC 6750). */
export function createVerifier({ issuer, audience, algorithm = 'ES256', keys }: VerifierOptions) {
  const getKey = keys ?? createRemoteJWKSet(new URL('/jwks', issuer));

  return async function verify(text: string): Promise<AccessToken> {
    const { payload } = await jwtVerify<AccessToken>(text, getKey, {
      // ID tokens and logout tokens are signed with the same keys, and are no access tokens.
      typ: 'at+jwt',
      algorithms: [algorithm],
      issuer,
      audience,
      requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
      clockTolerance: 15,
    });
    return payload;
  };
}
