// Every page under axe (WCAG 2.2 A and AA) in a real Chromium: both languages, light and dark, phone and desktop.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/chromium.ts';
import { renderSample, samples } from '../support/render-pages.ts';

const ORIGIN = 'http://pages.example';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const STYLE = readFileSync(new URL('../../views/assets/style.css', import.meta.url), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const looks = [
  { locale: 'en', scheme: 'light', width: 1280 },
  { locale: 'de', scheme: 'dark', width: 360 },
  { locale: 'en', scheme: 'dark', width: 1280 },
  { locale: 'de', scheme: 'light', width: 360 },
] as const;

type Look = (typeof looks)[number];

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

/** A page that gets what a server would send, without a server. */
async function openPage({ scheme, width }: Look): Promise<{ page: Page; show(html: string): Promise<void> }> {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 800 } });
  const page = await context.newPage();
  let shown = '';
  await page.route('**/*', (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.endsWith('.css')) return route.fulfill({ contentType: 'text/css', body: STYLE });
    if (pathname === '/') return route.fulfill({ contentType: 'text/html; charset=utf-8', body: shown });
    return route.fulfill({ status: 204 });
  });
  return {
    page,
    async show(html) {
      shown = html;
      await page.goto(`${ORIGIN}/`);
    },
  };
}

async function findFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate(
    // Runs in the page, where axe has put itself.
    (values) =>
      (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
        runOnly: { type: 'tag', values },
      }),
    RULES,
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 120)}`),
  );
}

describe.each(looks)('in $locale, $scheme, $width px wide', (look) => {
  let tab: Awaited<ReturnType<typeof openPage>>;
  beforeAll(async () => {
    tab = await openPage(look);
  });
  afterAll(() => tab?.page.context().close());

  test.each(Object.keys(samples))(
    '%s has no fault that axe finds, and nothing beyond its width',
    async (name) => {
      await tab.show(renderSample(name, undefined, look.locale));
      expect(await tab.page.locator('html').getAttribute('lang')).toBe(look.locale);
      expect(await findFaults(tab.page)).toEqual([]);
      expect(await tab.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
        look.width,
      );
    },
  );
});

test('axe finds a fault where one is', async () => {
  const { page, show } = await openPage(looks[0]);
  await show(renderSample('sign-in').replace(/<label for="field-email">[^<]*<\/label>/, ''));
  expect((await findFaults(page)).join(' ')).toContain('label');
  await page.context().close();
});
