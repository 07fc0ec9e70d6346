// oauth4webapi pairs a device, with every check in view, from both discovery documents alone (bar 2 of the device grant).
import * as oauth from 'oauth4webapi';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEVICE_GRANT } from '../../server/clients/ready-made.ts';
import { API, basic, type World } from '../support/world.ts';
import { startListeningWorld } from './listening-world.ts';
import { answerCode } from './pairing.ts';

const INSECURE = { [oauth.allowInsecureRequests]: true };
const SCOPE = 'openid offline_access read:tasks';

type Proof = { id: string; authentication: oauth.ClientAuth };

let world: World;
beforeAll(async () => {
  world = await startListeningWorld({ device: { interval_seconds: 1 } });
});
afterAll(() => world.close());

async function discover(algorithm: 'oidc' | 'oauth2'): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(world.app.config.issuer);
  const response = await oauth.discoveryRequest(issuer, { algorithm, ...INSECURE });
  return oauth.processDiscoveryResponse(issuer, response);
}

async function register(): Promise<{ id: string; secret: string }> {
  const app = await world.registerClient({
    name: 'Television',
    redirectUris: [],
    grants: [DEVICE_GRANT, 'refresh_token'],
  });
  return { id: app.id, secret: app.secret ?? '' };
}

/** Basic, and client_id in the body too: some stock clients send both (RFC 6749 section 2.3.1 knows one of them). */
function basicAndId({ id, secret }: { id: string; secret: string }): oauth.ClientAuth {
  return (_server, _client, body, headers) => {
    headers.set('authorization', basic({ id, secret }).Authorization ?? '');
    body.set('client_id', id);
  };
}

const kinds: Record<string, () => Promise<Proof>> = {
  'a public client': async () => ({ id: 'latchkey-cli', authentication: oauth.None() }),
  'a confidential client': async () => {
    const { id, secret } = await register();
    return { id, authentication: oauth.ClientSecretBasic(secret) };
  },
  'a confidential client that sends HTTP Basic and client_id': async () => {
    const app = await register();
    return { id: app.id, authentication: basicAndId(app) };
  },
};

describe.each(Object.entries(kinds))('oauth4webapi as %s', (_words, prove) => {
  test.each(['oidc', 'oauth2'] as const)('D04 D10: pairs from the metadata of %s', async (algorithm) => {
    const server = await discover(algorithm);
    const { id, authentication } = await prove();
    const client = { client_id: id };
    const parameters = new URLSearchParams({ scope: SCOPE });
    const asked = await oauth.deviceAuthorizationRequest(
      server,
      client,
      authentication,
      parameters,
      INSECURE,
    );
    const device = await oauth.processDeviceAuthorizationResponse(server, client, asked);
    expect(device).toMatchObject({
      interval: 1,
      expires_in: 600,
      verification_uri: `${server.issuer}/device`,
    });

    const poll = () =>
      oauth.deviceCodeGrantRequest(server, client, authentication, device.device_code, INSECURE);
    await expect(oauth.processDeviceCodeResponse(server, client, await poll())).rejects.toMatchObject({
      error: 'authorization_pending',
    });
    await answerCode(world, device.verification_uri_complete ?? '');
    const tokens = await oauth.processDeviceCodeResponse(server, client, await poll());
    expect(oauth.getValidatedIdTokenClaims(tokens)?.sub).toBe(world.ada.id);
    const seen = await world.introspect(world.api, tokens.access_token);
    expect(seen.body).toMatchObject({ active: true, aud: API, scope: 'read:tasks', client_id: id });

    const token = tokens.refresh_token ?? '';
    const sent = await oauth.refreshTokenGrantRequest(server, client, authentication, token, INSECURE);
    expect((await oauth.processRefreshTokenResponse(server, client, sent)).refresh_token).toMatch(/^lkr_/);
  });
});

test('both discovery documents name the same device endpoint and the grant', async () => {
  const server = await discover('oidc');
  expect(await discover('oauth2')).toEqual(server);
  expect(server.device_authorization_endpoint).toBe(`${server.issuer}/device/code`);
  expect(server.grant_types_supported).toContain(DEVICE_GRANT);
});
