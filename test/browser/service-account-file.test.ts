// A manager makes a service account in a real Chromium without JavaScript and saves its file: with it Google's library, and the
// program that the page shows, get tokens (bar 5 of service accounts; row G01).
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GoogleAuth, JWT } from 'google-auth-library';
import type { Browser, Download, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asOperator } from '../../server/teams/admission.ts';
import { startListeningWorld } from '../clients/listening-world.ts';
import { launchBrowser } from '../support/chromium.ts';
import { API, PASSWORD, type World } from '../support/world.ts';

const GOOGLE = 'https://oauth2.googleapis.com/token';
const directory = mkdtempSync(join(tmpdir(), 'latchkey-file-'));

let world: World;
let browser: Browser;
let page: Page;
let teamId: string;
let path: string;
let file: Record<string, string>;
const complaints: string[] = [];
beforeAll(async () => {
  [world, browser] = await Promise.all([startListeningWorld(), launchBrowser()]);
  const { accounts, teams } = world.app.parts;
  const ada = await accounts.get(world.ada.id);
  teamId = (await teams.create(asOperator('operator'), ada, { name: 'Looms' })).id;
  const context = await browser.newContext({ javaScriptEnabled: false });
  page = await context.newPage();
  page.on('console', (message) => complaints.push(message.text()));
});
afterAll(async () => {
  await browser?.close();
  await world?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function save(): Promise<Download> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Save the file' }).click(),
  ]);
  return download;
}

test('G01: without JavaScript the page saves the file, and is there once', async () => {
  const home = `${world.app.config.issuer}/teams/${teamId}/service-accounts`;
  await page.goto(
    `${world.app.config.issuer}/sign-in?return_to=${encodeURIComponent(new URL(home).pathname)}`,
  );
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'New service account' }).click();
  await page.getByLabel('Name').fill('Reports');
  await page.getByLabel('read:tasks').check();
  await page.getByRole('button', { name: 'Make the service account' }).click();
  const shown = page.url();
  const download = await save();
  path = join(directory, download.suggestedFilename());
  await download.saveAs(path);
  file = JSON.parse(readFileSync(path, 'utf8'));
  expect(download.suggestedFilename()).toBe(`${file.client_id}.json`);
  expect(file).toMatchObject({ type: 'service_account', token_uri: `${world.app.config.issuer}/token` });
  // The page has it already: nothing is asked of the server for it.
  expect(await (await save()).failure()).toBeNull();
  expect((await page.goto(shown))?.status()).toBe(410);
  expect(await page.content()).not.toContain('PRIVATE KEY');
  await page.goBack();
  expect(await page.content(), 'from the history').not.toContain('PRIVATE KEY');
  expect(complaints.filter((words) => /Content Security Policy/.test(words))).toEqual([]);
});

async function introspect(authorization: string | null) {
  return (await world.introspect(world.api, authorization?.replace('Bearer ', '') ?? '')).body;
}

test('google-auth-library gets a token with it, whose team introspection tells', async () => {
  const { transporter } = new JWT();
  transporter.interceptors.request.add({
    async resolved(options) {
      if (options.url.href === GOOGLE) options.url = new URL(file.token_uri ?? '');
      return options;
    },
  });
  const clientOptions = { additionalClaims: { aud: file.token_uri }, transporter } as never;
  const auth = new GoogleAuth({ keyFilename: path, scopes: ['read:tasks'], clientOptions });
  expect(await introspect((await auth.getRequestHeaders()).get('authorization'))).toMatchObject({
    ...{ active: true, sub: file.client_id, team_id: teamId, scope: 'read:tasks' },
    credential_type: 'access_token',
  });
});

test('google-auth-library signs a JWT with it that the API believes by itself', async () => {
  const client = new JWT({ scopes: ['read:tasks'], additionalClaims: { aud: API } });
  client.fromJSON(file as never);
  client.useJWTAccessWithScope = true;
  expect(await introspect((await client.getRequestHeaders()).get('authorization'))).toMatchObject({
    ...{ active: true, sub: file.client_id, team_id: teamId, credential_type: 'service_jwt' },
  });
});

test('the program that its page shows, run as it stands, prints a token', async () => {
  await page.goto(`${world.app.config.issuer}/teams/${teamId}/service-accounts/${file.client_id}`);
  const program = await page.getByLabel('Program for Node').innerText();
  writeFileSync(join(directory, 'token.mjs'), program);
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(directory, 'node_modules'));
  const { stdout } = await promisify(execFile)(process.execPath, ['token.mjs'], { cwd: directory });
  expect(await introspect(stdout.trim())).toMatchObject({
    active: true,
    sub: file.client_id,
    team_id: teamId,
  });
});
