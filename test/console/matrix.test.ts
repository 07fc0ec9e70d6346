// Who may do what under /admin: every route of the table, met by everybody who may not (rows H01, S17, G11).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ConsoleRoute } from '../../server/console/console-route.ts';
import { consoleRoutes } from '../../server/console/table.ts';
import { sql } from '../../server/storage/statement.ts';
import type { Page } from '../support/form-robot.ts';
import { createRouteMatrix, type RouteRequest, tokenOf } from '../support/route-matrix.ts';
import { PASSWORD } from '../support/world.ts';
import { ADA, type ConsoleWorld, createConsoleWorld, GRACE, MARGARET } from './console-world.ts';

let world: ConsoleWorld;
beforeAll(async () => {
  world = await createConsoleWorld();
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

type Request = RouteRequest<ConsoleRoute>;

const { send, refuseAll } = createRouteMatrix<ConsoleRoute>(() => world);

/** An act is met as the form that it is, and as the question before it. */
const requests: Request[] = consoleRoutes.flatMap((route): Request[] => {
  const get = { name: `GET ${route.path}`, method: 'GET', route } as const;
  if (route.kind === 'page') return [get];
  const post = { name: `POST ${route.path}`, method: 'POST', route } as const;
  return route.question === undefined ? [post] : [get, post];
});
const forms = requests.filter(({ method }) => method === 'POST');

/** What stands on it, but the number of the request and the token in it. */
function contentOf({ html }: Page): string {
  return html.replace(/<code>[\w-]+<\/code>/g, '').replace(/value="[\w.-]+"/g, '');
}

test('the table has every route once, and each act stands where the command line has it too', () => {
  expect(new Set(requests.map(({ name }) => name)).size).toBe(requests.length);
  expect(requests.length).toBeGreaterThanOrEqual(32);
  for (const { route } of requests) expect(route.path).toMatch(/^\/admin(\/|$)/);
});

test('H01: to strangers a page is the sign-in page, and leads back; a form is refused', async () => {
  await refuseAll(world.app.robot(), requests, {
    expected(page, { name, method, route }) {
      if (method === 'POST') return expect(page.status, name).toBe(401);
      expect(page.status, name).toBe(303);
      const { pathname, searchParams } = new URL(page.location ?? '');
      expect([pathname, searchParams.get('return_to')], name).toEqual(['/sign-in', world.pathOf(route)]);
    },
  });
});

test('H01, S17: to a member who is signed in nothing of it is there, whatever they send', async () => {
  const robot = await world.signedIn(ADA);
  const nowhere = contentOf(await robot.get('/nowhere'));
  const fields = { csrf: await tokenOf(robot), is_admin: '1', role: 'admin', admin: 'true' };
  await refuseAll(robot, requests, {
    fields,
    expected(page, { name }) {
      expect(page.status, name).toBe(404);
      expect(page.headers.get('allow'), name).toBeNull();
      expect(contentOf(page), name).toBe(nowhere);
    },
  });
  expect(await world.app.parts.accounts.find(world.ada.id)).toMatchObject({ isAdmin: false, role: 'member' });
  expect((await robot.get('/account')).html).not.toContain('/admin');
});

test('H01: to a member other methods and other spellings are nothing either', async () => {
  const robot = await world.signedIn(ADA);
  for (const path of [
    '/admin/',
    '/admin/people/',
    '/Admin',
    '/ADMIN/people',
    '/admin/nothing',
    '/admin//people',
  ]) {
    expect((await robot.get(path)).status, path).toBe(404);
  }
  const csrf = await tokenOf(robot);
  expect((await robot.post('/admin', { csrf })).status).toBe(404);
  const allow = `/admin/clients/${world.notes.id}/allow`;
  expect([(await robot.get(allow)).status, (await robot.get(allow)).headers.get('allow')]).toEqual([
    404,
    null,
  ]);
});

test('H01: an administrator who was disabled, or is none any more, has lost it at once', async () => {
  const { database, accounts } = world.app.parts;
  const ida = await accounts.register(
    { email: 'ida@example.com', name: 'Ida', password: PASSWORD, isAdmin: true },
    'operator',
  );
  const robot = await world.signedIn('ida@example.com');
  expect((await robot.get('/admin')).status).toBe(200);
  const fields = { csrf: await tokenOf(robot) };

  await database.transact(() => database.write(sql`UPDATE accounts SET is_admin = 0 WHERE id = ${ida.id}`));
  await refuseAll(robot, requests, {
    fields,
    expected: (page, { name }) => expect(page.status, name).toBe(404),
  });

  await database.transact(() => database.write(sql`UPDATE accounts SET is_admin = 1 WHERE id = ${ida.id}`));
  // Disabled alone: her session itself is not ended by this.
  await database.transact(() =>
    database.write(sql`UPDATE accounts SET disabled_at = 1 WHERE id = ${ida.id}`),
  );
  await refuseAll(robot, requests, {
    fields,
    expected: (page, { name, method }) => expect(page.status, name).toBe(method === 'GET' ? 303 : 401),
  });
});

test('H01: with a sign-in that is older than five minutes an administrator reads, and no more', async () => {
  const robot = await world.signedIn(GRACE);
  const csrf = await tokenOf(robot);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 301_000);
  for (const one of requests.filter(({ route }) => route.kind === 'page')) {
    expect((await send(robot, one)).status, one.name).toBe(200);
  }
  await refuseAll(
    robot,
    requests.filter(({ route }) => route.kind === 'act'),
    {
      fields: { csrf },
      expected(page, { name }) {
        const { pathname, searchParams } = new URL(page.location ?? '');
        expect([page.status, pathname, searchParams.get('prompt')], name).toEqual([303, '/sign-in', 'login']);
        expect(searchParams.get('return_to'), name).toMatch(/^\/admin\/|^\/account$/);
      },
    },
  );
});

test('S11: after half an hour without a request an administrator is signed out', async () => {
  const robot = await world.signedIn(GRACE);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 1801_000);
  const page = await robot.get('/admin');
  expect([page.status, new URL(page.location ?? '').pathname]).toEqual([303, '/sign-in']);
});

describe('H01, A30: the form of an administrator does nothing', () => {
  const wrong: [string, () => Promise<Record<string, string>>][] = [
    ['without a token', async () => ({})],
    ['with a token that nobody made', async () => ({ csrf: `${'a'.repeat(22)}.${'b'.repeat(43)}` })],
    [
      'with the token of another browser',
      async () => ({ csrf: await tokenOf(await world.signedIn(MARGARET)) }),
    ],
  ];

  test.each(wrong)('%s', async (_, fieldsOf) => {
    const robot = await world.signedIn(GRACE);
    await refuseAll(robot, forms, {
      fields: await fieldsOf(),
      expected: (page, { name }) => expect(page.status, name).toBe(403),
    });
  });

  test('sent by another site', async () => {
    const robot = await world.signedIn(GRACE);
    const csrf = await tokenOf(robot);
    for (const { name, route } of forms) {
      const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
      expect((await robot.post(world.pathOf(route), { csrf }, { headers })).status, name).toBe(403);
    }
  });
});

test('G11: an API key, an access token and Basic credentials open nothing here', async () => {
  const credentials = [
    `Bearer ${world.key.secret}`,
    `Bearer ${world.tokens.access_token}`,
    `Basic ${Buffer.from(`${world.notes.id}:${world.notes.secret}`).toString('base64')}`,
    `Basic ${Buffer.from(`${GRACE}:${PASSWORD}`).toString('base64')}`,
  ];
  for (const Authorization of credentials) {
    await refuseAll(world.app.robot({ Authorization }), requests, {
      expected: (page, { name, method }) => expect(page.status, name).toBe(method === 'GET' ? 303 : 401),
    });
  }
});

test('an administrator sees every page of the table, with the strict policy and without a script', async () => {
  const robot = await world.signedIn(GRACE);
  for (const one of requests.filter(({ method }) => method === 'GET')) {
    const page = await send(robot, one);
    expect(page.status, one.name).toBe(200);
    expect(page.headers.get('content-security-policy'), one.name).toContain("default-src 'none'");
    expect(page.html, one.name).not.toContain('<script');
  }
});
