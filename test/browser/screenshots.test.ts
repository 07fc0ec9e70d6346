// A picture of every page for people to look at, as .tmp/screenshots/LOOK/PAGE.png: phone, desktop and dark (issue 5, bar 1).
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/chromium.ts';
import { renderSample, samples } from '../support/render-pages.ts';
import { openSampleTab } from './sample-tab.ts';

const DIRECTORY = join(import.meta.dirname, '../../.tmp/screenshots');
/** Ninety pages and more, on a machine that does other things too. */
const PATIENCE_MILLISECONDS = 120_000;
/** A picture of an empty page of these widths is smaller than this. */
const LEAST_BYTES = 4000;

// The longer words are on the narrower screen.
const looks = [
  { look: 'phone', locale: 'de', scheme: 'light', width: 390, height: 844 },
  { look: 'desktop', locale: 'en', scheme: 'light', width: 1280, height: 800 },
  { look: 'dark', locale: 'en', scheme: 'dark', width: 1280, height: 800 },
] as const;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

test.concurrent.each(looks)(
  '$look, in $locale: there is a picture of every page',
  { timeout: PATIENCE_MILLISECONDS },
  async (look) => {
    const directory = join(DIRECTORY, look.look);
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    const tab = await openSampleTab(browser, look);
    for (const name of Object.keys(samples)) {
      await tab.show(renderSample(name, undefined, look.locale));
      const path = join(directory, `${name}.png`);
      await tab.page.screenshot({ path, fullPage: true });
      expect([name, statSync(path).size]).toEqual([name, expect.toSatisfy((bytes) => bytes > LEAST_BYTES)]);
    }
    await tab.close();
  },
);
