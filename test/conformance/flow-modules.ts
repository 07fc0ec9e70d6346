// Modules of the basic plan about the flow itself: tokens, userinfo, and the scopes of OpenID Connect Core section 5.4.
import { expect } from 'vitest';
import type { Module } from './modules.ts';
import type { RelyingParty } from './relying-party.ts';

const standardScopes: Record<string, readonly string[]> = {
  profile: ['name', 'updated_at'],
  email: ['email', 'email_verified'],
};

/**
 * The claims of a scope come from userinfo and not in the ID token. A scope that is not advertised is not held
 * (the suite skips there): it is ignored, so the rest of the request is as good as ever.
 */
async function checkScopes(rp: RelyingParty, scopes: readonly string[]): Promise<void> {
  const signedIn = await rp.signIn({ parameters: { scope: ['openid', ...scopes].join(' ') } });
  const { sub, ...profile } = await rp.userinfo(signedIn);
  const held = scopes.filter((scope) => rp.server.scopes_supported?.includes(scope));
  const expected = held.flatMap((scope) => standardScopes[scope] ?? []);
  expect(sub).toBe(signedIn.claims.sub);
  expect(Object.keys(profile).toSorted()).toEqual(expected.toSorted());
  expect(rp.server.claims_supported).toEqual(expect.arrayContaining(expected));
  // RFC 6749 section 3.3: where less is granted than was asked, the answer says so.
  const granted = ['openid', ...held];
  expect(new Set((signedIn.tokens.scope ?? '').split(' '))).toEqual(new Set(granted));
}

export const flowModules: readonly Module[] = [
  {
    name: 'server',
    says: 'the plain flow, for one client and then for another, each with its own audience',
    async run(rp) {
      const first = await rp.signIn();
      expect(first.seen).toEqual(['sign-in', 'consent']);
      const second = await (await rp.secondClient()).signIn({ robot: first.robot });
      // Who is signed in is asked only what the new client wants.
      expect(second.seen).toEqual(['consent']);
      expect(second.claims.sub).toBe(first.claims.sub);
      expect(second.claims.aud).not.toEqual(first.claims.aud);
    },
  },
  {
    name: 'server-client-secret-post',
    says: 'the plain flow with the secret in the body',
    change: { auth: 'client_secret_post' },
    async run(rp) {
      expect(rp.server.token_endpoint_auth_methods_supported).toContain('client_secret_post');
      await rp.signIn();
    },
  },
  {
    name: 'response-type-missing',
    says: 'a request without response_type is refused, and the app is told',
    async run(rp) {
      const asked = await rp.ask({ parameters: { response_type: undefined } });
      rp.checkError(asked, ['unsupported_response_type', 'invalid_request']);
    },
  },
  {
    name: 'idtoken-signature',
    says: 'without a wish the ID token is signed with RS256 and names its key',
    async run(rp) {
      // That its header has RS256 and a key of the JWKS is checked in every sign-in.
      await rp.signIn();
      expect(rp.server.id_token_signing_alg_values_supported).toContain('RS256');
    },
  },
  {
    name: 'idtoken-unsigned',
    says: 'alg none is not advertised, so there is no unsigned ID token to have',
    async run(rp) {
      expect(rp.server.id_token_signing_alg_values_supported).not.toContain('none');
      const { idToken } = await rp.signIn();
      expect(idToken.split('.')[2]).not.toBe('');
    },
  },
  {
    name: 'userinfo-get',
    says: 'userinfo answers a GET with the token in the header',
    async run(rp) {
      await rp.userinfo(await rp.signIn());
    },
  },
  {
    name: 'userinfo-post-header',
    says: 'userinfo answers a POST with the token in the header',
    async run(rp) {
      await rp.userinfo(await rp.signIn(), 'POST');
    },
  },
  {
    name: 'userinfo-post-body',
    says: 'userinfo answers a POST with the token in the body',
    async run(rp) {
      const { tokens, claims } = await rp.signIn();
      const body = new URLSearchParams({ access_token: tokens.access_token });
      const response = await fetch(rp.server.userinfo_endpoint ?? '', { method: 'POST', body });
      await rp.checkUserinfo(response, String(claims.sub));
    },
  },
  {
    name: 'ensure-request-without-nonce-succeeds-for-code-flow',
    says: 'the code flow needs no nonce, and then the ID token has none',
    async run(rp) {
      const { claims } = await rp.signIn({ parameters: { nonce: undefined } });
      expect(claims).not.toHaveProperty('nonce');
    },
  },
  {
    name: 'scope-profile',
    says: 'profile gives the name at userinfo and nothing more',
    run: (rp) => checkScopes(rp, ['profile']),
  },
  {
    name: 'scope-email',
    says: 'email gives the address and whether it is verified, and no name',
    run: (rp) => checkScopes(rp, ['email']),
  },
  {
    name: 'scope-address',
    says: 'address is not advertised and is ignored',
    run: (rp) => checkScopes(rp, ['address']),
  },
  {
    name: 'scope-phone',
    says: 'phone is not advertised and is ignored',
    run: (rp) => checkScopes(rp, ['phone']),
  },
  {
    name: 'scope-all',
    says: 'of all scopes at once those that are held are given',
    run: (rp) => checkScopes(rp, ['email', 'phone', 'address', 'profile']),
  },
  {
    name: 'alternate-happy-flow',
    says: 'neither the order of scopes nor that of parameters matters',
    async run(rp) {
      const { claims, tokens } = await rp.signIn({
        parameters: { scope: 'email openid' },
        send: (query, robot) => robot.get(`/authorize?${new URLSearchParams([...query].toReversed())}`),
      });
      expect(new Set(tokens.scope?.split(' '))).toEqual(new Set(['openid', 'email']));
      expect(claims).not.toHaveProperty('email');
    },
  },
  {
    name: 'ensure-post-request-succeeds',
    says: 'the authorization request may be a POST',
    async run(rp) {
      await rp.signIn({ send: (query, robot) => robot.post('/authorize', Object.fromEntries(query)) });
    },
  },
];
