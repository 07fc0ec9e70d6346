// The ground of the tests holds: databases of one's own on a real PostgreSQL, a real Chromium, a true closing line.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from './chromium.ts';
import { closingLine } from './closing-line.ts';
import { createTestDatabase } from './postgres.ts';

test('two test databases share nothing, and a dropped one is gone although somebody is connected', async () => {
  const [ada, grace] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  onTestFinished(() => grace.drop());

  const connected = await connect(ada.url);
  await connected.query('CREATE TABLE letters (body text)');
  expect(await tablesOf(grace.url)).toEqual([]);
  expect(await tablesOf(ada.url)).toEqual(['letters']);

  await ada.drop();
  await expect(connect(ada.url)).rejects.toThrow('does not exist');
});

test('PostgreSQL is 18 and keeps what it acknowledged', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const client = await connect(database.url);
  const { rows } = await client.query(
    `SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync`,
  );
  await client.end();
  expect(rows).toEqual([{ version: expect.stringMatching(/^18\./), fsync: 'on' }]);
});

test('Chromium opens a page of a local server and paints it', async () => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<h1>Good morning, Ada</h1>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await launchBrowser();
  onTestFinished(async () => {
    await browser.close();
    server.close();
  });

  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect(await page.textContent('h1')).toBe('Good morning, Ada');
  // Without fonts the words would be painted as nothing, and both pictures would be equal.
  const painted = await page.screenshot();
  await page.setContent('<h1>&nbsp;</h1>');
  expect(painted.equals(await page.screenshot())).toBe(false);
});

test('the closing line counts, names skipped tests only when there are any, and never hides a broken run', () => {
  expect(closingLine({ passed: 3, failed: 0, skipped: 0 }, 0)).toBe('3 passed, 0 failed');
  expect(closingLine({ passed: 3, failed: 2, skipped: 1 }, 1)).toBe('3 passed, 2 failed, 1 skipped');
  expect(closingLine({ passed: 3, failed: 0, skipped: 0 }, 1)).toBe('3 passed, 1 failed');
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // A database that is dropped cuts its connections; that is meant here.
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function tablesOf(url: string): Promise<string[]> {
  const client = await connect(url);
  const { rows } = await client.query<{ tablename: string }>(
    `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
  );
  await client.end();
  return rows.map((row) => row.tablename);
}
