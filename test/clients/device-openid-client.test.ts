// openid-client pairs a device from the discovery document alone (bar 2 of the device grant).
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEVICE_GRANT } from '../../server/clients/ready-made.ts';
import type { World } from '../support/world.ts';
import { startListeningWorld } from './listening-world.ts';
import { answerCode } from './pairing.ts';

const SCOPE = 'openid email offline_access read:tasks';

let world: World;
beforeAll(async () => {
  world = await startListeningWorld({ device: { interval_seconds: 1 } });
});
afterAll(() => world.close());

function discover(id: string, authentication: client.ClientAuth): Promise<client.Configuration> {
  const execute = [client.allowInsecureRequests];
  return client.discovery(new URL(world.app.config.issuer), id, undefined, authentication, { execute });
}

const television = { name: 'Television', redirectUris: [], grants: [DEVICE_GRANT, 'refresh_token'] };

const kinds = {
  'a public client that is allowed by its id alone': async () => ({
    id: 'latchkey-cli',
    authentication: client.None(),
  }),
  'a public client that is registered': async () => ({
    ...(await world.registerClient({ ...television, type: 'native', auth: 'none' })),
    authentication: client.None(),
  }),
  'a confidential client with client_secret_basic': async () => {
    const app = await world.registerClient(television);
    return { ...app, authentication: client.ClientSecretBasic(app.secret) };
  },
  'a confidential client with client_secret_post': async () => {
    const app = await world.registerClient({ ...television, auth: 'client_secret_post' });
    return { ...app, authentication: client.ClientSecretPost(app.secret) };
  },
};

describe.each(Object.entries(kinds))('openid-client as %s', (_words, register) => {
  let config: client.Configuration;
  let id: string;
  beforeAll(async () => {
    const app = await register();
    id = app.id;
    config = await discover(app.id, app.authentication);
  });

  test('D04: pairs while Ada allows it, reads userinfo, refreshes, and revokes', async () => {
    const device = await client.initiateDeviceAuthorization(config, { scope: SCOPE });
    expect(device).toMatchObject({
      interval: 1,
      expires_in: 600,
      user_code: expect.stringMatching(/^\w{4}-\w{4}$/),
    });
    const polling = client.pollDeviceAuthorizationGrant(config, device);
    const [tokens, page] = await Promise.all([
      polling,
      answerCode(world, device.verification_uri_complete ?? ''),
    ]);
    expect(page.html).toContain('Your device is connected');
    const sub = tokens.claims()?.sub ?? '';
    expect(sub).toBe(world.ada.id);
    expect(await client.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject({
      email: 'ada@example.com',
    });

    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token ?? '');
    const seen = await world.introspect(world.api, refreshed.access_token);
    expect(seen.body).toMatchObject({ active: true, sub, client_id: id, scope: 'read:tasks' });
    await client.tokenRevocation(config, refreshed.refresh_token ?? '');
    expect((await world.introspect(world.api, refreshed.access_token)).body).toEqual({ active: false });
  });

  test('D14: what Ada denies ends the polling with access_denied', async () => {
    const device = await client.initiateDeviceAuthorization(config, { scope: SCOPE });
    await answerCode(world, device.verification_uri_complete ?? '', { decision: 'deny' });
    await expect(client.pollDeviceAuthorizationGrant(config, device)).rejects.toMatchObject({
      error: 'access_denied',
    });
  });
});

test('D02: an id that nobody allowed is invalid_client', async () => {
  const config = await discover('nobody-knows', client.None());
  await expect(client.initiateDeviceAuthorization(config, { scope: 'openid' })).rejects.toMatchObject({
    cause: { error: 'invalid_client' },
  });
});
