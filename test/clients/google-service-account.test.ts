// google-auth-library with the JSON file that `service-accounts create --make-key` wrote: tokens, and JWTs of its own (bar 5 of service accounts).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoogleAuth, JWT } from 'google-auth-library';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judgeServiceAccount } from '../../config/registrations.ts';
import { writeCredentials } from '../../server/admin/service-account-file.ts';
import { createServiceAccount } from '../../server/service-accounts/account-making.ts';
import { asOperator } from '../../server/teams/admission.ts';
import { API, type World } from '../support/world.ts';
import { startListeningWorld } from './listening-world.ts';

const GOOGLE = 'https://oauth2.googleapis.com/token';
const directory = mkdtempSync(join(tmpdir(), 'latchkey-google-'));
const path = join(directory, 'reports.json');

let world: World;
let id: string;
let file: Record<string, string>;
beforeAll(async () => {
  world = await startListeningWorld();
  const { parts, config } = world.app;
  const making = { ...parts, config, rules: { judgeServiceAccount } as never };
  const options = { name: 'Reports', scopes: ['read:tasks', 'write:tasks'], isMadeHere: true };
  const made = await writeCredentials(path, () =>
    createServiceAccount(making, options, { actor: asOperator('operator') }),
  );
  id = made.id;
  file = JSON.parse(readFileSync(path, 'utf8'));
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true });
});

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

async function introspect(headers: Headers) {
  const token = headers.get('authorization')?.replace('Bearer ', '') ?? '';
  return (await world.introspect(world.api, token)).body;
}

test('the file has the members that the libraries read', () => {
  expect(file).toEqual({
    ...{ type: 'service_account', project_id: expect.any(String), client_email: id, client_id: id },
    private_key_id: expect.stringMatching(/^[\w-]{43}$/),
    private_key: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n/),
    token_uri: `${world.app.config.issuer}/token`,
  });
});

test('GoogleAuth with the key file gets tokens for the scopes that it names', async () => {
  const auth = new GoogleAuth({
    keyFilename: path,
    scopes: ['read:tasks'],
    clientOptions: { additionalClaims: { aud: file.token_uri }, transporter: createTransporter() } as never,
  });
  expect(await introspect(await auth.getRequestHeaders())).toMatchObject({
    ...{ active: true, sub: id, client_id: id, aud: API, scope: 'read:tasks' },
    credential_type: 'access_token',
  });
});

test('useJWTAccessWithScope signs the credential itself, and no token endpoint is asked', async () => {
  const client = new JWT({ scopes: ['read:tasks'], additionalClaims: { aud: API } });
  client.fromJSON(file as never);
  client.useJWTAccessWithScope = true;
  expect(await introspect(await client.getRequestHeaders())).toMatchObject({
    ...{ active: true, sub: id, client_id: id, aud: API, scope: 'read:tasks', iss: world.app.config.issuer },
    credential_type: 'service_jwt',
  });
});

test('without scopes the address of the API is the audience, and it may do all that it has', async () => {
  const client = new JWT();
  client.fromJSON(file as never);
  expect(await introspect(await client.getRequestHeaders(API))).toMatchObject({
    ...{ active: true, scope: 'read:tasks write:tasks', credential_type: 'service_jwt' },
  });
});

test('without an audience it is good nowhere', async () => {
  const client = new JWT({ scopes: ['read:tasks'] });
  client.fromJSON(file as never);
  client.useJWTAccessWithScope = true;
  expect(await introspect(await client.getRequestHeaders())).toEqual({ active: false });
});
