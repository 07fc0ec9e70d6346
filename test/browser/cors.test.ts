// A real Chromium with pages of two origins: what the registered one can read, and the other cannot (row T20).
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startListeningWorld } from '../clients/listening-world.ts';
import { launchBrowser } from '../support/chromium.ts';
import { createProver } from '../support/dpop.ts';
import type { AppClient, World } from '../support/world.ts';
import { type AppServer, startAppServer } from './app-server.ts';

type Asked = {
  path: string;
  method?: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
};
/** What the script saw; a `failure` is all that it learns where it may not read. */
type Seen = {
  status?: number;
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
  failure?: string;
};

let world: World;
let browser: Browser;
let site: AppServer;
let elsewhere: AppServer;
let spa: AppClient;
beforeAll(async () => {
  [world, browser, site, elsewhere] = await Promise.all([
    startListeningWorld(),
    launchBrowser(),
    startAppServer(),
    startAppServer(),
  ]);
  spa = await world.registerClient({
    name: 'Page',
    type: 'browser',
    auth: 'none',
    grants: ['authorization_code', 'refresh_token'],
    redirectUris: [site.redirectUri],
    origins: [site.origin],
  });
});
afterAll(() => Promise.all([browser?.close(), site?.close(), elsewhere?.close(), world?.close()]));

// In the page: text, since it is not compiled with the test.
const SCRIPT = `async ([url, { method = 'POST', headers, form }]) => {
  try {
    const answer = await fetch(url, { method, headers, body: form && new URLSearchParams(form), credentials: 'omit' });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : {}, headers: Object.fromEntries(answer.headers) };
  } catch (error) {
    return { failure: String(error) };
  }
}`;

/** From a page of this origin; in a sandboxed frame its origin is null. */
async function openPage(origin: string, kind: 'page' | 'sandbox' = 'page') {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  if (kind === 'sandbox') {
    await page.setContent('<iframe sandbox="allow-scripts" srcdoc="<p>inside</p>"></iframe>');
    await page.frameLocator('iframe').getByText('inside').waitFor();
  }
  const frame = kind === 'sandbox' ? page.frames()[1] : page.mainFrame();
  if (frame === undefined) throw new Error('no frame');
  return {
    ask: ({ path, ...how }: Asked): Promise<Seen> =>
      frame.evaluate(`(${SCRIPT})(${JSON.stringify([world.app.config.issuer + path, how])})`),
    close: () => context.close(),
  };
}

/** Everything that a browser client asks, with the headers that make a browser ask before. */
async function askEverything(page: Awaited<ReturnType<typeof openPage>>) {
  const tokens = await world.signIn(spa, { scope: 'openid offline_access' });
  const prover = await createProver(world.app.config.issuer);
  const own = { client_id: spa.id };
  return {
    userinfo: await page.ask({
      path: '/userinfo',
      method: 'GET',
      headers: { Authorization: `Bearer ${tokens.access_token}` },
    }),
    refused: await page.ask({
      path: '/token',
      form: { ...own, grant_type: 'authorization_code', code: 'x', redirect_uri: spa.redirectUri },
    }),
    nonce: await page.ask({
      path: '/token',
      headers: await prover.header('/token', { claims: { iat: 1 } }),
      form: { ...own, grant_type: 'refresh_token', refresh_token: 'x' },
    }),
    refreshed: await page.ask({
      path: '/token',
      form: { ...own, grant_type: 'refresh_token', refresh_token: tokens.refresh_token },
    }),
    pushed: await page.ask({ path: '/par', form: own }),
    device: await page.ask({ path: '/device/code', form: own }),
    revoked: await page.ask({ path: '/revoke', form: { ...own, token: tokens.access_token } }),
  };
}

test('T20: a page of a registered origin reads every answer, refusals and their headers too', async () => {
  const page = await openPage(site.origin);
  const seen = await askEverything(page);
  expect(seen).toMatchObject({
    userinfo: { status: 200, body: { sub: world.ada.id } },
    refused: { status: 400, body: { error: 'invalid_grant' } },
    nonce: { status: 400, body: { error: 'use_dpop_nonce' } },
    refreshed: { status: 200, body: { token_type: 'Bearer' } },
    pushed: { status: 400, body: { error: 'invalid_request' } },
    device: { status: 400, body: { error: 'unauthorized_client' } },
    revoked: { status: 200, body: {} },
  });
  expect(seen.nonce.headers).toHaveProperty('dpop-nonce');
  const unknown = await page.ask({
    path: '/userinfo',
    method: 'GET',
    headers: { Authorization: 'Bearer x' },
  });
  expect(unknown.status).toBe(401);
  expect(unknown.headers?.['www-authenticate']).toContain('invalid_token');
  await page.close();
});

test.each(['page', 'sandbox'] as const)(
  'T20: a %s of an origin that is not registered reads nothing of it, and learns only what is public',
  async (kind) => {
    const page = await openPage(elsewhere.origin, kind);
    for (const [name, seen] of Object.entries(await askEverything(page)))
      expect([name, seen]).toEqual([name, { failure: expect.stringContaining('Failed to fetch') }]);
    for (const path of ['/.well-known/openid-configuration', '/jwks'])
      expect([path, (await page.ask({ path, method: 'GET' })).status]).toEqual([path, 200]);
    await page.close();
  },
);
