// Who may do what through /v1: every operation of the table, met by everybody who may not (rows H01, G07, S17).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations } from '../../server/management/nouns.ts';
import type { Operation } from '../../server/management/operations.ts';
import { sql } from '../../server/storage/statement.ts';
import { createCookies } from '../../server/web/cookies.ts';
import type { Answer } from '../support/program.ts';
import {
  createManagementWorld,
  createRequests,
  EVERY_RIGHT,
  GRACE,
  type ManagementWorld,
  type Requests,
} from './support.ts';

let world: ManagementWorld;
let requests: Requests;
let before: number;
beforeAll(async () => {
  world = await createManagementWorld({
    settings: { limits: { 'management.caller': { max: 100_000, window_seconds: 60 } } },
  });
  requests = await createRequests(world);
});
afterAll(() => world.close());

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const named = operations.map((one) => [`${one.method.toUpperCase()} ${one.path}`, one] as const);

/** The request that the document shows: were it let through, it would do something. */
function send(token: string, operation: Operation, headers: Record<string, string> = {}): Promise<Answer> {
  const body = requests.bodyOf(operation);
  return world.call(token, operation.method.toUpperCase(), requests.pathOf(operation), { body, headers });
}

/** How many events there are: whoever was refused has changed nothing. */
async function countEvents(): Promise<number> {
  const row = await world.app.parts.database.find<{ count: number }>(
    sql`SELECT COUNT(*) AS count FROM audit_events`,
  );
  return Number(row?.count);
}

async function refuseAll(
  token: string | ((operation: Operation) => Promise<string>),
  expected: (operation: Operation) => { status: number; error: string; challenge: RegExp },
  headers: Record<string, string> = {},
): Promise<void> {
  for (const [name, operation] of named) {
    const text = typeof token === 'string' ? token : await token(operation);
    before = await countEvents();
    const answer = await send(text, operation, headers);
    const { status, error, challenge } = expected(operation);
    expect([answer.status, answer.body.error], name).toEqual([status, error]);
    expect(answer.body, name).toMatchObject({
      error_description: expect.any(String),
      request_id: answer.headers.get('x-request-id'),
    });
    expect(answer.headers.get('www-authenticate'), name).toMatch(challenge);
    expect(answer.headers.get('cache-control'), name).toBe('no-store');
    expect(await countEvents(), name).toBe(before);
  }
}

const invalidToken = () => ({
  status: 401,
  error: 'invalid_token',
  challenge: /^Bearer realm=".+\/v1", error="invalid_token"$/,
});
const missing = (operation: Operation) => ({
  status: 403,
  error: 'insufficient_scope',
  challenge: new RegExp(`error="insufficient_scope", scope="${operation.scope}"$`),
});

test('the table has every noun, and no operation twice', () => {
  expect(new Set(named.map(([name]) => name)).size).toBe(named.length);
  expect(new Set(operations.map((one) => one.id)).size).toBe(operations.length);
  expect(operations.length).toBeGreaterThanOrEqual(34);
});

describe('every operation refuses', () => {
  test('H01: whoever sends no token, and says how to come (RFC 6750 section 3)', () =>
    refuseAll('', () => ({ status: 401, error: 'unauthorized', challenge: /^Bearer realm="[^"]+\/v1"$/ })));

  test('H01 C04: an administrator who is signed in by cookie alone: no page can be made to call it', async () => {
    const robot = world.app.robot();
    await world.walk(robot, await robot.get(world.authorizationPath(world.notes, 'c'.repeat(43))), GRACE);
    const { session } = createCookies(world.app.config.issuer).names;
    const cookie = [session, `${session}.sig`].map((name) => `${name}=${robot.cookie(name)}`).join('; ');
    expect(cookie).not.toContain('undefined');
    for (const [name, operation] of named) {
      // People manage keys of their own at a browser: the pages' own check stands before what changes one.
      if (operation.own !== undefined && operation.method === 'get') continue;
      const expected = operation.own === undefined ? [401, 'unauthorized'] : [403, 'csrf_failed'];
      for (const source of [{}, { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }]) {
        const answer = await send('', operation, { Cookie: cookie, ...source });
        expect([answer.status, answer.body.error], name).toEqual(expected);
      }
    }
  });

  test('H01: what is no token, another kind, or made up', async () => {
    const { refresh_token: refresh } = await world.signIn(world.notes, {
      scope: 'openid offline_access read:tasks',
    });
    for (const text of ['x', refresh, `lka_00000000000${'A'.repeat(43)}`, world.right.slice(0, -1)])
      await refuseAll(text, invalidToken);
  });

  test('H01 V05: a token for another API, even of an administrator', async () => {
    const { access_token: token } = await world.signIn(world.notes);
    await refuseAll(token, invalidToken);
  });

  test('H01 V05: a token without audience, which is one for the default API', async () => {
    const { access_token: token } = await world.signIn(world.console, { scope: 'openid' });
    await refuseAll(token, invalidToken);
  });

  test('H01: a token with every other right, and names the one that is missing', () =>
    refuseAll(
      ({ scope }) =>
        world.tokenOf(
          world.service,
          EVERY_RIGHT.filter((one) => one !== scope),
        ),
      missing,
    ));

  test('H01: a token that may only read, where something is changed', async () => {
    const token = await world.tokenOf(
      world.service,
      EVERY_RIGHT.filter((one) => one.endsWith(':read')),
    );
    for (const operation of operations) {
      const { status } = await send(token, operation);
      const isRead = operation.method === 'get';
      expect(status === 403, `${operation.id}: ${status}`).toBe(!isRead);
    }
  });

  test('S17 G07: a person who is no administrator, through the administrators’ own app', async () => {
    const got = await world.signInAs({ email: 'ada@example.com', password: GRACE.password });
    expect(String(got.scope)).not.toContain('latchkey:');
    await refuseAll(String(got.access_token), missing);
  });

  test('S17 G07: an administrator who is none any more, whatever the token says', async () => {
    const { access_token: token } = await world.signInAs(GRACE);
    expect((await world.call(token, 'GET', '/v1/accounts')).status).toBe(200);
    const { database } = world.app.parts;
    const set = (isAdmin: number) =>
      database.transact(() =>
        database.write(sql`UPDATE accounts SET is_admin = ${isAdmin} WHERE id = ${world.grace.id}`),
      );
    await set(0);
    try {
      await refuseAll(token, missing);
    } finally {
      await set(1);
    }
  });

  test('H01 H03: a client that was blocked, also once it is allowed again', async () => {
    const service = await world.registerService();
    const token = await world.tokenOf(service);
    await world.app.parts.clients.block(service.id);
    await refuseAll(token, invalidToken);
    await world.app.parts.clients.allow(service.id);
    await refuseAll(token, invalidToken);
  });

  test('H01: a client whose registration has the scope no longer, whatever the token says', async () => {
    const service = await world.registerService();
    const token = await world.tokenOf(service);
    const change = { body: { scopes: ['read:tasks'] } };
    expect((await world.call(world.right, 'PATCH', `/v1/clients/${service.id}`, change)).status).toBe(200);
    await refuseAll(token, missing);
  });
});

test('H01: another method is 405 with Allow, at every address', async () => {
  for (const path of new Set(operations.map((one) => one.path))) {
    const here = operations.filter((one) => one.path === path);
    const known = here.map((one) => one.method.toUpperCase());
    for (const method of METHODS.filter((one) => !known.includes(one))) {
      const answer = await world.call(world.right, method, requests.pathOf(here[0] as Operation));
      expect([answer.status, answer.body.error], `${method} ${path}`).toEqual([405, 'method_not_allowed']);
      expect(answer.headers.get('allow')?.split(', ')).toEqual(expect.arrayContaining(known));
    }
  }
});

test.each(['/v1', '/v1/', '/v1/nothing', '/V1/accounts', '/v1/accounts/', '/v1/accounts/a/b'])(
  'H01: %s is no other way in',
  async (path) => {
    for (const token of ['', world.right]) {
      const answer = await world.call(token, 'GET', path);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        404,
        'application/json; charset=utf-8',
      ]);
    }
  },
);
