// oauth4webapi, a stock client with every check in view, from both discovery documents alone (bar 4).
import { exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API, type AppClient, type World } from '../support/world.ts';
import { startListeningWorld } from './listening-world.ts';

const INSECURE = { [oauth.allowInsecureRequests]: true };
const SCOPE = 'openid profile email offline_access read:tasks';

type Proof = { app: AppClient; authentication: oauth.ClientAuth };

let world: World;
let server: oauth.AuthorizationServer;

beforeAll(async () => {
  world = await startListeningWorld();
  server = await discover('oidc');
});
afterAll(() => world.close());

async function discover(algorithm: 'oidc' | 'oauth2'): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(world.app.config.issuer);
  const response = await oauth.discoveryRequest(issuer, { algorithm, ...INSECURE });
  return oauth.processDiscoveryResponse(issuer, response);
}

/** From the redirect to the tokens, with every check of the library; Ada walks the pages with `robot`. */
async function signIn({ app, authentication }: Proof, robot = world.app.robot()) {
  const client = { client_id: app.id };
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const address = new URL(server.authorization_endpoint ?? '');
  address.search = new URLSearchParams({
    client_id: app.id,
    redirect_uri: app.redirectUri,
    response_type: 'code',
    scope: SCOPE,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString();
  const back = await world.walk(robot, await robot.get(address.pathname + address.search));
  // RFC 9207: it also checks iss, since our metadata promises it.
  const parameters = oauth.validateAuthResponse(server, client, back, state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    parameters,
    app.redirectUri,
    verifier,
    INSECURE,
  );
  const options = { expectedNonce: nonce, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, options);
  await oauth.validateApplicationLevelSignature(server, response, INSECURE);
  return tokens;
}

async function introspect(token: string): Promise<oauth.IntrospectionResponse> {
  const api = { client_id: world.api.id };
  const authentication = oauth.ClientSecretBasic(world.api.secret ?? '');
  const response = await oauth.introspectionRequest(server, api, authentication, token, INSECURE);
  return oauth.processIntrospectionResponse(server, api, response);
}

const kinds: Record<string, () => Promise<Proof>> = {
  'a confidential client': async () => ({
    app: world.notes,
    authentication: oauth.ClientSecretBasic(world.notes.secret ?? ''),
  }),
  'a public client in a browser': async () => {
    const app = await world.registerClient({ name: 'Page', type: 'browser', auth: 'none' });
    return { app, authentication: oauth.None() };
  },
  'a client with a key (private_key_jwt)': async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
    const app = await world.registerClient({
      name: 'Signer',
      auth: 'private_key_jwt',
      jwks: { keys: [jwk] },
    });
    return { app, authentication: oauth.PrivateKeyJwt({ key: privateKey, kid: 'k1' }) };
  },
};

describe.each(Object.entries(kinds))('oauth4webapi as %s', (_words, register) => {
  let proof: Proof;
  let client: oauth.Client;
  beforeAll(async () => {
    proof = await register();
    client = { client_id: proof.app.id };
  });

  test('signs in, reads userinfo, refreshes, and the API learns who is calling', async () => {
    const tokens = await signIn(proof);
    const sub = oauth.getValidatedIdTokenClaims(tokens)?.sub ?? '';
    const asked = await oauth.userInfoRequest(server, client, tokens.access_token, INSECURE);
    const profile = await oauth.processUserInfoResponse(server, client, sub, asked);
    expect(profile).toMatchObject({ sub: world.ada.id, email: 'ada@example.com' });

    const sent = await oauth.refreshTokenGrantRequest(
      server,
      client,
      proof.authentication,
      tokens.refresh_token ?? '',
      INSECURE,
    );
    const refreshed = await oauth.processRefreshTokenResponse(server, client, sent);
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    expect(await introspect(refreshed.access_token)).toMatchObject({
      active: true,
      sub,
      aud: API,
      scope: 'read:tasks',
      client_id: proof.app.id,
      iss: server.issuer,
    });
  });

  test('revokes an access token, and only that', async () => {
    const tokens = await signIn(proof);
    const { authentication } = proof;
    const sent = await oauth.revocationRequest(server, client, authentication, tokens.access_token, INSECURE);
    await oauth.processRevocationResponse(sent);
    expect(await introspect(tokens.access_token)).toEqual({ active: false });
    const token = tokens.refresh_token ?? '';
    const again = await oauth.refreshTokenGrantRequest(server, client, authentication, token, INSECURE);
    expect((await oauth.processRefreshTokenResponse(server, client, again)).access_token).toMatch(/^lka_/);
  });

  test('signs out at the end_session_endpoint of the metadata', async () => {
    const robot = world.app.robot();
    const tokens = await signIn(proof, robot);
    const address = new URL(server.end_session_endpoint ?? '');
    address.search = new URLSearchParams({
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'https://notes.example.com/bye',
    }).toString();
    const page = await robot.get(address.pathname + address.search);
    const back = await robot.submit(page, {}, { button: 'logout=yes' });
    expect(back.location).toBe('https://notes.example.com/bye');
  });
});

test('both discovery documents say the same, and promise what is used here', async () => {
  expect(await discover('oauth2')).toEqual(server);
  expect(server).toMatchObject({
    issuer: world.app.config.issuer,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    introspection_endpoint: `${server.issuer}/introspect`,
    revocation_endpoint: `${server.issuer}/revoke`,
    end_session_endpoint: `${server.issuer}/logout`,
  });
});
