// @badgateway/oauth2-client: reads RFC 8414's metadata, PKCE, resource indicators, introspection.
import { generateCodeVerifier, OAuth2Client } from '@badgateway/oauth2-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API, type AppClient, type World } from '../support/world.ts';
import { startListeningWorld } from './listening-world.ts';

const SCOPE = ['openid', 'offline_access', 'read:tasks'];

let world: World;
beforeAll(async () => {
  world = await startListeningWorld();
});
afterAll(() => world.close());

function createClient({ id, secret }: Pick<AppClient, 'id' | 'secret'>): OAuth2Client {
  return new OAuth2Client({
    server: world.app.config.issuer,
    discoveryEndpoint: '/.well-known/oauth-authorization-server',
    clientId: id,
    ...(secret === undefined ? {} : { clientSecret: secret }),
  });
}

async function signIn(client: OAuth2Client, { redirectUri }: AppClient) {
  const codeVerifier = await generateCodeVerifier();
  const request = { redirectUri, state: 'a-state', codeVerifier };
  const address = new URL(
    await client.authorizationCode.getAuthorizeUri({ ...request, scope: SCOPE, resource: API }),
  );
  const robot = world.app.robot();
  const back = await world.walk(robot, await robot.get(address.pathname + address.search));
  return client.authorizationCode.getTokenFromCodeRedirect(back.href, request);
}

const kinds = {
  'a confidential client': () => world.registerClient(),
  'a public client in a browser': () => world.registerClient({ name: 'Page', type: 'browser', auth: 'none' }),
};

describe.each(Object.entries(kinds))('@badgateway/oauth2-client as %s', (_words, register) => {
  let app: AppClient;
  let client: OAuth2Client;
  beforeAll(async () => {
    app = await register();
    client = createClient(app);
  });

  test('signs in for one API and refreshes, and that API learns who is calling', async () => {
    const tokens = await signIn(client, app);
    const refreshed = await client.refreshToken(tokens);
    expect(refreshed.refreshToken).not.toBe(tokens.refreshToken);
    const seen = await createClient(world.api).introspect(refreshed);
    expect(seen).toMatchObject({
      active: true,
      sub: world.ada.id,
      username: 'ada@example.com',
      aud: API,
      client_id: app.id,
      scope: 'read:tasks',
    });
  });

  test('revokes its refresh token, and with it the grant', async () => {
    const tokens = await signIn(client, app);
    await client.revoke(tokens, 'refresh_token');
    await expect(client.refreshToken(tokens)).rejects.toMatchObject({ oauth2Code: 'invalid_grant' });
    expect(await createClient(world.api).introspect(tokens)).toEqual({ active: false });
  });
});

test('@badgateway/oauth2-client gets a token in its own name (client credentials), for the API that it names', async () => {
  const service = await world.registerClient({
    name: 'Nightly',
    type: 'service',
    grants: ['client_credentials'],
    redirectUris: [],
    scopes: ['read:tasks'],
  });
  const token = await createClient(service).clientCredentials({ scope: ['read:tasks'], resource: API });
  expect(token.refreshToken).toBeNull();
  const seen = await createClient(world.api).introspect(token);
  expect(seen).toMatchObject({ active: true, sub: service.id, client_id: service.id, scope: 'read:tasks' });
});
