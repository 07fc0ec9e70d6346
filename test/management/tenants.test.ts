// The tenant matrix of /v1: every operation of the table where it leads to the things of one team, met by everybody with whatever
// they have, on both databases (rows G01, G04, G07, G11, H01).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { operations } from '../../server/management/nouns.ts';
import type { Operation } from '../../server/management/operations.ts';
import { dialects } from '../storage/ground.ts';
import type { Answer } from '../support/program.ts';
import { createTenants, type Tenants } from '../workspace/tenants.ts';

type Send = (method: string, path: string, body?: unknown) => Promise<Answer>;
type Expected = readonly [number, string] | undefined;

const isKeys = ({ path }: Operation) => path.startsWith('/v1/keys');
const creations = ['createKey', 'createServiceAccount'];

describe.each(dialects)('on %s', (dialect) => {
  let tenants: Tenants;
  beforeAll(async () => {
    tenants = await createTenants(dialect);
  });
  afterEach(() => vi.useRealTimers());
  afterAll(() => tenants.close());

  /** Where the operation leads to Looms, or to somebody or something in it. */
  function pathOf({ path, id }: Operation): string {
    const isMachine = path.startsWith('/v1/service-accounts');
    const client = path.startsWith('/v1/teams/') ? tenants.teamApp.id : 'tracker';
    const ids: Record<string, string> = {
      ...{ team_id: tenants.team.id, account_id: tenants.mary.id, invitation_id: tenants.invited.id },
      ...{ key_id: tenants.teamKey.key.id, kid: 'key-1', identifier: 'https://tracker.example.com/' },
      ...{ client_id: isMachine ? tenants.machine.id : client, grant_id: 'grant_00000000000' },
    };
    const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) =>
      encodeURIComponent(ids[name] ?? 'none'),
    );
    if (id === 'listKeys' || id === 'listServiceAccounts') return `${filled}?team_id=${tenants.team.id}`;
    return id === 'revokeKeyById' ? `${filled}?id=${tenants.teamKey.key.id}` : filled;
  }

  /** As the document shows it; what is made would be for Looms. */
  function bodyOf({ id, body, example }: Operation): object | undefined {
    if (body === undefined) return undefined;
    const ours = { team_id: tenants.team.id, scopes: ['write'] };
    const more = creations.includes(id) ? { ...ours, ...(id === 'createKey' ? { kind: 'team' } : {}) } : {};
    return { ...(example?.body as object), ...more };
  }

  /** Each of them ends so, says nothing of Looms, and no row is another afterwards. */
  async function refuseAll(send: Send, expected: (operation: Operation) => Expected): Promise<void> {
    const before = await tenants.takePicture();
    for (const operation of operations) {
      const [status, error] = expected(operation) ?? [];
      if (status === undefined) continue;
      const answer = await send(operation.method.toUpperCase(), pathOf(operation), bodyOf(operation));
      expect([answer.status, answer.body.error], operation.id).toEqual([status, error]);
      expect(answer.text, operation.id).not.toContain('Looms');
    }
    expect(await tenants.takePicture()).toBe(before);
  }

  function bearing(token: string): Send {
    return (method, path, body) =>
      tenants.request(path, {
        method,
        headers: {
          ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
  }

  test('H01 G07: nobody comes without anything', () => refuseAll(bearing(''), () => [401, 'unauthorized']));

  test('G07 G11: the key of another team meets no key of this one, and opens nothing else', () =>
    refuseAll(bearing(tenants.otherKey), (operation) => {
      if (!isKeys(operation)) return [401, 'invalid_token'];
      // It lists its own team's, whatever is asked; and is told that it makes keys of its own team alone.
      if (operation.id === 'listKeys') return undefined;
      return operation.id === 'createKey' ? [400, 'invalid_request'] : [404, 'not_found'];
    }));

  test('G07: what the key of another team lists is that team’s', async () => {
    const { body, text } = await bearing(tenants.otherKey)('GET', `/v1/keys?team_id=${tenants.team.id}`);
    const rows = body.data as { team_id: string }[];
    expect(new Set(rows.map(({ team_id }) => team_id))).toEqual(new Set([tenants.others.id]));
    expect(text).not.toContain(tenants.teamKey.key.id);
  });

  test('G04 G11: the key of the team itself manages keys at most: no machine, no member, nothing of the server', () =>
    refuseAll(bearing(tenants.ownKey), (operation) =>
      isKeys(operation) ? undefined : [401, 'invalid_token'],
    ));

  test('G07: an app of somebody in another team has what that person has, which is nothing here', () =>
    refuseAll(bearing(tenants.otherToken), (operation) =>
      operation.own === undefined ? [403, 'insufficient_scope'] : [404, 'not_found'],
    ));

  test.each([
    ['is in another team', 'eve@example.com', [404, 'not_found']],
    ['was removed', 'ida@example.com', [404, 'not_found']],
    ['does not manage it', 'mary@example.com', [403, 'access_denied']],
  ] as const)('G07: somebody who %s gets nowhere at a browser', async (_, email, own) => {
    const send = await tenants.browserOf(email);
    await refuseAll(send, (operation) => (operation.own === undefined ? [401, 'unauthorized'] : own));
  });

  test.each(['grace@example.com', 'ada@example.com'])(
    '%s, who manages it, sees its keys and machines, and nothing that is for administrators',
    async (email) => {
      const send = await tenants.browserOf(email);
      for (const operation of operations) {
        if (operation.method !== 'get') continue;
        const { status } = await send('GET', pathOf(operation));
        expect(status, operation.id).toBe(operation.own === undefined ? 401 : 200);
      }
    },
  );

  test('G04: a machine, and a key of one, is made right after a sign-in alone', async () => {
    const send = await tenants.browserOf('ada@example.com');
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 301_000);
    const made = operations.filter(({ id }) => ['createServiceAccount', 'putServiceAccountKey'].includes(id));
    expect(made).toHaveLength(2);
    await refuseAll(send, (operation) => (made.includes(operation) ? [403, 'access_denied'] : undefined));
    const [list] = operations.filter(({ id }) => id === 'listServiceAccounts');
    expect((await send('GET', pathOf(list ?? expect.fail()))).status).toBe(200);
  });

  test('G01: what a manager does at a browser is recorded under their name, and no private key with it', async () => {
    const send = await tenants.browserOf('grace@example.com');
    const path = '/v1/service-accounts';
    const body = { name: 'Ours', scopes: ['read'], team_id: tenants.team.id, make_key: true };
    const made = await send('POST', path, body);
    expect(made.status).toBe(201);
    const { id, credentials } = made.body as { id: string; credentials: Record<string, string> };
    const one = `${path}/${id}`;
    const key = `${one}/keys/${credentials.private_key_id}`;
    expect((await send('GET', one)).body).toMatchObject({
      ...{ team_id: tenants.team.id, responsible_id: tenants.grace.id, scopes_now: ['read'] },
    });
    for (const [method, where] of [
      ...[['PUT', `${key}/block`] as const, ['DELETE', `${key}/block`] as const],
      ...[['PUT', `${one}/block`] as const, ['DELETE', `${one}/block`] as const],
    ])
      expect((await send(method, where)).status, `${method} ${where}`).toBe(200);
    expect((await send('PUT', `${one}/not-before`, {})).status).toBe(200);
    expect((await send('DELETE', key)).status).toBe(200);
    expect((await send('DELETE', one)).status).toBe(204);
    const events = await tenants.parts.audit.list({ clientId: id, limit: 100 });
    expect(events).toHaveLength(8);
    expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set([`account:${tenants.grace.id}`]));
    expect(JSON.stringify(events)).not.toContain('PRIVATE');
  });
});
