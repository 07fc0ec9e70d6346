// The administrator's pages in a real Chromium: every route of the table is whole for everybody (WCAG 2.2 AA), at the width of
// a phone and on a desktop, in light and dark, in both languages; and an act is done without JavaScript.
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { consoleRoutes } from '../../server/console/table.ts';
import { launchBrowser } from '../support/chromium.ts';
import { PASSWORD } from '../support/world.ts';
import { type ConsoleWorld, createConsoleWorld, GRACE } from './console-world.ts';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

let world: ConsoleWorld;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([createConsoleWorld(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
});

async function signIn(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${world.app.config.issuer}/sign-in?return_to=/admin`);
  await page.locator('[name=email]').fill(GRACE);
  await page.locator('[name=password]').fill(PASSWORD);
  await page.locator('main button[type=submit]').click();
  return page;
}

/** What axe finds wrong, and by how much the page is wider than the window. */
async function judge(page: Page): Promise<{ faults: string[]; overflow: number }> {
  const faults = await page.evaluate(
    `${AXE};axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => id + ' at ' + nodes[0].target.join(' ')))`,
  );
  const overflow = await page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  return { faults: faults as string[], overflow: overflow as number };
}

test.each([
  ['a phone, light, English', { width: 360, height: 800 }, 'light', 'en'],
  ['a desktop, dark, German', { width: 1280, height: 800 }, 'dark', 'de'],
] as const)(
  'WCAG 2.2 AA: axe finds nothing on %s, and nothing is cut off',
  async (_, viewport, scheme, locale) => {
    // The policy of our pages would keep axe out; the pages themselves have no script.
    const context = await browser.newContext({ viewport, colorScheme: scheme, locale, bypassCSP: true });
    const page = await signIn(context);
    for (const route of consoleRoutes) {
      if (route.kind === 'act' && route.question === undefined) continue;
      const path = world.pathOf(route);
      await page.goto(world.app.config.issuer + path);
      expect(await page.locator('html').getAttribute('lang'), path).toBe(locale);
      expect(await judge(page), path).toEqual({ faults: [], overflow: 0 });
    }
    await context.close();
  },
);

test('without JavaScript and under the strict policy: from the menu to a disabled person and back, by keyboard', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en' });
  const page = await signIn(context);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  await page.goto(world.app.config.issuer);
  await page.locator('.person-menu summary').press('Enter');
  await page.getByRole('link', { name: 'Administration' }).press('Enter');
  await page
    .getByRole('navigation', { name: 'Administration' })
    .getByRole('link', { name: 'People' })
    .press('Enter');
  await page.getByLabel('E-mail').fill('ada');
  await page.getByLabel('E-mail').press('Enter');
  await page.getByRole('link', { name: 'Ada Lovelace' }).press('Enter');
  await page.getByRole('link', { name: 'Disable the account' }).press('Enter');
  await page.getByRole('button', { name: 'Disable the account' }).press('Enter');
  await page.getByText('nobody can sign in').waitFor();
  expect(await world.app.parts.accounts.findActive(world.ada.id)).toBeUndefined();
  await page.getByRole('button', { name: 'Enable the account' }).press('Enter');
  await page.getByRole('link', { name: 'Disable the account' }).waitFor();
  expect(await world.app.parts.accounts.findActive(world.ada.id)).toBeDefined();
  expect(complaints).toEqual([]);
  await context.close();
});
