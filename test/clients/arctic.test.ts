// arctic: a small client of RFC 6749 and RFC 7636 (lucia's way to sign in); Basic when it has a secret.
import { CodeChallengeMethod, generateCodeVerifier, generateState, OAuth2Client } from 'arctic';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API, type AppClient, type World } from '../support/world.ts';
import { type Endpoints, readEndpoints } from './endpoints.ts';
import { startListeningWorld } from './listening-world.ts';

const SCOPES = ['openid', 'email', 'offline_access', 'read:tasks'];

let world: World;
let endpoints: Endpoints;
beforeAll(async () => {
  world = await startListeningWorld();
  endpoints = await readEndpoints(world);
});
afterAll(() => world.close());

const kinds = {
  'a confidential client': () => world.registerClient(),
  'a public native client': () =>
    world.registerClient({
      name: 'Tool',
      type: 'native',
      auth: 'none',
      redirectUris: ['com.example.tool:/cb'],
    }),
};

async function signIn(client: OAuth2Client) {
  const state = generateState();
  const verifier = generateCodeVerifier();
  const address = client.createAuthorizationURLWithPKCE(
    endpoints.authorization_endpoint,
    state,
    CodeChallengeMethod.S256,
    verifier,
    SCOPES,
  );
  const robot = world.app.robot();
  const back = await world.walk(robot, await robot.get(address.pathname + address.search));
  expect(back.searchParams.get('state')).toBe(state);
  const code = back.searchParams.get('code') ?? '';
  return client.validateAuthorizationCode(endpoints.token_endpoint, code, verifier);
}

describe.each(Object.entries(kinds))('arctic as %s', (_words, register) => {
  let app: AppClient;
  let client: OAuth2Client;
  beforeAll(async () => {
    app = await register();
    client = new OAuth2Client(app.id, app.secret ?? null, app.redirectUri);
  });

  test('signs in and refreshes, and the API learns who is calling', async () => {
    const tokens = await signIn(client);
    expect(tokens.hasRefreshToken()).toBe(true);
    expect(tokens.scopes()).toEqual(SCOPES);
    expect(tokens.accessTokenExpiresInSeconds()).toBe(world.app.config.tokens.access_token_seconds);

    const refreshed = await client.refreshAccessToken(endpoints.token_endpoint, tokens.refreshToken(), []);
    expect(refreshed.refreshToken()).not.toBe(tokens.refreshToken());
    const seen = await world.introspect(world.api, refreshed.accessToken());
    expect(seen.body).toMatchObject({ active: true, sub: world.ada.id, aud: API, client_id: app.id });
  });

  test('refreshes with fewer scopes than it was given (RFC 6749 section 6)', async () => {
    const tokens = await signIn(client);
    const fewer = await client.refreshAccessToken(endpoints.token_endpoint, tokens.refreshToken(), [
      'openid',
      'offline_access',
    ]);
    expect(fewer.scopes()).toEqual(['openid', 'offline_access']);
  });

  test('revokes its refresh token, and with it the grant', async () => {
    const tokens = await signIn(client);
    await client.revokeToken(endpoints.revocation_endpoint, tokens.refreshToken());
    expect((await world.introspect(world.api, tokens.accessToken())).body).toEqual({ active: false });
    await expect(
      client.refreshAccessToken(endpoints.token_endpoint, tokens.refreshToken(), []),
    ).rejects.toMatchObject({ code: 'invalid_grant' });
  });
});
