// The tenant matrix of the pages: every route under a team, met by everybody, on both databases (rows G07, G11, S17).
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workspaceRoutes } from '../../server/workspace/table.ts';
import type { WorkspaceRoute } from '../../server/workspace/workspace-route.ts';
import { dialects } from '../storage/ground.ts';
import { csrfOf, type FormRobot } from '../support/form-robot.ts';
import { createTenants, type Tenants } from './tenants.ts';

type Asked = { name: string; method: 'GET' | 'POST'; route: WorkspaceRoute };

const asked: Asked[] = workspaceRoutes
  .filter(({ path }) => path.startsWith('/teams/'))
  .flatMap((route): Asked[] => {
    const get = { name: `GET ${route.path}`, method: 'GET', route } as const;
    const post = { name: `POST ${route.path}`, method: 'POST', route } as const;
    if (route.kind === 'page') return [get];
    return route.kind === 'act' ? [post] : [get, post];
  });
const isOwners = ({ route: { path } }: Asked) =>
  /^\/teams\/:team\/(?:deletion|members\/:account\/transfer)$/.test(path);
const isEverybodys = ({ route: { path } }: Asked) => /^\/teams\/:team(?:\/departure)?$/.test(path);
/** What ends things comes after all that is done with them. */
const isLast = ({ route: { path } }: Asked) =>
  /(?:removal|revocation|deletion|departure|withdrawal)$/.test(path);

const key = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }) as string;
const fields: Record<string, string> = {
  ...{ name: 'Mine', role: 'admin', email: 'new@example.com', may: 'all', scope_0: 'read' },
  ...{ overlap_hours: '0', source: 'given', key },
};

describe.each(dialects)('on %s', (dialect) => {
  let tenants: Tenants;
  beforeAll(async () => {
    tenants = await createTenants(dialect);
  });
  afterAll(() => tenants.close());

  async function send(robot: FormRobot, { method, route }: Asked, csrf = ''): Promise<number> {
    const path = tenants.pathOf(route);
    return (await (method === 'GET' ? robot.get(path) : robot.post(path, { ...fields, csrf }))).status;
  }

  /** Every one of them ends so, and no row is another afterwards. */
  async function refuseAll(robot: FormRobot, csrf: string, expected: (one: Asked) => readonly number[]) {
    const before = await tenants.takePicture();
    for (const one of asked) {
      const statuses = expected(one);
      if (statuses.length > 0) expect(statuses, one.name).toContain(await send(robot, one, csrf));
    }
    expect(await tenants.takePicture()).toBe(before);
  }

  const bearers: [string, (tenants: Tenants) => string][] = [
    ['the key of the team itself', ({ ownKey }) => ownKey],
    ["another team's key", ({ otherKey }) => otherKey],
    ['the access token of an app of another team', ({ otherToken }) => otherToken],
    ['nothing', () => ''],
  ];
  test.each(bearers)('G07 G11: %s opens no page', async (_, textOf) => {
    const text = textOf(tenants);
    const robot = tenants.app.robot(text === '' ? {} : { Authorization: `Bearer ${text}` });
    await refuseAll(robot, '', ({ method }) => (method === 'GET' ? [303] : [401, 403]));
  });

  test('G07 S17: nor does the key of a team beside the cookies of a member who does not manage it', async () => {
    const mary = await tenants.signedIn('mary@example.com');
    const { html } = await mary.get('/account/password');
    const before = await tenants.takePicture();
    for (const one of asked.filter((each) => !isEverybodys(each))) {
      const path = tenants.pathOf(one.route);
      const headers = { Authorization: `Bearer ${tenants.ownKey}` };
      const csrf = csrfOf({ html } as never);
      const { status } =
        one.method === 'GET'
          ? await mary.get(path, { headers })
          : await mary.post(path, { ...fields, csrf }, { headers });
      expect(status, one.name).toBe(403);
    }
    expect(await tenants.takePicture()).toBe(before);
  });

  const people: [string, string, (one: Asked) => readonly number[]][] = [
    ['who is in another team', 'eve@example.com', () => [404]],
    ['who was removed', 'ida@example.com', () => [404]],
    ['who does not manage it', 'mary@example.com', (one) => (isEverybodys(one) ? [] : [403])],
    ['who is an admin, what is for owners', 'grace@example.com', (one) => (isOwners(one) ? [403] : [])],
  ];
  test.each(people)(
    'G07: to somebody %s nothing is there, and nothing of it changes',
    async (_, email, expected) => {
      const robot = await tenants.signedIn(email);
      await refuseAll(robot, csrfOf(await robot.get('/account/password')), expected);
    },
  );

  test.each(['grace@example.com', 'ada@example.com'])('to %s every page is there', async (email) => {
    const robot = await tenants.signedIn(email);
    const pages = asked.filter(
      (one) =>
        one.method === 'GET' &&
        !/:ticket/.test(one.route.path) &&
        !(email.startsWith('grace') && isOwners(one)),
    );
    for (const one of pages) expect(await send(robot, one), one.name).toBe(200);
  });

  test('G07: what an admin does is recorded under their name, and nobody else’s', async () => {
    const robot = await tenants.signedIn('grace@example.com');
    const csrf = csrfOf(await robot.get('/account/password'));
    const { audit } = tenants.parts;
    const known = new Set((await audit.list({ limit: 1000 })).map(({ sequence }) => sequence));
    const forms = asked.filter((one) => one.method === 'POST' && !isOwners(one));
    const inOrder = [...forms.filter((one) => !isLast(one)), ...forms.filter(isLast)].filter(
      ({ route }) => !route.path.endsWith('/departure'),
    );
    for (const one of inOrder) expect(await send(robot, one, csrf), one.name).toBeLessThan(500);
    const events = (await audit.list({ limit: 1000 })).filter(({ sequence }) => !known.has(sequence));
    expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set([`account:${tenants.grace.id}`]));
    expect([...new Set(events.map(({ type }) => type))]).toEqual(
      expect.arrayContaining([
        ...['team.renamed', 'team.role_changed', 'team.invitation_sent', 'team.invitation_withdrawn'],
        ...['team.member_removed', 'api_key.created', 'api_key.rotated', 'api_key.disabled'],
        ...['api_key.enabled', 'api_key.revoked', 'service_account.created', 'service_account.removed'],
        ...[
          'service_account.keys_changed',
          'service_account.ended_before',
          'client.blocked',
          'client.allowed',
        ],
      ]),
    );
  });
});
