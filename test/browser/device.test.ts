// A real Chromium on a phone-sized window pairs a device and turns one down, with and without JavaScript (issue 3, bar 2).
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startListeningWorld } from '../clients/listening-world.ts';
import { CLI, type Code, createDeviceVisits, type DeviceVisits } from '../interactions/device-visits.ts';
import { launchBrowser } from '../support/chromium.ts';
import { PASSWORD, type World } from '../support/world.ts';

const PHONE = { width: 390, height: 844 };

let world: World;
let visits: DeviceVisits;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([startListeningWorld(), launchBrowser()]);
  visits = createDeviceVisits(world);
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

/** A person with a phone. What the browser complains about (the policy of a page above all) is kept. */
async function takePhone(javaScriptEnabled: boolean) {
  const context = await browser.newContext({ javaScriptEnabled, viewport: PHONE, hasTouch: true });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    const isRefusal = /status of 4\d\d/.test(message.text());
    if (!isRefusal && ['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { context, page, complaints };
}

async function signIn(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Connect a device' }).waitFor();
}

/** From the device's link, past the sign-in, to the decision. */
async function openLink(page: Page, code: Code, email: string): Promise<void> {
  await page.goto(code.verification_uri_complete);
  await signIn(page, email);
  expect(await page.getByLabel('Code').inputValue()).toBe(code.user_code);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Is this the code on your device?').waitFor();
}

function focusedTag(page: Page): Promise<string> {
  return page.evaluate<string>('document.activeElement.tagName');
}

/** Nothing of the page lies beside the window. */
async function checkFits(page: Page): Promise<void> {
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
    PHONE.width,
  );
}

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
] as const)('Chromium on a phone, %s', (_words, javaScriptEnabled) => {
  test('D18 D24 bar 2: follows the link, reads, gives less than was asked, allows; the device has its tokens', async () => {
    const { context, page, complaints } = await takePhone(javaScriptEnabled);
    const grace = await visits.register('Grace');
    const code = await visits.ask();
    await openLink(page, code, grace.email);
    expect(await focusedTag(page)).toBe('BODY');
    await checkFits(page);
    expect(await page.getByText(code.user_code, { exact: true }).count()).toBe(1);
    await page.getByLabel('Change your tasks').uncheck();
    await page.getByLabel('For 8 hours').check();
    const [deny, allow] = await Promise.all(
      ['Deny', 'Allow'].map((name) => page.getByRole('button', { name, exact: true }).boundingBox()),
    );
    expect(deny).toMatchObject({
      y: allow?.y,
      height: allow?.height,
      width: expect.closeTo(allow?.width ?? 0, 0),
    });
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
    const { status, body } = await visits.poll(code);
    expect([status, body.scope]).toEqual([200, 'openid email read:tasks']);

    await page.getByRole('link', { name: 'See what has access' }).click();
    expect(await page.getByRole('main').textContent()).toContain(CLI);
    await checkFits(page);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('D14 bar 2: types a code wrong, then right, and denies; Enter on the page would have denied too', async () => {
    const { context, page, complaints } = await takePhone(javaScriptEnabled);
    const grace = await visits.register('Grace');
    const [code, other] = [await visits.ask(), await visits.ask()];
    await page.goto(`${world.app.config.issuer}/device`);
    await signIn(page, grace.email);
    expect(await focusedTag(page)).toBe('BODY');
    await checkFits(page);
    await page.getByLabel('Code').fill('bcdf ghjk');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('There is no such code').waitFor();
    expect(await page.getByLabel('Code').inputValue()).toBe('bcdf ghjk');
    await page.getByLabel('Code').fill(code.user_code.toLowerCase().replace('-', ' '));
    await page.getByLabel('Code').press('Enter');
    await page.getByText('Is this the code on your device?').waitFor();
    await page.getByRole('button', { name: 'Deny', exact: true }).click();
    await page.getByRole('heading', { name: 'Denied' }).waitFor();
    expect((await visits.poll(code)).body.error).toBe('access_denied');

    await page.getByRole('link', { name: 'Enter another code' }).click();
    await page.getByLabel('Code').fill(other.user_code);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Read your tasks').press('Enter');
    await page.getByRole('heading', { name: 'Denied' }).waitFor();
    expect((await visits.poll(other)).body.error).toBe('access_denied');
    expect(complaints).toEqual([]);
    await context.close();
  });
});
