// The token that says a session is over (OpenID Connect Back-Channel Logout 1.0 section 2.4).
import { importJWK, SignJWT } from 'jose';
import { nowSeconds } from '../clock.ts';
import { randomSecret } from '../secrets.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Signed when it is sent: whoever finds it later can do nothing with it. */
const LIFE_SECONDS = 120;
// As the ID tokens are.
const ALGORITHM = 'RS256';
const ID_BYTES = 16;

export type Ended = {
  readonly accountId: string;
  readonly clientId: string;
  readonly sid: string | undefined;
};

export function createLogoutTokens({ issuer, signingKeys }: { issuer: string; signingKeys: SigningKeys }) {
  return {
    /** Another one for each try: an answer that was lost on the way must not look like a replay. */
    async issue({ accountId, clientId, sid }: Ended): Promise<string> {
      const key = (await signingKeys.load()).find(({ algorithm }) => algorithm === ALGORITHM);
      if (key === undefined) throw new Error('there is no key that signs');
      const now = nowSeconds();
      // Section 2.4: never a nonce, or it could pass for an ID token.
      return new SignJWT({ events: { [EVENT]: {} }, ...(sid === undefined ? {} : { sid }) })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'logout+jwt', kid: key.kid })
        .setIssuer(issuer)
        .setSubject(accountId)
        .setAudience(clientId)
        .setIssuedAt(now)
        .setExpirationTime(now + LIFE_SECONDS)
        .setJti(randomSecret(ID_BYTES))
        .sign(await importJWK(key.privateJwk, ALGORITHM));
    },
  };
}
