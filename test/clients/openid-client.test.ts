// openid-client, a certified stock client, from the discovery document alone (bar 4).
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API, type AppClient, type World } from '../support/world.ts';
import { startListeningWorld } from './listening-world.ts';

const SCOPE = 'openid profile email offline_access read:tasks';

let world: World;
beforeAll(async () => {
  world = await startListeningWorld();
});
afterAll(() => world.close());

function discover(id: string, authentication: client.ClientAuth): Promise<client.Configuration> {
  const execute = [client.allowInsecureRequests];
  return client.discovery(new URL(world.app.config.issuer), id, undefined, authentication, { execute });
}

/** From the redirect to the tokens; Ada walks the pages with `robot`. */
async function signIn(config: client.Configuration, app: AppClient, robot = world.app.robot()) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: app.redirectUri,
    scope: SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  });
  const back = await world.walk(robot, await robot.get(address.pathname + address.search));
  return client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState, expectedNonce });
}

const kinds = {
  'a confidential client with client_secret_basic': async () => ({
    app: world.notes,
    authentication: client.ClientSecretBasic(world.notes.secret),
  }),
  'a confidential client with client_secret_post': async () => {
    const app = await world.registerClient({ name: 'Poster', auth: 'client_secret_post' });
    return { app, authentication: client.ClientSecretPost(app.secret) };
  },
  'a public native client': async () => {
    const redirectUris = ['http://127.0.0.1/cb'];
    const app = await world.registerClient({ name: 'Tool', type: 'native', auth: 'none', redirectUris });
    // RFC 8252 section 7.3: the port is chosen when the app runs.
    return { app: { ...app, redirectUri: 'http://127.0.0.1:51004/cb' }, authentication: client.None() };
  },
};

describe.each(Object.entries(kinds))('openid-client as %s', (_words, register) => {
  let app: AppClient;
  let config: client.Configuration;
  beforeAll(async () => {
    const registered = await register();
    app = registered.app;
    config = await discover(app.id, registered.authentication);
  });

  test('signs in, reads userinfo, refreshes, and the API learns who is calling', async () => {
    const tokens = await signIn(config, app);
    const sub = tokens.claims()?.sub ?? '';
    expect(sub).toBe(world.ada.id);
    const profile = await client.fetchUserInfo(config, tokens.access_token, sub);
    expect(profile).toMatchObject({ sub, email: 'ada@example.com', name: 'Ada Lovelace' });

    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    const api = await discover(world.api.id, client.ClientSecretBasic(world.api.secret));
    const seen = await client.tokenIntrospection(api, refreshed.access_token);
    expect(seen).toMatchObject({ active: true, sub, aud: API, scope: 'read:tasks', client_id: app.id });
  });

  test('revokes its refresh token, and with it the grant', async () => {
    const tokens = await signIn(config, app);
    await client.tokenRevocation(config, tokens.refresh_token ?? '', { token_type_hint: 'refresh_token' });
    const api = await discover(world.api.id, client.ClientSecretPost(world.api.secret));
    expect(await client.tokenIntrospection(api, tokens.access_token)).toEqual({ active: false });
    await expect(client.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('signs out by redirect and comes back', async () => {
    const robot = world.app.robot();
    const tokens = await signIn(config, app, robot);
    const address = client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'https://notes.example.com/bye',
      state: 'bye-state',
    });
    const page = await robot.get(address.pathname + address.search);
    const back = await robot.submit(page, {}, { button: 'logout=yes' });
    expect(back.location).toBe('https://notes.example.com/bye?state=bye-state');
    expect((await robot.get('/account')).status).toBe(303);
  });
});

test('what the person denies reaches the app as access_denied', async () => {
  const config = await discover(world.notes.id, client.ClientSecretBasic(world.notes.secret));
  const state = client.randomState();
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: world.notes.redirectUri,
    scope: 'openid',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state,
  });
  const robot = world.app.robot();
  const page = await robot.visit(address.pathname + address.search);
  const denied = await robot.send(page, {}, { button: 'decision=deny' });
  const back = new URL(denied.location ?? '');
  await expect(
    client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState: state }),
  ).rejects.toMatchObject({ error: 'access_denied' });
});
