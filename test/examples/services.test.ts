// The example programs without a person, and what every example keeps to.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startListeningWorld } from '../clients/listening-world.ts';
import type { World } from '../support/world.ts';
import { FOLDER, runExample } from './example.ts';

const NAME = 'https://robot.example.com';
const directory = mkdtempSync(join(tmpdir(), 'latchkey-examples-'));
const keyFile = join(directory, 'robot.pem');

let world: World;
let issuer: string;
let made: Awaited<ReturnType<typeof runExample>>;
beforeAll(async () => {
  made = await runExample('service-jwt-bearer.ts', { words: ['make-key', keyFile] });
  const robot = { issuer: NAME, name: 'Robot', jwks: JSON.parse(made.out), scopes: ['read:tasks'] };
  world = await startListeningWorld({ trusted_issuers: [robot] });
  issuer = world.app.config.issuer;
});
afterAll(async () => {
  await world.close();
  rmSync(directory, { recursive: true });
});

const LIBRARIES: Record<string, string> = {
  'api-jwt.ts': 'jose',
  'verify-access-token.ts': 'jose',
  'web-app-with-library.ts': 'openid-client',
};

test.each(readdirSync(FOLDER).filter((name) => name.endsWith('.ts')))(
  'examples/%s needs Node.js and at most the library that its first line names, and is short',
  (name) => {
    const source = readFileSync(join(FOLDER, name), 'utf8');
    const [first = '', ...lines] = source.split('\n');
    const imported = [...source.matchAll(/^(?:import|\}) .*'(.*)';$/gm)].map((match) => match[1] ?? '');
    const packages = imported.filter((path) => !/^(?:node:|\.\/)/.test(path));
    const library = LIBRARIES[name];
    expect(packages).toEqual(library === undefined ? [] : [library]);
    expect(first).toContain(library ?? (name === 'device-login.ts' ? 'Node.js and nothing else' : 'Node.js'));
    expect(lines.length).toBeLessThan(170);
  },
);

test('a service makes a key that only its owner can read, and never a second one over it', async () => {
  expect([made.status, statSync(keyFile).mode & 0o777]).toEqual([0, 0o600]);
  const key = { kty: 'OKP', crv: 'Ed25519', x: expect.any(String), alg: 'EdDSA', use: 'sig' };
  expect(JSON.parse(made.out).keys).toEqual([key]);
  expect((await runExample('service-jwt-bearer.ts', { words: ['make-key', keyFile] })).status).toBe(1);
});

test('it gets a token by it, for less than all if it asks, and never for more', async () => {
  const words = ['token', issuer, keyFile, NAME];
  const { out } = await runExample('service-jwt-bearer.ts', { words: [...words, 'read:tasks'] });
  const { body } = await world.introspect(world.api, out.trim());
  expect(body).toMatchObject({ active: true, scope: 'read:tasks' });
  const refused = await runExample('service-jwt-bearer.ts', { words: [...words, 'write:tasks'] });
  expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('refused: invalid_scope')]);
});

test('a service with a secret gets a token, and hands it back', async () => {
  const { id, secret = '' } = await world.registerClient({
    ...{ name: 'Reports', type: 'service', grants: ['client_credentials'], scopes: ['read:tasks'] },
    ...{ redirectUris: [], postLogoutRedirectUris: [] },
  });
  const environment = { ISSUER: issuer, CLIENT_ID: id, CLIENT_SECRET: secret };
  const { out: token } = await runExample('service-client-credentials.ts', { environment });
  expect((await world.introspect(world.api, token.trim())).body.active).toBe(true);
  const { out } = await runExample('revoke.ts', { environment, input: token });
  expect(out).toBe('It opens nothing any more.\n');
  expect((await world.introspect(world.api, token.trim())).body).toEqual({ active: false });

  const wrong = { ...environment, CLIENT_SECRET: 'wrong' };
  const refused = await runExample('service-client-credentials.ts', { environment: wrong });
  expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('refused: invalid_client')]);
});
