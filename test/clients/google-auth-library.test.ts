// google-auth-library, Google's own client, with a service account's JSON file of ours (interop point 1: JWT bearer, service account).
// Its token address is built in, so an interceptor sends it to us; the audience is said by additionalClaims.
import { generateKeyPairSync } from 'node:crypto';
import { GoogleAuth, JWT } from 'google-auth-library';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { trustIssuer } from '../service-accounts/issuers.ts';
import { API, type World } from '../support/world.ts';
import { startListeningWorld } from './listening-world.ts';

const EMAIL = 'robot@shop.example.com';
const GOOGLE = 'https://oauth2.googleapis.com/token';

let world: World;
let file: Record<string, string>;
let id: string;
beforeAll(async () => {
  world = await startListeningWorld();
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = { ...publicKey.export({ format: 'jwk' }), kid: 'robot-1', use: 'sig' };
  const scopes = ['read:tasks', 'write:tasks'];
  const robot = { issuer: EMAIL, profile: 'service-account', jwks: { keys: [key] }, scopes } as const;
  id = (await trustIssuer(world, robot)).id;
  file = {
    type: 'service_account',
    project_id: 'shop',
    private_key_id: 'robot-1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    client_email: EMAIL,
    client_id: id,
    token_uri: `${world.app.config.issuer}/token`,
  };
});
afterAll(() => world.close());

/** The library's own HTTP, which takes us for Google. */
function createTransporter() {
  const { transporter } = new JWT();
  transporter.interceptors.request.add({
    async resolved(options) {
      if (options.url.href === GOOGLE) options.url = new URL(file.token_uri ?? '');
      return options;
    },
  });
  return transporter;
}

function createClient(scopes?: string[], aud = file.token_uri): JWT {
  const transporter = createTransporter();
  const client = new JWT({ ...(scopes && { scopes }), additionalClaims: { aud }, transporter });
  client.fromJSON(file as never);
  return client;
}

async function introspect(token: unknown) {
  return (await world.introspect(world.api, String(token))).body;
}

test('a service account gets a token for the scopes that it names in its assertion', async () => {
  const client = createClient(['read:tasks']);
  const { access_token: token, expiry_date: endsAt } = await client.authorize();
  expect(await introspect(token)).toMatchObject({ active: true, sub: id, aud: API, scope: 'read:tasks' });
  expect(endsAt).toBeGreaterThan(Date.now() + 3_500_000);
  const headers = await client.getRequestHeaders();
  expect(await introspect(headers.get('authorization')?.replace('Bearer ', ''))).toMatchObject({
    active: true,
  });
});

test('the issuer is as good an audience, and without scopes it gets all that it has', async () => {
  const { access_token: token } = await createClient(undefined, world.app.config.issuer).authorize();
  expect(await introspect(token)).toMatchObject({ active: true, scope: 'read:tasks write:tasks' });
});

test('the usual way in, GoogleAuth with credentials, signs the requests of an API', async () => {
  const auth = new GoogleAuth({
    credentials: file as never,
    scopes: ['write:tasks'],
    clientOptions: { additionalClaims: { aud: file.token_uri }, transporter: createTransporter() } as never,
  });
  const token = await auth.getAccessToken();
  expect(await introspect(token)).toMatchObject({ active: true, sub: id, scope: 'write:tasks' });
});

test('what it is told when it is refused is ours: another audience, a scope beyond, a person it may not speak about', async () => {
  await expect(createClient(['read:tasks'], GOOGLE).authorize()).rejects.toThrow(
    'invalid_grant: grant request is invalid',
  );
  await expect(createClient(['admin']).authorize()).rejects.toThrow(/^invalid_scope/);
  const delegated = createClient(['read:tasks']);
  delegated.subject = 'ada@example.com';
  await expect(delegated.authorize()).rejects.toThrow(/^invalid_grant/);
});
