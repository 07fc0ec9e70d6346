// Modules of the basic plan about codes and refresh tokens: used twice, bound to their client, bound to PKCE.
import * as oauth from 'oauth4webapi';
import { expect } from 'vitest';
import { checkInvalidGrant } from './checks.ts';
import { type Module, passSeconds } from './modules.ts';
import type { RelyingParty, SignedIn } from './relying-party.ts';

/** Signs in, and redeems the same code once more after so many seconds. */
async function redeemTwice(rp: RelyingParty, seconds: number): Promise<SignedIn> {
  const asked = await rp.ask();
  const parameters = rp.checkSuccess(asked);
  const first = await rp.readTokens(await rp.redeem(parameters), asked);
  if (seconds > 0) passSeconds(seconds);
  await checkInvalidGrant(await rp.redeem(parameters));
  return first;
}

/** OpenID Connect Core section 12.2: the refreshed ID token is about the same sign-in. */
async function checkSameSignIn(rp: RelyingParty, first: SignedIn, idToken: string, token: string) {
  const claims = await rp.verifyIdToken(idToken, token);
  for (const name of ['iss', 'sub', 'aud', 'azp']) expect(claims[name]).toEqual(first.claims[name]);
  expect(claims.iat).toBeGreaterThan(first.claims.iat ?? 0);
  if (claims.auth_time !== undefined) expect(claims.auth_time).toBe(first.claims.auth_time);
}

export const tokenModules: readonly Module[] = [
  {
    name: 'codereuse',
    says: 'a code that comes a second time is invalid_grant',
    async run(rp) {
      await redeemTwice(rp, 0);
    },
  },
  {
    name: 'codereuse-30seconds',
    says: 'half a minute later too, and the access token that it gave is dead',
    async run(rp) {
      const { tokens } = await redeemTwice(rp, 30);
      const response = await rp.tryUserinfo(tokens.access_token);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringContaining('error="invalid_token"'),
      ]);
    },
  },
  {
    name: 'refresh-token',
    says: 'a refresh token gives new tokens for the same sign-in, and nothing to another client',
    async run(rp) {
      expect(rp.server.grant_types_supported).toContain('refresh_token');
      const parameters = { scope: 'openid offline_access', prompt: 'consent' };
      const first = await rp.signIn({ parameters });
      expect(first.tokens.refresh_token).toMatch(/^[\x20-\x7e]{22,}$/);
      passSeconds(1);
      const refreshed = await rp.refresh(first.tokens.refresh_token ?? '', { scope: parameters.scope });
      expect(refreshed.access_token).not.toBe(first.tokens.access_token);
      await checkSameSignIn(rp, first, refreshed.id_token ?? '', refreshed.access_token);
      await rp.userinfo({ ...first, tokens: refreshed });

      const second = await rp.secondClient();
      const nonce = 'n'.repeat(43);
      const theirs = await second.signIn({ parameters: { ...parameters, nonce } });
      await checkInvalidGrant(await rp.requestRefresh(theirs.tokens.refresh_token ?? ''));
      await second.refresh(theirs.tokens.refresh_token ?? '');
    },
  },
  {
    name: 'ensure-request-with-valid-pkce-succeeds',
    says: 'a client that need not use PKCE may, and is then held to it',
    async run(rp) {
      const verifier = oauth.generateRandomCodeVerifier();
      const parameters = {
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      };
      await rp.signIn({ parameters, verifier });
      const unproven = rp.checkSuccess(await rp.ask({ parameters }));
      await checkInvalidGrant(await rp.redeem(unproven));
    },
  },
];
