// A tab of a real Chromium that shows sample pages with their stylesheet, without a server and without navigating.
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';

const STYLE = readFileSync(new URL('../../views/assets/style.css', import.meta.url), 'utf8');
const LINK = /<link rel="stylesheet"[^>]*>/;

export type Look = {
  readonly scheme: 'light' | 'dark';
  readonly width: number;
  readonly height?: number;
};

export async function openSampleTab(browser: Browser, { scheme, width, height = 800 }: Look) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height } });
  const page = await context.newPage();
  return {
    page,
    /** Shows a whole page; what a test put into the window before stays there. */
    async show(html: string): Promise<void> {
      if (!LINK.test(html)) throw new Error('the page names no stylesheet');
      await page.setContent(html.replace(LINK, () => `<style>${STYLE}</style>`));
    },
    close: () => context.close(),
  };
}

export type SampleTab = Awaited<ReturnType<typeof openSampleTab>>;
