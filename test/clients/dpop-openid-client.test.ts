// openid-client binds what it gets to a key of its own (RFC 9449): by redirect, by pushed request, by device, as a service.
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEVICE_GRANT } from '../../server/clients/ready-made.ts';
import { API, type AppClient, type World } from '../support/world.ts';
import { startListeningWorld } from './listening-world.ts';
import { answerCode } from './pairing.ts';

const SCOPE = 'openid email offline_access read:tasks';

type Bound = { config: client.Configuration; options: client.DPoPOptions; thumbprint: string };

let world: World;
let app: AppClient;
beforeAll(async () => {
  world = await startListeningWorld({ device: { interval_seconds: 1 } });
  app = await world.registerClient({
    name: 'Bound',
    type: 'native',
    auth: 'none',
    redirectUris: ['http://127.0.0.1:51004/cb'],
    grants: ['authorization_code', 'refresh_token', DEVICE_GRANT],
    needsDpop: true,
  });
});
afterAll(() => world.close());

async function discover({ id, secret }: Pick<AppClient, 'id' | 'secret'>): Promise<client.Configuration> {
  const authentication = secret === undefined ? client.None() : client.ClientSecretBasic(secret);
  const execute = [client.allowInsecureRequests];
  return client.discovery(new URL(world.app.config.issuer), id, undefined, authentication, { execute });
}

async function bind(as: AppClient): Promise<Bound> {
  const config = await discover(as);
  const keys = await client.randomDPoPKeyPair('ES256', { extractable: true });
  const DPoP = client.getDPoPHandle(config, keys);
  return { config, options: { DPoP }, thumbprint: await DPoP.calculateThumbprint() };
}

type Build = (bound: Bound, parameters: Record<string, string>) => Promise<URL>;

const requests: Record<string, Build> = {
  'a redirect': async ({ config }, parameters) => client.buildAuthorizationUrl(config, parameters),
  'a pushed request': ({ config, options }, parameters) =>
    client.buildAuthorizationUrlWithPAR(config, parameters, options),
};

async function signIn(bound: Bound, build: Build) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const address = await build(bound, {
    redirect_uri: app.redirectUri,
    scope: SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
  });
  const robot = world.app.robot();
  const back = await world.walk(robot, await robot.get(address.pathname + address.search));
  const checks = { pkceCodeVerifier, expectedState };
  return client.authorizationCodeGrant(bound.config, back, checks, {}, bound.options);
}

/** What the API learns, which checks the proof of each call against `cnf.jkt` by itself. */
async function introspect(token: string): Promise<client.IntrospectionResponse> {
  return client.tokenIntrospection(await discover(world.api), token);
}

describe.each(Object.entries(requests))('DPoP in openid-client, by %s', (_words, build) => {
  test('signs in, reads userinfo and refreshes, and the API learns the key', async () => {
    const bound = await bind(app);
    const tokens = await signIn(bound, build);
    expect(tokens.token_type).toBe('dpop');
    const sub = tokens.claims()?.sub ?? '';
    const profile = await client.fetchUserInfo(bound.config, tokens.access_token, sub, bound.options);
    expect(profile).toMatchObject({ sub: world.ada.id, email: 'ada@example.com' });
    const refreshed = await client.refreshTokenGrant(
      bound.config,
      tokens.refresh_token ?? '',
      {},
      bound.options,
    );
    const cnf = { jkt: bound.thumbprint };
    expect(await introspect(refreshed.access_token)).toMatchObject({ active: true, sub, aud: API, cnf });
  });

  test('who stole the refresh token and has another key gets nothing, and the owner goes on', async () => {
    const bound = await bind(app);
    const tokens = await signIn(bound, build);
    const thief = await bind(app);
    const stolen = tokens.refresh_token ?? '';
    const tries = [thief.options, {}].map((options) =>
      client.refreshTokenGrant(thief.config, stolen, {}, options),
    );
    for (const { status } of await Promise.allSettled(tries)) expect(status).toBe('rejected');
    const again = await client.refreshTokenGrant(bound.config, stolen, {}, bound.options);
    expect(again.token_type).toBe('dpop');
  });
});

test('DPoP in openid-client, by device: the tokens are bound to the key of the device', async () => {
  const { config, options, thumbprint } = await bind(app);
  const code = await client.initiateDeviceAuthorization(config, { scope: SCOPE });
  await answerCode(world, code.verification_uri_complete ?? '');
  const tokens = await client.pollDeviceAuthorizationGrant(config, code, {}, options);
  expect(tokens.token_type).toBe('dpop');
  expect(await introspect(tokens.access_token)).toMatchObject({ active: true, cnf: { jkt: thumbprint } });
});

test('DPoP in openid-client, as a service: client credentials are bound too', async () => {
  const service = await world.registerClient({
    name: 'Robot',
    type: 'service',
    grants: ['client_credentials'],
    redirectUris: [],
    scopes: ['read:tasks'],
  });
  const { config, options, thumbprint } = await bind(service);
  const tokens = await client.clientCredentialsGrant(config, { scope: 'read:tasks' }, options);
  expect(tokens.token_type).toBe('dpop');
  expect(await introspect(tokens.access_token)).toMatchObject({ active: true, cnf: { jkt: thumbprint } });
});
