// passport-openidconnect in an Express app. It sends no PKCE: a confidential client with needs_pkce switched off.
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { type Profile, Strategy, type VerifyCallback } from 'passport-openidconnect';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { World } from '../support/world.ts';
import { createVisitor, openSite, readJson, type Site } from './app-site.ts';
import { readEndpoints } from './endpoints.ts';
import { startListeningWorld } from './listening-world.ts';

let world: World;
let site: Site;
beforeAll(async () => {
  world = await startListeningWorld();
  site = await openSite();
});
afterAll(() => Promise.all([site.close(), world.close()]));

function verify(
  _issuer: string,
  { id, displayName, emails }: Profile,
  _context: object,
  _idToken: string | object,
  accessToken: string | object,
  _refreshToken: string,
  done: VerifyCallback,
): void {
  done(null, { id, displayName, emails, accessToken });
}

async function serveApp({ needsPkce }: { needsPkce: boolean }): Promise<void> {
  const redirectUri = `${site.origin}/callback`;
  const { id, secret = '' } = await world.registerClient({ redirectUris: [redirectUri], needsPkce });
  const endpoints = await readEndpoints(world);
  const strategy = new Strategy(
    {
      issuer: endpoints.issuer,
      authorizationURL: endpoints.authorization_endpoint,
      tokenURL: endpoints.token_endpoint,
      userInfoURL: endpoints.userinfo_endpoint,
      clientID: id,
      clientSecret: secret,
      callbackURL: redirectUri,
      scope: ['profile', 'email'],
      skipUserProfile: false,
    },
    verify,
  );
  const authenticator = new passport.Passport();
  authenticator.use(strategy);
  authenticator.serializeUser((user, done) => done(null, user));
  authenticator.deserializeUser((user: Express.User, done) => done(null, user));

  const app = express();
  app.use(session({ secret: 'of the app', resave: false, saveUninitialized: false }));
  app.use(authenticator.session());
  app.get('/login', authenticator.authenticate('openidconnect'));
  app.get(
    '/callback',
    authenticator.authenticate('openidconnect', { successRedirect: '/me', failWithError: true }),
  );
  app.get('/me', (request, response) => void response.json(request.user));
  site.serve(app);
}

describe('passport-openidconnect', () => {
  test('signs in and reads userinfo where the registration lets it go without PKCE', async () => {
    await serveApp({ needsPkce: false });
    const visitor = createVisitor(world, site);
    const page = await visitor.signIn(await visitor.there.get('/login'));
    expect(readJson(page)).toMatchObject({
      id: world.ada.id,
      displayName: 'Ada Lovelace',
      emails: [{ value: 'ada@example.com' }],
    });
  });

  test('A11: is refused without that switch, and its app learns why', async () => {
    await serveApp({ needsPkce: true });
    const visitor = createVisitor(world, site);
    const { location } = await visitor.there.get('/login');
    const refused = await visitor.here.get(new URL(location ?? '').pathname + new URL(location ?? '').search);
    const back = new URL(refused.location ?? '');
    expect(back.origin).toBe(site.origin);
    expect(back.searchParams.get('error')).toBe('invalid_request');
    expect(back.searchParams.get('error_description')).toContain('PKCE');
  });
});
