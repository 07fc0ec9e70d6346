// Every page under axe (WCAG 2.2 A and AA) in a real Chromium: both languages, light and dark, phone and desktop.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/chromium.ts';
import { renderSample, samples } from '../support/render-pages.ts';
import { openSampleTab, type SampleTab } from './sample-tab.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES: RunOptions = {
  runOnly: {
    type: 'tag',
    values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  },
  resultTypes: ['violations'],
  preload: false,
};

const looks = [
  { locale: 'en', scheme: 'light', width: 1280 },
  { locale: 'de', scheme: 'dark', width: 360 },
  { locale: 'en', scheme: 'dark', width: 1280 },
  { locale: 'de', scheme: 'light', width: 360 },
] as const;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

/** What a page shows, with the faults that axe finds; the tab brings axe along from page to page. */
async function openTab(look: (typeof looks)[number]) {
  const tab = await openSampleTab(browser, look);
  await tab.page.evaluate(AXE);
  return { ...tab, look: (html: string) => lookAt(tab, html) };
}

async function lookAt({ page, show }: SampleTab, html: string) {
  await show(html);
  const { language, width, results } = await page.evaluate(async (rules) => {
    // Runs in the page, where axe has put itself.
    const { axe } = globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } };
    const { lang, scrollWidth } = document.documentElement;
    return { language: lang, width: scrollWidth, results: await axe.run(rules) };
  }, RULES);
  const faults = results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 120)}`),
  );
  return { language, width, faults };
}

describe.each(looks)('in $locale, $scheme, $width px wide', (look) => {
  let tab: Awaited<ReturnType<typeof openTab>>;
  beforeAll(async () => {
    tab = await openTab(look);
  });
  afterAll(() => tab?.close());

  test.each(Object.keys(samples))(
    '%s has no fault that axe finds, and nothing beyond its width',
    async (name) => {
      const { language, width, faults } = await tab.look(renderSample(name, undefined, look.locale));
      expect(language).toBe(look.locale);
      expect(faults).toEqual([]);
      expect(width).toBeLessThanOrEqual(look.width);
    },
  );
});

test('axe finds a fault where one is, also on the second page of a tab', async () => {
  const tab = await openTab(looks[0]);
  const sound = renderSample('sign-in');
  expect((await tab.look(sound)).faults).toEqual([]);
  const unsound = sound.replace(/<label for="field-email">[^<]*<\/label>/, '');
  expect((await tab.look(unsound)).faults.join(' ')).toContain('label');
  const faint = sound.replace('</head>', '<style>h1 { color: #999 !important }</style></head>');
  expect((await tab.look(faint)).faults.join(' ')).toContain('color-contrast');
  await tab.close();
});
