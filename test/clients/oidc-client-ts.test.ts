// oidc-client-ts in a single page that a real Chromium loads from another origin: everything by CORS, nothing by a server.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/chromium.ts';
import { API, type AppClient, PASSWORD, type World } from '../support/world.ts';
import { openSite, type Site } from './app-site.ts';
import { startListeningWorld } from './listening-world.ts';
import { createSinglePageApp } from './single-page-app.ts';

type User = {
  access_token: string;
  refresh_token: string;
  expires_at: number;
  scope: string;
  profile: { sub: string; name: string; email: string };
};
type Shown = { count: number; user: User | null; error?: string };

let world: World;
let site: Site;
let browser: Browser;
let app: AppClient;
beforeAll(async () => {
  [world, site, browser] = await Promise.all([startListeningWorld(), openSite(), launchBrowser()]);
  app = await registerPage([site.origin]);
  servePage(app);
});
afterAll(() => Promise.all([browser?.close(), site?.close(), world?.close()]));

function registerPage(origins: string[]): Promise<AppClient> {
  return world.registerClient({
    name: 'Page',
    type: 'browser',
    auth: 'none',
    redirectUris: [`${site.origin}/callback`],
    postLogoutRedirectUris: [`${site.origin}/`],
    origins,
  });
}

function servePage({ id }: AppClient): void {
  const scope = 'openid profile email offline_access read:tasks';
  site.serve(
    createSinglePageApp({
      authority: world.app.config.issuer,
      client_id: id,
      origin: site.origin,
      scope,
    }),
  );
}

let context: BrowserContext;
let page: Page;
let complaints: string[];
beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
});
afterEach(() => context.close());

/** What the page shows once it has done `count` things since it was loaded. */
async function read(count: number): Promise<Shown> {
  await page.locator('output', { hasText: `{"count":${count},` }).waitFor();
  return JSON.parse((await page.locator('output').textContent()) ?? '') as Shown;
}

/** Presses the button and answers what the page shows then. */
async function press(name: string, count: number): Promise<Shown> {
  await page.getByRole('button', { name, exact: true }).click();
  return read(count);
}

async function enter(): Promise<void> {
  await page.goto(`${site.origin}/`);
  await read(1);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  // The second time Ada has allowed it already.
  const allow = page.getByRole('button', { name: 'Allow' });
  await Promise.race([allow.waitFor(), page.waitForURL(`${site.origin}/callback?**`)]);
  if (await allow.isVisible()) await allow.click();
  await page.waitForURL(`${site.origin}/callback?**`);
}

async function signIn(): Promise<User> {
  await enter();
  const { user, error } = await read(1);
  if (user === null || user === undefined) throw new Error(`not signed in: ${error}`);
  return user;
}

describe('oidc-client-ts in Chromium', () => {
  test('signs in with userinfo, and renews silently with its refresh token', async () => {
    const first = await signIn();
    expect(first.profile).toMatchObject({
      sub: world.ada.id,
      name: 'Ada Lovelace',
      email: 'ada@example.com',
    });
    expect(first.scope.split(' ')).toContain('read:tasks');

    const { user: next } = await press('Renew', 2);
    expect(next?.access_token).not.toBe(first.access_token);
    expect(next?.refresh_token).not.toBe(first.refresh_token);
    const seen = await world.introspect(world.api, next?.access_token ?? '');
    expect(seen.body).toMatchObject({ active: true, sub: world.ada.id, aud: API, client_id: app.id });
    expect(complaints).toEqual([]);
  });

  test('V01: revokes both of its tokens, which it takes for an error when the answer is text/plain', async () => {
    const { access_token: token } = await signIn();
    const { error } = await press('Revoke', 2);
    expect(error).toBeUndefined();
    expect((await world.introspect(world.api, token)).body).toEqual({ active: false });
    expect(complaints).toEqual([]);
  });

  test('signs out here and comes back signed out', async () => {
    await signIn();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${world.app.config.issuer}/**`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${site.origin}/`);
    expect((await read(1)).user).toBeNull();
    await page.goto(`${world.app.config.issuer}/account`);
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    expect(complaints).toEqual([]);
  });
});

test('T20: the same page on an origin that is not registered gets no tokens', async () => {
  servePage(await registerPage(['https://elsewhere.example.com']));
  await enter();
  const { user, error } = await read(1);
  expect(user).toBeUndefined();
  expect(error).toContain('Failed to fetch');
});
