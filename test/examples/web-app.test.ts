// The example apps, each as a process beside a listening server, with Ada in her browser.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findFreePort, startListeningWorld } from '../clients/listening-world.ts';
import type { Page } from '../support/form-robot.ts';
import { PASSWORD, type World } from '../support/world.ts';
import { FOLDER, serveExample } from './example.ts';
import { createBrowserAt, createNewcomer } from './newcomer.ts';

const APPS = ['web-app.ts', 'web-app-with-library.ts'];
const ADA = { email: 'ada@example.com', password: PASSWORD };

let world: World;
beforeAll(async () => {
  world = await startListeningWorld();
});
afterAll(() => world.close());

test('the app with a library differs in how it speaks to us, and in nothing that it shows', () => {
  const [own, library] = APPS.map((file) =>
    readFileSync(join(FOLDER, file), 'utf8').split(
      '\n// From here on web-app.ts and web-app-with-library.ts',
    ),
  );
  expect(own?.[1]?.length).toBeGreaterThan(2000);
  expect(library?.[1]).toBe(own?.[1]);
});

describe.each(APPS)('%s', (file) => {
  let app: Awaited<ReturnType<typeof serveExample>>;
  let origin: string;

  beforeAll(async () => {
    const port = await findFreePort();
    origin = `http://localhost:${port}`;
    const { id, secret = '' } = await world.registerClient({
      redirectUris: [`${origin}/callback`],
      postLogoutRedirectUris: [`${origin}/`],
    });
    const environment = { ISSUER: world.app.config.issuer, CLIENT_ID: id, CLIENT_SECRET: secret };
    app = await serveExample(file, { ...environment, PORT: String(port) });
  });
  afterAll(() => app.end());

  /** Ada signs in at the app, in a browser of her own. */
  async function signIn() {
    const there = createBrowserAt(origin);
    const newcomer = createNewcomer(world.app.config.issuer, ADA);
    const begun = await there.submit(await there.get('/'), {}, { button: 'Sign in' });
    const back = await newcomer.answerApp(begun.location ?? expect.fail());
    return { there, here: newcomer.browser, back };
  }

  test('a person signs in, and the app knows who it is', async () => {
    const { there, back } = await signIn();
    const home: Page = await there.visit(back);
    expect(home.html).toContain('Hello, <strong>Ada Lovelace</strong> (ada@example.com)');
  });

  test('its refresh keeps the person signed in', async () => {
    const { there, back } = await signIn();
    const home = await there.visit(back);
    const after = await there.send(home, {}, { button: 'Refresh' });
    expect([after.status, after.html]).toEqual([200, expect.stringContaining('Hello, <strong>Ada Lovelace')]);
  });

  test('signing out ends at both: the server asks, the app forgets', async () => {
    const { there, here, back } = await signIn();
    const left = await there.submit(await there.visit(back), {}, { button: 'Sign out' });
    const question = await here.get(left.location ?? expect.fail());
    const home = await here.submit(question, {}, { button: 'logout=yes' });
    expect(home.location).toBe(`${origin}/`);
    expect((await there.get('/')).html).toContain('Sign in');
    expect((await here.visit('/account')).url).toContain('/sign-in');
  });

  test.each([
    ['another state', (back: URL) => back.searchParams.set('state', 'planted')],
    ['another issuer', (back: URL) => back.searchParams.set('iss', 'https://elsewhere.example.com')],
    ['a code that was never given', (back: URL) => back.searchParams.set('code', 'planted')],
  ])('an answer with %s signs nobody in', async (_name, change) => {
    const { there, back } = await signIn();
    const address = new URL(back);
    change(address);
    const page = await there.visit(address.href);
    expect([page.status, page.html]).toEqual([400, expect.stringContaining('That did not work')]);
    expect((await there.get('/')).html).not.toContain('Hello');
  });

  test('an answer in a browser that did not ask signs nobody in there', async () => {
    const { back } = await signIn();
    const other = createBrowserAt(origin);
    expect((await other.visit(back)).html).not.toContain('Hello');
  });
});
