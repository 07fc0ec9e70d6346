// A real browser for a test; the test closes it.
import type { Browser } from 'playwright-core';
import { type Chromium, startChromium } from './chromium-executable.ts';
import { askTestGround } from './test-ground.ts';

/** Starts a Chromium without a window; its contexts share nothing. Throws with the reasons when none can start. */
export async function launchBrowser(): Promise<Browser> {
  return startChromium(await askTestGround<Chromium>('chromium'));
}
