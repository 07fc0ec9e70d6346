// The lists of the administrator's pages: bounded, walked to their end without losing anybody, and found by what one knows.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { ADA, type ConsoleWorld, createConsoleWorld, GRACE } from './console-world.ts';

let world: ConsoleWorld;
let graces: FormRobot;
beforeAll(async () => {
  world = await createConsoleWorld();
  const { accountImport } = world.app.parts;
  const numbers = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
  // Without a password that would have to be hashed first.
  await accountImport.importAll(
    numbers.map((number) => ({
      ...{ email: `person-${number}@example.org`, name: `Person ${number}` },
      ...{ emailVerified: true, isDisabled: number < '03', role: 'member' },
    })),
    'operator',
  );
  for (const number of numbers) await world.registerClient({ name: `App ${number}` }, `app-${number}`);
  graces = await world.signedIn(GRACE);
});
afterAll(() => world.close());

/** Every page of a list, by its link. */
async function walk(path: string): Promise<Page[]> {
  const pages: Page[] = [];
  for (let next: string | undefined = path; next !== undefined && pages.length < 20; ) {
    const page: Page = await graces.get(next);
    expect(page.status).toBe(200);
    pages.push(page);
    next = /href="([^"]*after=[^"]*)"/.exec(page.html)?.[1]?.replaceAll('&amp;', '&');
  }
  return pages;
}

function listAll(pages: readonly Page[], pattern: RegExp): string[] {
  return pages.flatMap((page) => Array.from(page.html.matchAll(pattern), ([all]) => all));
}

test('people are listed the newest first, each once, at most twenty-five on a page', async () => {
  const pages = await walk('/admin/people');
  const links = listAll(pages, /<a href="\/admin\/people\/acct_[\w-]+"/g);
  expect([links.length, new Set(links).size]).toEqual([63, 63]);
  expect(pages.map((page) => listAll([page], /<a href="\/admin\/people\/acct_/g).length)).toEqual([
    25, 25, 13,
  ]);
});

test('people are found by their address or how it begins, and no joker in it is one', async () => {
  const pages = await Promise.all(
    ['person-1', 'PERSON-1', ' person-12@example.org', '%', 'person_', 'zoe'].map((email) =>
      graces.get(`/admin/people?search=${encodeURIComponent(email)}`),
    ),
  );
  const found = pages.map((page) => listAll([page], /<a href="\/admin\/people\/acct_/g).length);
  expect(found).toEqual([10, 10, 1, 0, 0, 0]);
  expect(mainTextOf(pages[5] as Page)).toContain('Nobody is found');
});

test('people are found by any part of their name and by their id, each once', async () => {
  const find = async (search: string) =>
    listAll(
      [await graces.get(`/admin/people?search=${encodeURIComponent(search)}`)],
      /(?<=people\/)acct_[\w-]+(?=">)/g,
    );
  expect(await find('hopper')).toEqual([world.grace.id]);
  expect(await find('GRACE')).toEqual([world.grace.id]);
  expect(await find(` ${world.grace.id} `)).toEqual([world.grace.id]);
  expect(await find(world.grace.id.slice(0, -1))).toEqual([]);
});

test('more than fifty are not shown, and it says so', async () => {
  const page = await graces.get('/admin/people?search=person');
  expect(listAll([page], /<a href="\/admin\/people\/acct_/g)).toHaveLength(50);
  expect(mainTextOf(page)).toContain('There are more. Type more of it.');
});

test('administrators and disabled people are a list each', async () => {
  const administrators = mainTextOf(await graces.get('/admin/people?show=administrators'));
  expect(administrators).toContain('Grace Hopper Administrator');
  expect(administrators).not.toContain(ADA);
  const disabled = await walk('/admin/people?show=disabled');
  expect(disabled.flatMap(({ html }) => html.match(/person-\d\d@/g) ?? []).sort()).toEqual([
    'person-00@',
    'person-01@',
    'person-02@',
  ]);
});

test('clients are walked to their end, without the machines that have pages of their own', async () => {
  const links = listAll(await walk('/admin/clients'), /<a href="\/admin\/clients\/[\w-]+"/g);
  expect([links.length, new Set(links).size]).toEqual([63, 63]);
  expect(links.join()).not.toMatch(/iss_|sa_/);
  for (const id of [world.issuer.client_id, world.machine.id])
    expect((await graces.get(`/admin/clients/${id}`)).status, id).toBe(404);
});

test('blocked clients are a list of their own', async () => {
  await world.app.parts.clients.block('app-07');
  const page = await graces.get('/admin/clients?show=blocked');
  expect(listAll([page], /<a href="\/admin\/clients\/[\w-]+"/g)).toEqual(['<a href="/admin/clients/app-07"']);
});

test('the audit log is walked to its end, each event once, and filtered by type, person and client', async () => {
  const count = await world.countEvents();
  const pages = await walk('/admin/audit');
  const events = listAll(pages, /<details class="more">/g);
  expect(events).toHaveLength(count);
  const ofAda = await graces.get(`/admin/audit?account=${ADA}&type=account.created&client=`);
  expect(listAll([ofAda], /<details class="more">/g)).toHaveLength(1);
  const ofNotes = await walk(`/admin/audit?client=${world.notes.id}`);
  const types = listAll(ofNotes, /<summary><bdi class="host">[\w.]+/g).map((one) => one.split('>').at(-1));
  expect(types).toContain('grant.created');
  expect(types).not.toContain('sign_in.succeeded');
});

test('a filter that names nobody or nothing is told on the page', async () => {
  const unknown = await graces.get('/admin/audit?account=nobody@example.com');
  expect([unknown.status, mainTextOf(unknown)]).toEqual([
    404,
    expect.stringContaining('Nobody has this address.'),
  ]);
  expect((await graces.get('/admin/audit?type=nothing.happened')).status).toBe(400);
  expect((await graces.get('/admin/audit?after=nowhere')).status).toBe(200);
});

test.each([
  '/admin/people/acct_none',
  '/admin/clients/none',
  '/admin/issuers/none/disable',
  '/admin/nothing',
])('%s leads nowhere, for administrators too', async (path) =>
  expect((await graces.get(path)).status).toBe(404),
);

test('a client whose id is an address has a page, and every link to it leads there', async () => {
  const id = 'https://app.example.com/client?x=1';
  await world.app.parts.clients.allowDevice(id);
  const [link = ''] =
    /\/admin\/clients\/https[^"]+/.exec((await walk('/admin/clients')).at(-1)?.html ?? '') ?? [];
  const page = await graces.get(link);
  expect([page.status, mainTextOf(page)]).toEqual([200, expect.stringContaining(id)]);
});
