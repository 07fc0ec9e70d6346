// What the acts behind /v1 do: the end of everything at once, no more than the caller has, and an event of who it was (rows G07, H03, H04, S17).
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { operations } from '../../server/management/nouns.ts';
import { sql } from '../../server/storage/statement.ts';
import {
  type Calls,
  createCalls,
  createManagementWorld,
  createRequests,
  EVERY_RIGHT,
  GRACE,
  type ManagementWorld,
} from './support.ts';

let world: ManagementWorld;
let call: Calls['call'];
let makeClient: Calls['makeClient'];
beforeAll(async () => {
  world = await createManagementWorld();
  ({ call, makeClient } = createCalls(world));
});
afterAll(() => world.close());

describe('H03: what ends ends everything', () => {
  test.each([
    ['PUT', '/block'],
    ['DELETE', ''],
  ])('%s /v1/clients/{client_id}%s kills its tokens of every kind', async (method, suffix) => {
    const app = await world.registerClient({ name: 'Doomed' });
    const tokens = await world.signIn(app, { scope: 'openid offline_access read:tasks' });
    expect((await world.introspect(world.api, tokens.access_token)).body.active).toBe(true);
    const { status } = await call(method, `/v1/clients/${app.id}${suffix}`);
    expect(status).toBe(method === 'PUT' ? 200 : 204);
    expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
    expect((await world.refresh(app, tokens.refresh_token)).status).toBe(401);
    const { body } = await call('GET', `/v1/grants?client=${app.id}`);
    expect(body.data).toEqual([]);
  });

  test('a removed client stays dead: its id is nobody’s, at the command line too', async () => {
    const made = await makeClient({ client_id: 'phoenix' });
    const client = { id: made.client_id, secret: made.client_secret, redirectUri: '' };
    const { body } = await world.token(client, { grant_type: 'client_credentials' });
    expect((await call('DELETE', '/v1/clients/phoenix')).status).toBe(204);
    expect(
      (
        await call('POST', '/v1/clients', {
          name: 'New',
          type: 'service',
          grants: ['client_credentials'],
          client_id: 'phoenix',
        })
      ).body.error,
    ).toBe('already_exists');
    await expect(world.app.parts.clients.allow('phoenix')).rejects.toMatchObject({ code: 'not_found' });
    expect((await call('PUT', '/v1/client-requests/phoenix/approval')).status).not.toBe(200);
    expect((await world.token(client, { grant_type: 'client_credentials' })).status).toBe(401);
    expect((await world.introspect(world.api, String(body.access_token))).body).toEqual({ active: false });
  });

  test('a suspended account: its sessions and tokens end, and it comes back without them', async () => {
    const ida = await world.app.parts.accounts.register(
      { email: 'ida@example.com', name: 'Ida', password: GRACE.password },
      'operator',
    );
    const robot = world.app.robot();
    const start = await robot.get(world.authorizationPath(world.notes, 'c'.repeat(43)));
    await world.walk(robot, start, { email: 'ida@example.com', password: GRACE.password });
    expect((await robot.get('/account')).status).toBe(200);
    expect((await call('PUT', `/v1/accounts/${ida.id}/suspension`)).body.disabled_at).toEqual(
      expect.any(Number),
    );
    expect((await robot.get('/account')).status).not.toBe(200);
    expect((await call('DELETE', `/v1/accounts/${ida.id}/suspension`)).body.disabled_at).toBeNull();
    expect((await robot.get('/account')).status).not.toBe(200);
    expect((await call('DELETE', `/v1/accounts/${ida.id}`)).status).toBe(204);
    expect((await call('GET', `/v1/accounts/${ida.id}`)).status).toBe(404);
  });

  test('a grant that is ended, and one that is none', async () => {
    const tokens = await world.signIn(world.notes);
    const { body } = await call('GET', `/v1/grants?client=${world.notes.id}&limit=1`);
    const [{ id }] = body.data as [{ id: string }];
    expect((await call('DELETE', `/v1/grants/${id}`)).status).toBe(204);
    expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
    for (const one of [id, 'grant_00000000000', 'nonsense'])
      expect((await call('DELETE', `/v1/grants/${one}`)).status).toBe(404);
  });
});

describe('G07: nobody gives away what they have not', () => {
  const FEW = [
    'latchkey:clients:read',
    'latchkey:clients:write',
    'latchkey:accounts:write',
    'latchkey:issuers:write',
  ];
  let few: string;
  beforeAll(async () => {
    few = await world.tokenOf(world.service, FEW);
  });

  test('no client with rights over the server that the caller has not, new or changed', async () => {
    const more = ['latchkey:audit:read'];
    const wanted = { name: 'Spy', type: 'service', grants: ['client_credentials'], scopes: more };
    expect((await call('POST', '/v1/clients', wanted, few)).body.error).toBe('access_denied');
    const { client_id: id } = await makeClient();
    expect((await call('PATCH', `/v1/clients/${id}`, { scopes: more }, few)).status).toBe(403);
    expect((await call('PATCH', `/v1/clients/${id}`, { scopes: FEW }, few)).status).toBe(200);
    const issuer = {
      issuer: 'https://evil.example.com',
      jwks_uri: 'https://evil.example.com/jwks',
      scopes: more,
    };
    expect((await call('POST', '/v1/issuers', issuer, few)).status).toBe(403);
  });

  test('no hand on a client that has more: no secret, no redirect, no way back after a block', async () => {
    const { client_id: id } = await makeClient({ scopes: EVERY_RIGHT });
    const path = `/v1/clients/${id}`;
    expect((await call('POST', `${path}/secrets`, undefined, few)).status).toBe(403);
    expect((await call('PATCH', path, { name: 'Mine' }, few)).status).toBe(403);
    expect((await call('PATCH', path, { scopes: [] }, few)).status).toBe(403);
    expect((await call('PUT', `${path}/block`, undefined, few)).status).toBe(403);
    expect((await call('PUT', `${path}/block`)).status).toBe(200);
    expect((await call('DELETE', `${path}/block`, undefined, few)).status).toBe(403);
    expect((await call('PUT', `/v1/client-requests/${id}/approval`, undefined, few)).status).toBe(409);
    expect((await call('DELETE', `${path}/block`)).status).toBe(200);
  });

  test.each([
    ['PUT', '/suspension', undefined],
    ['DELETE', '/suspension', undefined],
    ['DELETE', '/sessions', undefined],
    ['PUT', '/password', { password: 'mine from now on, thank you' }],
    ['DELETE', '', undefined],
  ])('S17: %s /v1/accounts/{account_id}%s leaves administrators alone', async (method, suffix, body) => {
    const answer = await call(method, `/v1/accounts/${world.grace.id}${suffix}`, body);
    expect([answer.status, answer.body.error]).toEqual([403, 'access_denied']);
    expect((await call('GET', `/v1/accounts/${world.grace.id}`)).body).toMatchObject({ disabled_at: null });
  });

  test('what the file declares, and what belongs to an API, is changed there', async () => {
    expect((await call('PATCH', `/v1/clients/${world.api.id}`, { name: 'Mine' })).status).toBe(400);
    expect((await call('DELETE', `/v1/clients/${world.api.id}`)).status).toBe(400);
    expect((await world.introspect(world.api, 'x')).status).toBe(200);
  });
});

describe('H04: the audit log', () => {
  test('says who: the client in its own name, the administrator in theirs, with the request', async () => {
    const { access_token: token } = await world.signInAs(GRACE);
    for (const [actor, text] of [
      [`client:${world.service.id}`, world.right],
      [`account:${world.grace.id}`, token],
    ] as const) {
      const { client_id: id } = await makeClient();
      const answer = await call('PUT', `/v1/clients/${id}/block`, undefined, text);
      expect((await world.app.parts.audit.list({ type: 'client.blocked', limit: 1 }))[0]).toMatchObject({
        ...{ actor, clientId: id, requestId: answer.headers.get('x-request-id') },
      });
    }
    expect(await world.app.parts.audit.findBreaks()).toEqual([]);
  });

  test('is written with the change or not at all: without the event nothing is done', async () => {
    const { database } = world.app.parts;
    const requests = await createRequests(world);
    await database.transact(() =>
      database.write({
        sql: "CREATE TRIGGER no_events BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END",
        bindings: [],
      }),
    );
    try {
      const before = await countRows();
      for (const operation of operations.filter((one) => one.method === 'post')) {
        const { status, text } = await call('POST', requests.pathOf(operation), requests.bodyOf(operation));
        expect(status, `${operation.id} ${text}`).toBeGreaterThanOrEqual(500);
      }
      expect((await call('PUT', `/v1/clients/${world.notes.id}/block`)).status).toBeGreaterThanOrEqual(500);
      expect(
        (await call('PATCH', `/v1/clients/${world.notes.id}`, { name: 'X' })).status,
      ).toBeGreaterThanOrEqual(500);
      expect(await countRows()).toEqual(before);
    } finally {
      await database.transact(() => database.write({ sql: 'DROP TRIGGER no_events', bindings: [] }));
    }
    expect((await call('GET', `/v1/clients/${world.notes.id}`)).body).toMatchObject({
      state: 'allowed',
      name: 'Notes',
    });
  });

  async function countRows(): Promise<unknown> {
    return world.app.parts.database.find(
      sql`SELECT (SELECT COUNT(*) FROM clients) AS clients, (SELECT COUNT(*) FROM accounts) AS accounts,
        (SELECT COUNT(*) FROM resources) AS resources, (SELECT COUNT(*) FROM idempotent_answers) AS answers`,
    );
  }
});

test('one caller has so many calls in a minute, and is told when to come again', async () => {
  const busy = await createManagementWorld({
    settings: { limits: { 'management.caller': { max: 3, window_seconds: 60 } } },
  });
  try {
    vi.useFakeTimers({ toFake: ['Date'] });
    const statuses = [];
    for (let number = 0; number < 4; number += 1)
      statuses.push((await busy.call(busy.right, 'GET', '/v1/clients')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const refused = await busy.call(busy.right, 'GET', '/v1/clients');
    expect(refused.body.error).toBe('too_many_requests');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await busy.tokenOf(await busy.registerService());
    expect((await busy.call(other, 'GET', '/v1/clients')).status).toBe(200);
  } finally {
    vi.useRealTimers();
    await busy.close();
  }
});
