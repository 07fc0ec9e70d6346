// Every route of the pages for keys and teams, met by everybody who may not (rows G04, G07, S17).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { workspaceRoutes } from '../../server/workspace/table.ts';
import type { WorkspaceRoute } from '../../server/workspace/workspace-route.ts';
import { csrfOf } from '../support/form-robot.ts';
import { createRouteMatrix, type RouteRequest, tokenOf } from '../support/route-matrix.ts';
import { createWorkspaceWorld, type WorkspaceWorld } from './workspace-world.ts';

let world: WorkspaceWorld;
beforeAll(async () => {
  world = await createWorkspaceWorld();
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

type Request = RouteRequest<WorkspaceRoute>;

const { send, refuseAll } = createRouteMatrix<WorkspaceRoute>(() => world);

const requests: Request[] = workspaceRoutes.flatMap((route): Request[] => {
  const get = { name: `GET ${route.path}`, method: 'GET', route } as const;
  const post = { name: `POST ${route.path}`, method: 'POST', route } as const;
  if (route.kind === 'page') return [get];
  return route.kind === 'act' ? [post] : [get, post];
});
const forms = requests.filter(({ method }) => method === 'POST');
const ofTeam = requests.filter(({ route }) => route.path.startsWith('/teams/'));
const fields = {
  type: 'web',
  redirect_uris: 'https://mine.example/cb',
  name: 'Mine',
  role: 'owner',
  email: 'eve@example.com',
  may: 'all',
  overlap_hours: '0',
};
// Lists of one's own, and a form that makes one's own: whoever is signed in has them.
const own = ['/account/keys', '/account/keys/new', '/account/teams'];
const ofSomebody = requests.filter(({ route }) => !own.includes(route.path));

test('the table has every route once', () => {
  expect(new Set(requests.map(({ name }) => name)).size).toBe(requests.length);
  expect(requests.length).toBeGreaterThanOrEqual(40);
});

test('G07: to strangers a page is the sign-in page; a form is refused', async () => {
  await refuseAll(world.app.robot(), requests, {
    expected(page, { name, method }) {
      // Without cookies there is no token: the form ends before anybody asks who sent it.
      if (method === 'POST') return expect([401, 403], name).toContain(page.status);
      expect([page.status, new URL(page.location ?? '').pathname], name).toEqual([303, '/sign-in']);
    },
  });
});

describe.each(['eve@example.com', 'ida@example.com'])('G07: to %s, who is not in the team', (email) => {
  test("nothing of Ada's and of her team is there", async () => {
    const robot = await world.signedIn(email);
    const csrf = await tokenOf(robot);
    const nowhere = await robot.get('/nowhere');
    await refuseAll(robot, ofSomebody, {
      fields: { ...fields, csrf },
      expected(page, { name }) {
        expect([page.status, nowhere.status], name).toEqual([404, 404]);
        expect(page.html, name).not.toContain('Looms');
      },
    });
  });
});

test('G07: a member sees the team and leaves it, and manages nothing', async () => {
  const robot = await world.signedIn('mary@example.com');
  const csrf = await tokenOf(robot);
  const theirs = ['/teams/:team', '/teams/:team/departure'];
  const forbidden = ofTeam.filter(({ route }) => !theirs.includes(route.path));
  await refuseAll(robot, forbidden, {
    fields: { ...fields, csrf },
    expected: (page, { name }) => expect(page.status, name).toBe(403),
  });
  const page = await robot.get(`/teams/${world.team.id}`);
  expect(page.status).toBe(200);
  expect(page.html).toContain('grace@example.com');
  expect(page.html).not.toContain('zoe@example.com');
});

test('G07: an admin is no owner: neither deletion nor handing over, and no owner is made or removed', async () => {
  const robot = await world.signedIn('grace@example.com');
  const csrf = await tokenOf(robot);
  const owners = ofTeam.filter(({ route }) =>
    /^\/teams\/:team\/(?:deletion|members\/:account\/transfer)$/.test(route.path),
  );
  expect(owners).toHaveLength(4);
  await refuseAll(robot, owners, {
    fields: { csrf },
    expected: (page, { name }) => expect(page.status, name).toBe(403),
  });
  const before = await world.countEvents();
  const at = `/teams/${world.team.id}/members`;
  expect((await robot.post(`${at}/${world.ada.id}/removal`, { csrf })).status).toBe(403);
  expect((await robot.post(`${at}/${world.ada.id}/role`, { csrf, role: 'member' })).status).toBe(403);
  expect((await robot.post(`${at}/${world.mary.id}/role`, { csrf, role: 'owner' })).status).toBe(403);
  expect(await world.countEvents()).toBe(before);
});

test("G07: a key is not under another owner's path", async () => {
  const robot = await world.signedIn('ada@example.com');
  const [mine, ours] = [world.owned.key.id, world.teamKey.key.id];
  expect((await robot.get(`/account/keys/${ours}`)).status).toBe(404);
  expect((await robot.get(`/teams/${world.team.id}/keys/${mine}`)).status).toBe(404);
  expect((await robot.get('/account/keys/key_!')).status).toBe(404);
});

test('G04: what makes a secret or ends a team wants a sign-in of the last five minutes', async () => {
  const robot = await world.signedIn('ada@example.com');
  const csrf = await tokenOf(robot);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 301_000);
  const stale = requests.filter(({ route }) => route.isFresh);
  expect(stale.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      'POST /account/keys/new',
      'POST /account/keys/:key/rotation',
      'POST /teams/:team/keys/new',
      'POST /teams/:team/keys/:key/rotation',
      'POST /teams/:team/deletion',
      'POST /teams/:team/apps/new',
      'POST /teams/:team/apps/:app/rotation',
      'POST /teams/:team/apps/:app/deletion',
    ]),
  );
  await refuseAll(robot, stale, {
    fields: { ...fields, csrf },
    expected(page, { name }) {
      const { pathname, searchParams } = new URL(page.location ?? '');
      expect([page.status, pathname, searchParams.get('prompt')], name).toEqual([303, '/sign-in', 'login']);
    },
  });
});

describe('S17: the form of an owner does nothing', () => {
  const wrong: [string, () => Promise<Record<string, string>>][] = [
    ['without a token', async () => ({})],
    [
      'with the token of another browser',
      async () => ({ csrf: csrfOf(await world.app.robot().get('/sign-in')) }),
    ],
    [
      'with the token of another person',
      async () => ({ csrf: await tokenOf(await world.signedIn('eve@example.com')) }),
    ],
  ];

  test.each(wrong)('%s', async (_, made) => {
    const robot = await world.signedIn('ada@example.com');
    await refuseAll(robot, forms, {
      fields: { ...fields, ...(await made()) },
      expected: (page, { name }) => expect(page.status, name).toBe(403),
    });
  });

  test('sent by another site', async () => {
    const robot = await world.signedIn('ada@example.com');
    const csrf = await tokenOf(robot);
    const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
    for (const { name, route } of forms) {
      expect((await robot.post(world.pathOf(route), { ...fields, csrf }, { headers })).status, name).toBe(
        403,
      );
    }
  });
});

test('an owner sees every page that is not of a moment, with the strict policy and without a script', async () => {
  const robot = await world.signedIn('ada@example.com');
  const pages = requests.filter(
    ({ method, route }) => method === 'GET' && !/:ticket|:invitation/.test(route.path),
  );
  for (const one of pages) {
    const page = await send(robot, one);
    expect(page.status, one.name).toBe(200);
    expect(page.headers.get('content-security-policy'), one.name).toContain("default-src 'none'");
    expect(page.html, one.name).not.toContain('<script');
  }
});
