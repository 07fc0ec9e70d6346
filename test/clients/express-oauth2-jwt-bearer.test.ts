// express-oauth2-jwt-bearer: APIs that verify our JWT access tokens (RFC 9068) by themselves, without asking us.
import express, { type ErrorRequestHandler } from 'express';
import { type AuthOptions, type AuthResult, auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResourceRegistration } from '../../server/resources/resources.ts';
import { type Answer, createProgram } from '../support/program.ts';
import { API, type TokenSet, type World } from '../support/world.ts';
import { openSite, type Site } from './app-site.ts';
import { readEndpoints } from './endpoints.ts';
import { startListeningWorld } from './listening-world.ts';

const BILLS = 'https://bills.example.com/';

let world: World;
let site: Site;
beforeAll(async () => {
  world = await startListeningWorld();
  site = await openSite();
  await registerApi(BILLS, { scopes: { 'read:bills': 'Read your bills' } });
});
afterAll(() => Promise.all([site.close(), world.close()]));

async function registerApi(identifier: string, change: Partial<ResourceRegistration>): Promise<void> {
  const registration = { name: identifier, scopes: {}, tokenFormat: 'jwt', ...change } as const;
  const auth = { auth: 'client_secret_basic' } as const;
  await world.app.parts.resources.register({ identifier, isDefault: false, registration }, auth);
}

const answerRefusal: ErrorRequestHandler = (error, _request, response, _next) => {
  response.status(error.status).set(error.headers).json({ error: error.code });
};

function serveApi(options: AuthOptions): void {
  const app = express();
  app.use(auth({ ...options, strict: true }));
  app.get('/orders', requiredScopes('read:orders'), (request, response) => {
    // The MCP SDK declares another `auth` for every request of this program.
    response.json((request.auth as unknown as AuthResult).payload);
  });
  app.get('/everything', requiredScopes('write:orders'), (_request, response) => void response.json([]));
  app.use(answerRefusal);
  site.serve(app);
}

function call(path: string, token: string): Promise<Answer> {
  const { host, port } = new URL(site.origin);
  return createProgram({ host, port: Number(port) })(path, { headers: { Authorization: `Bearer ${token}` } });
}

async function signIn(resource: string, scope: string): Promise<TokenSet> {
  const app = await world.registerClient({ scopes: ['openid', 'read:tasks', 'read:orders', 'read:bills'] });
  return world.signIn(app, { resource, scope: `openid ${scope}` });
}

// With `issuerBaseURL` it believes the algorithms that discovery names for ID tokens, and ours are RS256.
const kinds = {
  'issuerBaseURL, for an API with RS256': {
    audience: 'https://orders.example.com/rs256',
    tokenAlg: 'RS256',
    configure: () => ({ issuerBaseURL: world.app.config.issuer }),
  },
  'issuerBaseURL and the algorithm of the API, for one with ES256 (the default)': {
    audience: 'https://orders.example.com/discovered',
    tokenAlg: 'ES256',
    configure: () => ({ issuerBaseURL: world.app.config.issuer, validators: { alg: 'ES256' } }),
  },
  'issuer and jwksUri, for an API with ES256 (the default)': {
    audience: 'https://orders.example.com/es256',
    tokenAlg: 'ES256',
    async configure() {
      const { issuer, jwks_uri: jwksUri } = await readEndpoints(world);
      return { issuer, jwksUri, tokenSigningAlg: 'ES256' };
    },
  },
} as const;

describe.each(Object.entries(kinds))('express-oauth2-jwt-bearer with %s', (_words, kind) => {
  const { audience, tokenAlg, configure } = kind;
  beforeAll(async () => {
    await registerApi(audience, { scopes: { 'read:orders': 'Read your orders' }, tokenAlg });
    serveApi({ audience, ...(await configure()) });
  });

  test('learns from the token alone who is calling, for which app and with which scopes', async () => {
    const { access_token: token } = await signIn(audience, 'read:orders');
    const answer = await call('/orders', token);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        iss: world.app.config.issuer,
        aud: audience,
        sub: world.ada.id,
        scope: 'read:orders',
        client_id: expect.any(String),
        jti: expect.any(String),
      },
    });
  });

  test('refuses a scope that nobody granted', async () => {
    const { access_token: token } = await signIn(audience, 'read:orders');
    const answer = await call('/everything', token);
    expect(answer).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
  });

  const refused: Record<string, () => Promise<string>> = {
    'a token for another API': async () => (await signIn(BILLS, 'read:bills')).access_token,
    'an ID token': async () => (await signIn(audience, 'read:orders')).id_token,
    'an opaque token': async () => (await signIn(API, 'read:tasks')).access_token,
    'a token whose claims were changed': async () => {
      const { access_token: token } = await signIn(audience, 'read:orders');
      const [header, payload = '', signature] = token.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const forged = Buffer.from(JSON.stringify({ ...claims, scope: 'write:orders' })).toString('base64url');
      return [header, forged, signature].join('.');
    },
  };

  test.each(Object.entries(refused))('refuses %s', async (_words, obtain) => {
    const answer = await call('/orders', await obtain());
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
  });
});
