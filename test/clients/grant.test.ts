// grant: middleware that makes an Express app a client of whatever its table names. Plain requests of its own kind.
import express, { type RequestHandler } from 'express';
import session from 'express-session';
import grant, { type GrantConfig, type GrantProvider, type GrantResponse } from 'grant';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API, type World } from '../support/world.ts';
import { createVisitor, openSite, readJson, type Site } from './app-site.ts';
import { readEndpoints } from './endpoints.ts';
import { startListeningWorld } from './listening-world.ts';

declare module 'express-session' {
  interface SessionData {
    grant: { response?: GrantResponse };
  }
}

// Its declarations are written as if it were an ES module with a default export; it is a CommonJS function.
const { express: createGrant } = grant as unknown as { express(config: GrantConfig): RequestHandler };

let world: World;
let site: Site;
beforeAll(async () => {
  world = await startListeningWorld();
  site = await openSite();
});
afterAll(() => Promise.all([site.close(), world.close()]));

async function serveApp(change: GrantProvider): Promise<void> {
  const { id, secret = '' } = await world.registerClient({
    redirectUris: [`${site.origin}/connect/latchkey/callback`],
  });
  const endpoints = await readEndpoints(world);
  const app = express();
  app.use(session({ secret: 'of the app', resave: false, saveUninitialized: true }));
  app.use(
    createGrant({
      defaults: { origin: site.origin, transport: 'session', state: true, nonce: true, pkce: true },
      latchkey: {
        oauth: 2,
        authorize_url: endpoints.authorization_endpoint,
        access_url: endpoints.token_endpoint,
        profile_url: endpoints.userinfo_endpoint,
        key: id,
        secret,
        scope: ['openid', 'email', 'offline_access', 'read:tasks'],
        scope_delimiter: ' ',
        response: ['tokens', 'profile', 'jwt'],
        callback: '/hello',
        ...change,
      },
    }),
  );
  app.get('/hello', (request, response) => void response.json(request.session.grant?.response));
  site.serve(app);
}

// It sends its secret in the body unless told otherwise, also to a client registered for Basic.
describe.each([
  ['client_secret_post, its default', {}],
  ['client_secret_basic', { token_endpoint_auth_method: 'client_secret_basic' }],
] as const)('grant with %s', (_words, change) => {
  test('signs in, reads userinfo, and the API learns who is calling', async () => {
    await serveApp(change);
    const visitor = createVisitor(world, site);
    const page = await visitor.signIn(await visitor.there.get('/connect/latchkey'));
    const hello = readJson(page) as GrantResponse;
    expect(hello).toMatchObject({
      refresh_token: expect.stringMatching(/^lkr_/),
      jwt: { id_token: { payload: { sub: world.ada.id, iss: world.app.config.issuer } } },
      profile: { sub: world.ada.id, email: 'ada@example.com' },
    });
    const seen = await world.introspect(world.api, hello.access_token ?? '');
    expect(seen.body).toMatchObject({ active: true, sub: world.ada.id, aud: API, scope: 'read:tasks' });
  });
});
