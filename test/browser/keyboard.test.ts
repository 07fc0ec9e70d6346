// A real Chromium and nothing but its keyboard: every flow of a person, with the focus always in sight (issue 5, bar 1).
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startListeningWorld } from '../clients/listening-world.ts';
import { createDeviceVisits, type DeviceVisits } from '../interactions/device-visits.ts';
import { launchBrowser } from '../support/chromium.ts';
import { type AppClient, createVerifier, PASSWORD, type World } from '../support/world.ts';
import { type AppServer, startAppServer } from './app-server.ts';
import { createKeyboard, type Keyboard } from './keyboard.ts';

let world: World;
let visits: DeviceVisits;
let appServer: AppServer;
let browser: Browser;
let app: AppClient;

beforeAll(async () => {
  [world, appServer, browser] = await Promise.all([startListeningWorld(), startAppServer(), launchBrowser()]);
  visits = createDeviceVisits(world);
  app = await world.registerClient({
    name: 'Photo Box',
    redirectUris: [appServer.redirectUri],
    optionalScopes: ['write:tasks'],
  });
});
afterAll(async () => {
  await browser?.close();
  await appServer?.close();
  await world?.close();
});

/** Somebody who has never been here, at this page. */
async function arrive(path: string) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const person = await visits.register('Grace');
  const goTo = (next: string) => page.goto(world.app.config.issuer + next);
  await goTo(path);
  return { page, keys: createKeyboard(page), person, goTo, leave: () => context.close() };
}

async function signIn(page: Page, keys: Keyboard, email: string, next: string): Promise<void> {
  await keys.tabTo('E-mail');
  await keys.type(email);
  await keys.tabTo('Password');
  await keys.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: next }).waitFor();
}

function beginAt() {
  const { verifier, challenge } = createVerifier();
  const scope = 'openid email read:tasks write:tasks';
  return { verifier, path: world.authorizationPath(app, challenge, { scope }) };
}

test('bar 1: keys alone sign in, untick a scope, allow, revoke and sign out', async () => {
  const { verifier, path } = beginAt();
  const { page, keys, person, goTo, leave } = await arrive(path);
  await signIn(page, keys, person.email, 'Photo Box wants to use your account');
  await keys.tabTo('Allow');
  await keys.tabTo('Change your tasks', 'Shift+Tab');
  await page.keyboard.press('Space');
  expect(await page.getByLabel('Change your tasks').isChecked()).toBe(false);
  await keys.tabTo('Allow');
  await page.keyboard.press('Space');
  await page.getByText('Back at the app').waitFor();
  const code = appServer.takeVisit().parameters.get('code') ?? '';
  expect((await world.redeem(app, { code, verifier })).body.scope).toBe('openid email read:tasks');

  await goTo('/account/access');
  await keys.tabTo('Revoke the access of Photo Box');
  await page.keyboard.press('Enter');
  await page.getByText('Nothing has access yet').waitFor();

  // Her monogram and her name open the menu.
  await keys.tabTo('GGrace', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await keys.tabTo('Sign out');
  await page.keyboard.press('Space');
  await page.getByRole('link', { name: 'Sign in' }).first().waitFor();
  await goTo('/account');
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  await leave();
});

test('bar 1: keys alone enter the code of a device, choose how long with the arrows, and allow it', async () => {
  const code = await visits.ask();
  const { page, keys, person, leave } = await arrive('/device');
  await signIn(page, keys, person.email, 'Connect a device');
  await keys.tabTo('Code');
  await keys.type(code.user_code.toLowerCase());
  await page.keyboard.press('Enter');
  await page.getByText('Is this the code on your device?').waitFor();
  await keys.tabTo('Change your tasks');
  await page.keyboard.press('Space');
  await keys.tabTo('For ');
  const before = (await keys.findStop()).name;
  expect((await keys.press('ArrowUp')).name).not.toBe(before);
  expect((await keys.press('ArrowDown')).name).toBe(before);
  await keys.tabTo('Allow');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
  const { status, body } = await visits.poll(code);
  expect([status, body.scope]).toEqual([200, 'openid email read:tasks']);
  await leave();
});

test('bar 1: the skip link is the first stop, shows itself, and leads past the menu', async () => {
  const { page, keys, person, goTo, leave } = await arrive('/sign-in');
  await signIn(page, keys, person.email, 'Your account');
  await goTo('/account/password');
  expect(await keys.press('Tab')).toEqual({
    name: 'Skip to the content',
    hasOutline: true,
    isOnScreen: true,
  });
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('main');
  expect((await keys.press('Tab')).name).toBe('Overview');
  await leave();
});

test.each(['/sign-in', '/sign-up', '/forgot-password', '/device'])(
  'bar 1: around %s each control is a stop in sight, in the order of the page, forwards and backwards',
  async (path) => {
    const { keys, goTo, leave } = await arrive(path);
    await checkStops(keys);
    await goTo(path);
    const backwards = await keys.goAround('Shift+Tab');
    expect(backwards.map(({ name }) => name).reverse()).toEqual(await keys.listControls());
    await leave();
  },
);

test('bar 1: the same on every page of an account, and on the question of an app', async () => {
  const { page, keys, person, goTo, leave } = await arrive('/sign-in');
  await signIn(page, keys, person.email, 'Your account');
  const account = ['', '/access', '/sessions', '/password', '/email', '/data'];
  for (const path of [...account.map((name) => `/account${name}`), beginAt().path]) {
    await goTo(path);
    await checkStops(keys);
  }
  await leave();
});

async function checkStops(keys: Keyboard): Promise<void> {
  const stops = await keys.goAround();
  expect(stops.map(({ name }) => name)).toEqual(await keys.listControls());
  expect(stops.filter(({ hasOutline, isOnScreen }) => !(hasOutline && isOnScreen))).toEqual([]);
}
