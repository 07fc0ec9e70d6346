// simple-oauth2: RFC 6749 for servers, without a word of OpenID Connect; PKCE goes along as plain parameters.
import { AuthorizationCode, ClientCredentials, type ModuleOptions } from 'simple-oauth2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API, type AppClient, createVerifier, type World } from '../support/world.ts';
import { type Endpoints, readEndpoints } from './endpoints.ts';
import { startListeningWorld } from './listening-world.ts';

const SCOPE = ['openid', 'offline_access', 'read:tasks'];

let world: World;
let endpoints: Endpoints;
beforeAll(async () => {
  world = await startListeningWorld();
  endpoints = await readEndpoints(world);
});
afterAll(() => world.close());

function pathOf(address: string): string {
  return new URL(address).pathname;
}

function settingsOf(app: AppClient, authorizationMethod: 'header' | 'body') {
  return {
    client: { id: app.id, secret: app.secret ?? '' },
    auth: { tokenHost: endpoints.issuer, tokenPath: pathOf(endpoints.token_endpoint) },
    options: { authorizationMethod },
  } satisfies ModuleOptions;
}

function createClient(app: AppClient, authorizationMethod: 'header' | 'body'): AuthorizationCode {
  const { auth, ...settings } = settingsOf(app, authorizationMethod);
  const revokePath = pathOf(endpoints.revocation_endpoint);
  const authorizePath = pathOf(endpoints.authorization_endpoint);
  return new AuthorizationCode({ ...settings, auth: { ...auth, revokePath, authorizePath } });
}

async function signIn(client: AuthorizationCode, { redirectUri }: AppClient) {
  const { verifier, challenge } = createVerifier();
  // Its types do not know these, but it passes on what it is given.
  const [sent, proof] = [
    { code_challenge: challenge, code_challenge_method: 'S256' },
    { code_verifier: verifier },
  ];
  const request = { redirect_uri: redirectUri, scope: SCOPE, state: 'a-state', ...sent };
  const address = new URL(client.authorizeURL(request));
  const robot = world.app.robot();
  const back = await world.walk(robot, await robot.get(address.pathname + address.search));
  const code = back.searchParams.get('code') ?? '';
  return client.getToken({ code, redirect_uri: redirectUri, ...proof });
}

describe.each(['header', 'body'] as const)('simple-oauth2 with its secret in the %s', (method) => {
  let client: AuthorizationCode;
  beforeAll(() => {
    client = createClient(world.notes, method);
  });

  test('signs in and refreshes, and the API learns who is calling', async () => {
    const first = await signIn(client, world.notes);
    expect(first.expired()).toBe(false);
    const next = await first.refresh();
    expect(next.token.refresh_token).not.toBe(first.token.refresh_token);
    const seen = await world.introspect(world.api, String(next.token.access_token));
    expect(seen.body).toMatchObject({ active: true, sub: world.ada.id, aud: API, scope: 'read:tasks' });
  });

  test('refreshes with fewer scopes', async () => {
    const first = await signIn(client, world.notes);
    const fewer = await first.refresh({ scope: ['openid', 'offline_access'] });
    expect(fewer.token.scope).toBe('openid offline_access');
  });

  test('revokes both of its tokens', async () => {
    const first = await signIn(client, world.notes);
    await first.revokeAll();
    const seen = await world.introspect(world.api, String(first.token.access_token));
    expect(seen.body).toEqual({ active: false });
    await expect(first.refresh()).rejects.toMatchObject({ data: { payload: { error: 'invalid_grant' } } });
  });

  test('gets a token in its own name (client credentials)', async () => {
    const service = await world.registerClient({
      name: 'Nightly',
      type: 'service',
      grants: ['client_credentials'],
      redirectUris: [],
      scopes: ['read:tasks'],
    });
    const { token } = await new ClientCredentials(settingsOf(service, method)).getToken({
      scope: 'read:tasks',
    });
    const seen = await world.introspect(world.api, String(token.access_token));
    expect(seen.body).toMatchObject({ active: true, sub: service.id, aud: API, scope: 'read:tasks' });
  });
});
