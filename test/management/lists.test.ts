// Lists: bounded, and walked to their end without losing or repeating anybody, whatever comes and goes meanwhile.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations } from '../../server/management/nouns.ts';
import { createManagementWorld, type ManagementWorld, makeTeam } from './support.ts';

type Row = Record<string, unknown>;

const lists = operations.filter((one) => one.id.startsWith('list')).map((one) => one.path);

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let world: ManagementWorld;
  let team: string;
  beforeAll(async () => {
    world = await createManagementWorld({ dialect });
    for (let number = 1; number <= 7; number += 1) {
      const { id } = await world.registerClient({ name: `App ${number}` });
      if (number % 3 === 0) await world.app.parts.clients.remove(id);
      world.app.parts.clients.noteRequest(`stranger-${number}`);
    }
    await world.app.parts.clients.flushRequests();
    for (let number = 1; number <= 4; number += 1) await world.signIn(world.notes);
    team = await makeTeam(world);
    for (const name of ['ida', 'eve', 'mary']) {
      const body = { email: `${name}@example.com`, name, password: 'a long walk over the hills' };
      const { id } = (await world.call(world.right, 'POST', '/v1/accounts', { body })).body;
      const member = { body: { role: 'member' } };
      await world.call(world.right, 'PUT', `/v1/teams/${team}/members/${id}`, member);
      const invited = { body: { email: `friend-of-${name}@example.com`, role: 'member' } };
      await world.call(world.right, 'POST', `/v1/teams/${team}/invitations`, invited);
    }
  });
  afterAll(() => world.close());

  async function ask(path: string): Promise<{ data: Row[]; next: string | null }> {
    const { status, body, text } = await world.call(world.right, 'GET', path);
    expect(status, text).toBe(200);
    return body as { data: Row[]; next: string | null };
  }

  /** Every page of a list; `between` happens after each. */
  async function walk(path: string, limit: number, between = async () => {}): Promise<Row[]> {
    const rows: Row[] = [];
    let after = '';
    for (let step = 0; step < 500; step += 1) {
      const page: { data: Row[]; next: string | null } = await ask(`${path}?limit=${limit}${after}`);
      expect(page.data.length).toBeLessThanOrEqual(limit);
      rows.push(...page.data);
      if (page.next === null) return rows;
      // A page that says that there are more is full.
      expect(page.data.length).toBe(limit);
      after = `&after=${encodeURIComponent(page.next)}`;
      await between();
    }
    throw new Error('the list has no end');
  }

  test.each(lists)('%s is walked page by page to the same as at once', async (listed) => {
    const path = listed.replace('{team_id}', team);
    const { data, next } = await ask(`${path}?limit=100`);
    expect(next).toBeNull();
    for (const limit of [1, 2, 3]) expect(await walk(path, limit)).toEqual(data);
  });

  test('what is there all the time is met once, whatever comes and goes between the pages', async () => {
    const before = (await ask('/v1/clients?limit=100')).data.map((one) => one.client_id);
    let number = 0;
    const met = await walk('/v1/clients', 2, async () => {
      number += 1;
      await world.registerClient({ name: 'Newcomer' }, `${'AZaz09'[number % 6]}-newcomer-${number}`);
      await world.app.parts.clients.remove((await world.registerClient({ name: 'Passer-by' })).id);
    });
    const ids = met.map((one) => one.client_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(before));
  });

  test('an audit log that grows meanwhile loses nothing that stood in it before', async () => {
    const before = await walk('/v1/audit-events', 100);
    const met = await walk('/v1/audit-events', 7, async () => {
      await world.registerClient({ name: 'Busy' });
    });
    const nameOf = (row: Row) => `${row.node} ${row.sequence}`;
    expect(new Set(met.map(nameOf)).size).toBe(met.length);
    expect(met.map(nameOf)).toEqual(expect.arrayContaining(before.map(nameOf)));
  });

  test('what was removed is in no list, and its id leads nowhere', async () => {
    const { id } = await world.registerClient({ name: 'Going' });
    expect((await world.call(world.right, 'DELETE', `/v1/clients/${id}`)).status).toBe(204);
    const ids = (await walk('/v1/clients', 50)).map((one) => one.client_id);
    expect(ids).not.toContain(id);
    for (const method of ['GET', 'DELETE'])
      expect((await world.call(world.right, method, `/v1/clients/${id}`)).status).toBe(404);
  });

  test('filters: one address, one person, one app, one type', async () => {
    const accounts = await ask('/v1/accounts?email=ADA@example.com');
    expect(accounts.data.map((one) => one.id)).toEqual([world.ada.id]);
    expect((await ask('/v1/accounts?email=nobody@example.com')).data).toEqual([]);
    const grants = await ask(`/v1/grants?account=${world.ada.id}&client=${world.notes.id}`);
    expect(grants.data).toHaveLength(4);
    expect((await ask(`/v1/grants?client=${world.console.id}`)).data).toEqual([]);
    const events = await ask('/v1/audit-events?type=client.removed&limit=100');
    expect(new Set(events.data.map((one) => one.type))).toEqual(new Set(['client.removed']));
  });
});

describe('a list refuses', () => {
  let world: ManagementWorld;
  let team: string;
  beforeAll(async () => {
    world = await createManagementWorld();
    team = await makeTeam(world);
  });
  afterAll(() => world.close());

  const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test.each(lists)(
    '%s: numbers out of bounds, what is no cursor of it, and what it does not know',
    async (listed) => {
      const path = listed.replace('{team_id}', team);
      for (const [query, param] of [
        ['limit=0', 'limit'],
        ['limit=101', 'limit'],
        ['limit=-1', 'limit'],
        ['limit=1.5', 'limit'],
        ['limit=many', 'limit'],
        ['after=nonsense', 'after'],
        [`after=${cursor(['another list', 'a'])}`, 'after'],
        [`after=${cursor([path.slice('/v1/'.length), { $gt: '' }])}`, 'after'],
        [`after=${cursor({})}`, 'after'],
        [`after=${'A'.repeat(2000)}`, 'after'],
        ['offset=10', 'offset'],
        ['limit=1&limit=2', 'limit'],
      ]) {
        const { status, body } = await world.call(world.right, 'GET', `${path}?${query}`);
        expect([status, body.error, body.param], `${path}?${query}`).toEqual([400, 'invalid_request', param]);
      }
    },
  );

  test('without limit there are twenty', async () => {
    for (let number = 0; number < 21; number += 1) await world.registerClient({ name: `App ${number}` });
    const { body } = await world.call(world.right, 'GET', '/v1/clients');
    expect(body.data).toHaveLength(20);
    expect(body.next).toEqual(expect.any(String));
  });
});
