// node test/browser/pictures.ts: takes the pictures of README.md into docs/pictures, of real flows on a real server.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { startListeningWorld } from '../clients/listening-world.ts';
import { findChromium, startChromium } from '../support/chromium-executable.ts';
import { createVerifier, PASSWORD, type World } from '../support/world.ts';
import { shrinkPng } from './small-png.ts';

const DIRECTORY = join(import.meta.dirname, '../../docs/pictures');
const PHONE = { width: 420, height: 640 };
const DESKTOP = { width: 840, height: 480 };
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Ada at her browser; what she sees is taken twice as sharp as its size. */
async function openBrowser(browser: Browser) {
  const context = await browser.newContext({ viewport: PHONE, deviceScaleFactor: 2, locale: 'en-GB' });
  const [page, workshop] = [await context.newPage(), await context.newPage()];
  return {
    page,
    async take(name: string): Promise<void> {
      const picture = await shrinkPng(workshop, await page.screenshot({ fullPage: true }));
      writeFileSync(join(DIRECTORY, `${name}.png`), picture);
      console.log(`docs/pictures/${name}.png: ${Math.ceil(picture.length / 1000)} kB`);
    },
  };
}

type Ada = Awaited<ReturnType<typeof openBrowser>>;

async function allowApp(world: World, { page, take }: Ada): Promise<void> {
  const change = {
    name: 'Kairos Tasks',
    redirectUris: ['https://app.kairos.example/callback'],
    optionalScopes: ['write:tasks'],
    isVerified: true,
  };
  const app = await world.registerClient(change, 'kairos-tasks');
  const scope = 'openid offline_access read:tasks write:tasks';
  await page.goto(
    world.app.config.issuer + world.authorizationPath(app, createVerifier().challenge, { scope }),
  );
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Kairos Tasks wants to use your account' }).waitFor();
  await take('consent');
  // Nobody is at the app's address, so Ada says yes where no browser would go there.
  await world.signIn(app, { scope });
}

async function allowDevice(world: World, { page, take }: Ada): Promise<void> {
  const device = await world.registerClient(
    { name: 'Kaneo CLI', type: 'native', auth: 'none', grants: [DEVICE_GRANT], redirectUris: [] },
    'kaneo-cli',
  );
  const wanted = { client_id: device.id, scope: 'openid read:tasks' };
  const { body } = await world.post('/device/code', wanted, { 'User-Agent': 'kaneo-cli/1.4 (Linux)' });
  await page.goto(String(body.verification_uri_complete));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Is this the code on your device?').waitFor();
  await take('device');
  await page.getByRole('button', { name: 'Allow' }).click();
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor();
  await world.token(device, { grant_type: DEVICE_GRANT, device_code: String(body.device_code) });
}

async function seeAccess(world: World, { page, take }: Ada): Promise<void> {
  await page.setViewportSize(DESKTOP);
  await page.goto(`${world.app.config.issuer}/account/access`);
  await take('access');
}

const directory = mkdtempSync(join(tmpdir(), 'latchkey-pictures-'));
mkdirSync(DIRECTORY, { recursive: true });
const browser = await startChromium(await findChromium(directory));
const world = await startListeningWorld();
try {
  const ada = await openBrowser(browser);
  await allowApp(world, ada);
  await allowDevice(world, ada);
  await seeAccess(world, ada);
} finally {
  await Promise.all([browser.close(), world.close()]);
  rmSync(directory, { recursive: true, force: true });
}
