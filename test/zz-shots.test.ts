import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { launchBrowser } from './support/chromium.ts';
import { renderSample, samples } from './support/render-pages.ts';
test('shots', { timeout: 300_000 }, async () => {
  const css = readFileSync('views/assets/style.css', 'utf8');
  const browser = await launchBrowser();
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, deviceScaleFactor: 1 });
  const page = await context.newPage();
  const wide: string[] = [];
  for (const locale of ['de', 'en']) for (const name of Object.keys(samples)) {
    const html = renderSample(name, undefined, locale).replace(/<link rel="stylesheet"[^>]*>/, `<style>${css}</style>`);
    await page.setContent(html);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) wide.push(`${locale} ${name} ${over}`);
    await page.screenshot({ path: `/tmp/lk/shots/words/${name}-${locale}.png`, fullPage: true });
  }
  console.log('WIDE', wide);
  await browser.close();
});
