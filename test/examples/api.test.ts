// The example APIs, each as a process: what they answer to whom (RFC 6750 section 3), with tokens of either format.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFreePort, startListeningWorld } from '../clients/listening-world.ts';
import { createProver } from '../support/dpop.ts';
import { registerJwtApi } from '../support/jwt-world.ts';
import { API, type AppClient, type World } from '../support/world.ts';
import { FOLDER, serveExample } from './example.ts';

const JWT_API = 'https://tasks.example.com';
const SCOPES = { 'read:tasks': 'Read your tasks', 'write:tasks': 'Change your tasks' };
const APIS = [
  { file: 'api-introspection.ts', resource: API, feelsRevocation: true },
  { file: 'api-jwt.ts', resource: JWT_API, feelsRevocation: false },
];

let world: World;
let service: AppClient;

beforeAll(async () => {
  world = await startListeningWorld();
  await registerJwtApi(world, JWT_API, { scopes: SCOPES });
  service = await world.registerClient({
    ...{ name: 'Reports', type: 'service', grants: ['client_credentials'], scopes: Object.keys(SCOPES) },
    ...{ redirectUris: [], postLogoutRedirectUris: [] },
  });
});
afterAll(() => world.close());

async function getToken(resource: string, scope: string, headers: Record<string, string> = {}) {
  const asked = { grant_type: 'client_credentials', resource, scope };
  const credentials = { client_id: service.id, client_secret: service.secret };
  const { status, text, body } = await world.post('/token', { ...asked, ...credentials }, headers);
  if (status !== 200) throw new Error(`no token: ${status} ${text}`);
  return String(body.access_token);
}

async function serve(file: string, environment: Record<string, string> = {}) {
  const port = String(await findFreePort());
  const own = { CLIENT_ID: world.api.id, CLIENT_SECRET: world.api.secret ?? '', AUDIENCE: JWT_API };
  const given = { ISSUER: world.app.config.issuer, ...own, PORT: port, ...environment };
  const { end } = await serveExample(file, given);

  async function call(authorization?: string, method = 'GET') {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const response = await fetch(`http://127.0.0.1:${port}/tasks`, { method, headers });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
  return { end, call };
}

test('the API for JWTs differs in how it learns who calls, and in nothing that it answers', () => {
  const [first, second] = APIS.map(({ file }) =>
    readFileSync(join(FOLDER, file), 'utf8').split('\n// From here on api-introspection.ts and api-jwt.ts'),
  );
  expect(first?.[1]?.length).toBeGreaterThan(1500);
  expect(second?.[1]).toBe(first?.[1]);
});

describe.each(APIS)('$file', ({ file, resource, feelsRevocation }) => {
  let api: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    api = await serve(file);
  });
  afterAll(() => api.end());

  test('a token with the scope that is needed is answered; the scheme is read without its case', async () => {
    const token = await getToken(resource, 'read:tasks write:tasks');
    const read = await api.call(`bearer ${token}`);
    expect([read.status, read.body]).toEqual([
      200,
      expect.objectContaining({ for: service.id, by: service.id }),
    ]);
    expect((await api.call(`Bearer ${token}`, 'POST')).status).toBe(201);
  });

  test('no token is 401 with a bare challenge', async () => {
    for (const authorization of [undefined, 'Basic bm9ib2R5Og==']) {
      const { status, headers } = await api.call(authorization);
      expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="Tasks"']);
    }
  });

  test('a token that opens nothing here is 401 invalid_token', async () => {
    const elsewhere = await getToken(resource === API ? JWT_API : API, 'read:tasks');
    for (const token of ['lka_unknown', 'a.b.c', elsewhere]) {
      const { status, headers } = await api.call(`Bearer ${token}`);
      const challenge = 'Bearer realm="Tasks", error="invalid_token"';
      expect([status, headers.get('www-authenticate')]).toEqual([401, challenge]);
    }
  });

  test('what is no token at all is 400 invalid_request', async () => {
    for (const authorization of ['Bearer', 'Bearer two words', 'Bearer ä']) {
      const { status, headers } = await api.call(encodeURI(authorization).replaceAll('%20', ' '));
      const challenge = 'Bearer realm="Tasks", error="invalid_request"';
      expect([status, headers.get('www-authenticate')]).toEqual([400, challenge]);
    }
  });

  test('a scope that is missing is 403, and named', async () => {
    const { status, headers } = await api.call(`Bearer ${await getToken(resource, 'read:tasks')}`, 'POST');
    const challenge = 'Bearer realm="Tasks", error="insufficient_scope", scope="write:tasks"';
    expect([status, headers.get('www-authenticate')]).toEqual([403, challenge]);
  });

  test('a token that is bound to a key is worth nothing without a proof', async () => {
    const prover = await createProver(world.app.config.issuer);
    const token = await getToken(resource, 'read:tasks', await prover.header('/token'));
    expect((await api.call(`Bearer ${token}`)).status).toBe(401);
  });

  test(`a revocation is ${feelsRevocation ? '' : 'not '}felt by the next call`, async () => {
    const token = await getToken(resource, 'read:tasks');
    expect((await api.call(`Bearer ${token}`)).status).toBe(200);
    await world.post('/revoke', { token, client_id: service.id, client_secret: service.secret });
    expect((await api.call(`Bearer ${token}`)).status).toBe(feelsRevocation ? 401 : 200);
  });

  test('where nobody can say who calls it is 503, and nobody is let in', async () => {
    const token = await getToken(resource, 'read:tasks');
    const lonely = await serve(file, { ISSUER: `http://127.0.0.1:${await findFreePort()}` });
    const { status, headers } = await lonely.call(`Bearer ${token}`);
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    await lonely.end();
  });
});
