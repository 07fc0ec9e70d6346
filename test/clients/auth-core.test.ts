// @auth/core (Auth.js) with a generic OpenID Connect provider: its own csrf form, PKCE, state and nonce; profile from the ID token.
import type { IncomingMessage, RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { Auth, type AuthConfig } from '@auth/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { World } from '../support/world.ts';
import { createVisitor, openSite, readJson, type Site } from './app-site.ts';
import { startListeningWorld } from './listening-world.ts';

let world: World;
let site: Site;
beforeAll(async () => {
  world = await startListeningWorld();
  site = await openSite();
});
afterAll(() => Promise.all([site.close(), world.close()]));

async function toRequest(message: IncomingMessage): Promise<Request> {
  const headers = new Headers(message.headers as Record<string, string>);
  const method = message.method ?? 'GET';
  const body = method === 'POST' ? { body: await text(message) } : {};
  return new Request(new URL(message.url ?? '', site.origin), { method, headers, ...body });
}

/** What the frameworks' packages around Auth.js do. */
function createListener(config: AuthConfig): RequestListener {
  return async (message, response) => {
    const answer = await Auth(await toRequest(message), config);
    response.writeHead(answer.status, [...answer.headers].flat());
    response.end(await answer.text());
  };
}

type Way = { hasIdTokenClaims: boolean; idToken: boolean };

async function serveApp({ hasIdTokenClaims, idToken }: Way): Promise<void> {
  const { id, secret = '' } = await world.registerClient({
    redirectUris: [`${site.origin}/auth/callback/latchkey`],
    hasIdTokenClaims,
  });
  const config: AuthConfig = {
    secret: 'a long secret of the app for its cookies',
    trustHost: true,
    logger: { error: () => undefined },
    providers: [
      {
        id: 'latchkey',
        name: 'Latchkey',
        type: 'oidc',
        issuer: world.app.config.issuer,
        clientId: id,
        clientSecret: secret,
        checks: ['pkce', 'state', 'nonce'],
        idToken,
      },
    ],
  };
  site.serve(createListener(config));
}

/** Presses the button of the page that it shows by itself: a form with a csrf token, which a cookie must match. */
async function pressSignIn(robot: ReturnType<Site['robot']>) {
  const page = await robot.get('/auth/signin');
  const [, csrfToken = ''] = /name="csrfToken" value="([^"]+)"/.exec(page.html) ?? [];
  return robot.post('/auth/signin/latchkey', { csrfToken, callbackUrl: `${site.origin}/auth/session` });
}

describe.each([
  ['whose registration puts the profile into the ID token', { hasIdTokenClaims: true, idToken: true }],
  ['that asks userinfo (`idToken: false`)', { hasIdTokenClaims: false, idToken: false }],
])('@auth/core as a client %s', (_words, way) => {
  beforeAll(() => serveApp(way));

  test('signs in through its csrf form and has a session with name and address', async () => {
    const visitor = createVisitor(world, site);
    const session = readJson(await visitor.signIn(await pressSignIn(visitor.there)));
    expect(session).toMatchObject({ user: { name: 'Ada Lovelace', email: 'ada@example.com' } });
  });

  test('shows its own page when the person denies', async () => {
    const { there, here } = createVisitor(world, site);
    const { location = '' } = await pressSignIn(there);
    const page = await here.visit(new URL(location).pathname + new URL(location).search);
    const denied = await here.send(page, {}, { button: 'decision=deny' });
    const back = await there.get(denied.location ?? '');
    expect(back.location).toMatch(/error=OAuthCallbackError/);
    expect(readJson(await there.get('/auth/session'))).toBeNull();
  });
});
