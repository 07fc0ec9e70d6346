// express-openid-connect in an Express app: discovery, PKCE or a pushed request, userinfo, refresh, and both ways of signing out.
import express from 'express';
import { auth, type ConfigParams, requiresAuth } from 'express-openid-connect';
import { MemoryStore } from 'express-session';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Registration } from '../../server/clients/clients.ts';
import { API, type World } from '../support/world.ts';
import { createVisitor, openSite, readJson, type Site } from './app-site.ts';
import { startListeningWorld } from './listening-world.ts';

let world: World;
let site: Site;
beforeAll(async () => {
  site = await openSite();
  world = await startListeningWorld({ outbound: { allowed_hosts: [new URL(site.origin).host] } });
});
afterAll(() => Promise.all([site.close(), world.close()]));

type Change = { registration?: Partial<Registration>; settings?: ConfigParams };

async function serveApp({ registration, settings }: Change = {}): Promise<void> {
  const { id, secret = '' } = await world.registerClient({
    redirectUris: [`${site.origin}/callback`],
    postLogoutRedirectUris: [site.origin],
    ...registration,
  });
  const scope = 'openid profile email offline_access read:tasks';
  const app = express();
  app.use(
    auth({
      issuerBaseURL: world.app.config.issuer,
      baseURL: site.origin,
      clientID: id,
      clientSecret: secret,
      secret: 'a long secret of the app for its cookie',
      authRequired: false,
      idpLogout: true,
      authorizationParams: { response_type: 'code', scope },
      ...settings,
    }),
  );
  app.get('/', (request, response) => void response.json({ isSignedIn: request.oidc.isAuthenticated() }));
  app.get('/profile', requiresAuth(), async (request, response) => {
    response.json(await request.oidc.fetchUserInfo());
  });
  app.get('/token', requiresAuth(), (request, response) => void response.json(request.oidc.accessToken));
  app.get('/refreshed', requiresAuth(), async (request, response) => {
    response.json(await request.oidc.accessToken?.refresh());
  });
  site.serve(app);
}

type Shown = { access_token: string };

describe.each([
  ['', {}],
  [
    ' whose registration demands pushed requests (RFC 9126)',
    { registration: { needsPushedRequest: true }, settings: { pushedAuthorizationRequests: true } },
  ],
])('express-openid-connect as a client%s', (_words, change: Change) => {
  beforeAll(() => serveApp(change));

  test('signs in at the page that was asked for, reads userinfo and refreshes', async () => {
    const visitor = createVisitor(world, site);
    const profile = await visitor.signIn(await visitor.there.get('/profile'));
    expect(readJson(profile)).toMatchObject({
      sub: world.ada.id,
      name: 'Ada Lovelace',
      email: 'ada@example.com',
    });

    const first = readJson(await visitor.there.get('/token')) as Shown;
    const next = readJson(await visitor.there.get('/refreshed')) as Shown;
    expect(next.access_token).not.toBe(first.access_token);
    const seen = await world.introspect(world.api, next.access_token);
    expect(seen.body).toMatchObject({ active: true, sub: world.ada.id, aud: API, scope: 'read:tasks' });
  });

  test('signs out at the app and here, and comes back', async () => {
    const visitor = createVisitor(world, site);
    await visitor.signIn(await visitor.there.get('/login'));
    expect(readJson(await visitor.there.get('/'))).toEqual({ isSignedIn: true });
    const page = await visitor.signOut(await visitor.there.get('/logout'));
    expect(readJson(page)).toEqual({ isSignedIn: false });
    expect((await visitor.here.get('/account')).status).toBe(303);
  });
});

test('express-openid-connect learns by its back channel that Ada signed out here', async () => {
  const uri = `${site.origin}/backchannel-logout`;
  await serveApp({
    registration: { backchannelLogout: { uri, needsSid: true } },
    settings: { backchannelLogout: true, session: { store: new MemoryStore() as never } },
  });
  const visitor = createVisitor(world, site);
  await visitor.signIn(await visitor.there.get('/login'));
  expect(readJson(await visitor.there.get('/'))).toEqual({ isSignedIn: true });

  await visitor.here.send(await visitor.here.visit('/account'), {}, { button: 'Sign out' });
  await expect
    .poll(async () => readJson(await visitor.there.get('/')), { timeout: 10_000 })
    .toEqual({ isSignedIn: false });
});
