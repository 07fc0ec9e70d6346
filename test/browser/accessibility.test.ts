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
/** What Lighthouse 13 judges accessibility by, beyond what only a person can: each is a rule of axe, and one that fails costs the 100. */
const LIGHTHOUSE = `
  accesskeys aria-allowed-attr aria-allowed-role aria-command-name aria-conditional-attr
  aria-deprecated-role aria-dialog-name aria-hidden-body aria-hidden-focus aria-input-field-name
  aria-meter-name aria-progressbar-name aria-prohibited-attr aria-required-attr
  aria-required-children aria-required-parent aria-roles aria-text aria-toggle-field-name
  aria-tooltip-name aria-treeitem-name aria-valid-attr aria-valid-attr-value autocomplete-valid
  button-name bypass color-contrast definition-list dlitem document-title duplicate-id-aria
  empty-heading form-field-multiple-labels frame-title heading-order html-has-lang html-lang-valid
  html-xml-lang-mismatch identical-links-same-purpose image-alt image-redundant-alt
  input-button-name input-image-alt label label-content-name-mismatch landmark-one-main
  link-in-text-block link-name list listitem meta-refresh meta-viewport object-alt
  presentation-role-conflict select-name skip-link svg-img-alt tabindex table-duplicate-name
  table-fake-caption target-size td-has-header td-headers-attr th-has-data-cells valid-lang
  video-caption
`
  .trim()
  .split(/\s+/);

const RULES: RunOptions = {
  runOnly: {
    type: 'tag',
    values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  },
  // Some of them have no such tag.
  rules: Object.fromEntries(LIGHTHOUSE.map((id) => [id, { enabled: true }])),
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
  const { violations, passes, incomplete, inapplicable } = results;
  const judged = new Set([violations, passes, incomplete, inapplicable].flat().map(({ id }) => id));
  return { language, width, faults, unjudged: LIGHTHOUSE.filter((id) => !judged.has(id)) };
}

describe.each(looks)('in $locale, $scheme, $width px wide', (look) => {
  let tab: Awaited<ReturnType<typeof openTab>>;
  beforeAll(async () => {
    tab = await openTab(look);
  });
  afterAll(() => tab?.close());

  test.each(Object.keys(samples))(
    '%s has no fault that axe finds, 100 by the rules of Lighthouse, and nothing beyond its width',
    async (name) => {
      const { language, width, faults, unjudged } = await tab.look(
        renderSample(name, undefined, look.locale),
      );
      expect(language).toBe(look.locale);
      expect(faults).toEqual([]);
      expect(unjudged).toEqual([]);
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
