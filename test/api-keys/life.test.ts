// The life of a key on both databases: made within the plan, changed to less, rotated, ended, warned of, swept.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { NewKey } from '../../server/api-keys/api-keys.ts';
import { createKeyWarnings } from '../../server/api-keys/warnings.ts';
import { createParts, type Parts } from '../../server/parts.ts';
import { sql } from '../../server/storage/statement.ts';
import { dialects } from '../storage/ground.ts';
import { createKeyWorld, type KeyWorld, OPERATOR, TRACKER } from './key-world.ts';

const DAY_SECONDS = 86_400;
const settings = {
  api_keys: {
    levels: [
      { level: 'reader', name: 'Read only', scopes: ['read'] },
      { level: 'writer', name: 'Read and write', scopes: ['read', 'write'] },
    ],
    longest_seconds: 400 * DAY_SECONDS,
  },
  plans: {
    standard: { max_personal_keys: 100, max_team_keys: 100 },
    three: { max_team_keys: 3 },
    none: { max_personal_keys: 0 },
  },
};

function now(): number {
  return Math.floor(Date.now() / 1000);
}

describe.each(dialects)('on %s', (dialect) => {
  let world: KeyWorld;
  /** What another node has. */
  let elsewhere: Parts;

  beforeAll(async () => {
    world = await createKeyWorld({ settings, dialect });
    elsewhere = await createParts(world.app.config, { actor: 'operator' });
  });
  afterEach(() => vi.useRealTimers());
  afterAll(async () => {
    await elsewhere?.close();
    await world?.close();
  });

  function setTime(seconds: number): void {
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(seconds * 1000);
  }

  async function eventsOf(keyId: string): Promise<string[]> {
    const events = await world.parts.audit.list({ limit: 1000 });
    return events
      .filter(({ details }) => JSON.parse(details).key_id === keyId)
      .map(({ type }) => type)
      .toReversed();
  }

  test('G12: of many keys made at once on two nodes exactly as many come about as the plan has', async () => {
    const team = await world.parts.teams.create(OPERATOR, world.ada, { name: 'Three', plan: 'three' });
    const wanted: NewKey = { name: 'CI', owner: { kind: 'team', teamId: team.id }, scopes: ['read'] };
    const tries = Array.from({ length: 12 }, (_, index) =>
      (index % 2 === 0 ? world.parts : elsewhere).apiKeys.create(world.asAda, wanted),
    );
    const ends = await Promise.allSettled(tries);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason.code).toBe('access_denied');
    const [first] = await world.parts.apiKeys.list(world.asAda, wanted.owner, {
      before: undefined,
      limit: 100,
    });
    if (first === undefined) throw new Error('no key');
    await world.parts.apiKeys.revoke(world.asAda, first);
    await expect(world.parts.apiKeys.create(world.asAda, wanted)).resolves.toBeDefined();
    await expect(world.parts.apiKeys.create(world.asAda, wanted)).rejects.toMatchObject({
      code: 'access_denied',
    });
  });

  test.each<[string, Partial<NewKey>, string]>([
    ['no name', { name: '   ' }, 'name'],
    ['neither scopes nor a level', { scopes: [] }, 'scope'],
    ['a scope that no API has', { scopes: ['paint'] }, 'scope'],
    ['a right over this server', { scopes: ['latchkey:accounts:read'] }, 'scope'],
    ['scopes and a level', { scopes: ['read'], level: 'reader' }, 'level'],
    ['a level that is none', { level: 'wizard' }, 'level'],
    ['an API that is none', { resource: 'https://nothing.example/' }, 'resource'],
    ['a moment that passed', { expiresAt: 1 }, 'expires_at'],
    ['a life longer than the longest', { expiresAt: now() + 401 * DAY_SECONDS }, 'expires_at'],
    ['a network that is none', { networks: ['10.0.0.0/33'] }, 'cidr'],
    ['the network of everybody', { networks: ['0.0.0.0/0'] }, 'cidr'],
  ])('G05 H02: a key with %s is refused at the field at fault', async (_words, wanted, param) => {
    await expect(world.make(wanted)).rejects.toMatchObject({ code: 'invalid_request', param });
  });

  test('a key that is asked for without an end gets the longest life', async () => {
    const { key } = await world.make();
    expect(key.expiresAt).toBe(key.createdAt + 400 * DAY_SECONDS);
  });

  test('G06: nobody makes a key on a plan without keys, nor with a scope that they have not', async () => {
    const { database } = world.parts;
    const set = (column: 'plan' | 'role', value: string | null) =>
      database.transact(() =>
        database.write({
          sql: `UPDATE accounts SET ${column} = ? WHERE id = ?`,
          bindings: [value, world.grace.id],
        }),
      );
    await set('plan', 'none');
    await expect(world.make({}, world.asGrace)).rejects.toMatchObject({ code: 'access_denied' });
    await set('plan', null);
    await set('role', 'nobody');
    await expect(world.make({}, world.asGrace)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'scope',
    });
    await set('role', 'member');
    await expect(world.make({}, world.asGrace)).resolves.toBeDefined();
  });

  test('G07: keys of others are not there: not to see, to change, to rotate, to end, nor to make in their name', async () => {
    const { apiKeys } = world.parts;
    const own = (await world.make()).key;
    const team = (await world.make({ owner: world.ofTeam })).key;
    for (const key of [own, team]) {
      const acts = [
        () => apiKeys.get(world.asGrace, key.id),
        () => apiKeys.list(world.asGrace, key.owner, { before: undefined, limit: 10 }),
        () => apiKeys.change(world.asGrace, key, { isDisabled: true }),
        () => apiKeys.rotate(world.asGrace, key, { overlapSeconds: 0 }),
        () => apiKeys.revoke(world.asGrace, key),
        () => world.make({ owner: key.owner }, world.asGrace),
      ];
      for (const act of acts) await expect(act()).rejects.toMatchObject({ code: 'not_found' });
    }
    await expect(world.make({ teamId: world.team.id }, world.asGrace)).rejects.toMatchObject({
      code: 'not_found',
    });
    await world.parts.members.add(OPERATOR, { teamId: world.team.id, role: 'member' }, world.grace);
    await expect(apiKeys.revoke(world.asGrace, team)).rejects.toMatchObject({ code: 'access_denied' });
    await expect(world.make({ owner: world.ofTeam }, world.asGrace)).rejects.toMatchObject({
      code: 'access_denied',
    });
    await world.parts.members.remove(OPERATOR, { teamId: world.team.id, accountId: world.grace.id });
  });

  test('G06 H02: a key only ever gets less: another name and fewer scopes, never more, nor a level that could grow', async () => {
    const { apiKeys } = world.parts;
    const { key } = await world.make({ scopes: ['read', 'write'] });
    const less = await apiKeys.change(world.asAda, key, { name: 'Reports', scopes: ['read'] });
    expect([less.name, less.scopes]).toEqual(['Reports', ['read']]);
    for (const more of [
      { scopes: ['read', 'write'] },
      { scopes: ['*'] },
      { level: 'reader' },
      { scopes: [] },
    ])
      await expect(apiKeys.change(world.asAda, less, more)).rejects.toMatchObject({
        code: 'invalid_request',
      });
    const leveled = (await world.make({ level: 'writer' })).key;
    const reader = await apiKeys.change(world.asAda, leveled, { level: 'reader' });
    await expect(apiKeys.change(world.asAda, reader, { level: 'writer' })).rejects.toMatchObject({
      param: 'level',
    });
    expect((await apiKeys.change(world.asAda, reader, { scopes: ['read'] })).level).toBeUndefined();
    await expect(apiKeys.change(world.asAda, key, { name: 'Late' })).rejects.toMatchObject({
      label: 'api_key',
    });
  });

  test('H04: each act leaves its event, and where that cannot be stored the act is not either', async () => {
    const { apiKeys, database } = world.parts;
    const { key } = await world.make();
    const renamed = await apiKeys.change(world.asAda, key, { name: 'Other', isDisabled: true });
    const enabled = await apiKeys.change(world.asAda, renamed, { isDisabled: false });
    const { key: rotated } = await apiKeys.rotate(world.asAda, enabled, { overlapSeconds: 0 });
    await apiKeys.revoke(world.asAda, rotated);
    await apiKeys.revoke(world.asAda, await apiKeys.get(world.asAda, key.id));
    const names = ['created', 'renamed', 'disabled', 'enabled', 'rotated', 'revoked'].map(
      (name) => `api_key.${name}`,
    );
    expect(await eventsOf(key.id)).toEqual(names);

    const live = await world.make();
    const act = apiKeys.revoke(world.asAda, live.key, {
      alsoInUnit: () => database.write(sql`INSERT INTO audit_events (node) VALUES (NULL)`),
    });
    await expect(act).rejects.toThrow();
    expect((await world.ask(live.secret)).active).toBe(true);
  });

  test('what has ended has ended: it is not changed, not enabled, not rotated', async () => {
    const { apiKeys } = world.parts;
    const revoked = (await world.make()).key;
    await apiKeys.revoke(world.asAda, revoked);
    const expired = (await world.make({ expiresAt: now() + DAY_SECONDS })).key;
    const stored = await apiKeys.get(world.asAda, revoked.id);
    await expect(apiKeys.change(world.asAda, stored, { isDisabled: false })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(apiKeys.rotate(world.asAda, stored, { overlapSeconds: 0 })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(apiKeys.change(world.asAda, revoked, { name: 'x' })).rejects.toMatchObject({
      label: 'api_key',
    });
    setTime(now() + DAY_SECONDS);
    await expect(apiKeys.change(world.asAda, expired, { name: 'x' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('a key has at most two secrets, the older for a day at most; rotating twice at once happens once', async () => {
    const { apiKeys } = world.parts;
    const first = await world.make();
    const races = [world.parts, elsewhere, world.parts].map((one) =>
      one.apiKeys.rotate(world.asAda, first.key, { overlapSeconds: 3600 }),
    );
    const ends = await Promise.allSettled(races);
    const won = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    expect(won).toHaveLength(1);
    const second = won[0] ?? first;
    const third = await apiKeys.rotate(world.asAda, second.key, { overlapSeconds: 3600 });
    expect(
      await Promise.all([first, second, third].map(async ({ secret }) => (await world.ask(secret)).active)),
    ).toEqual([false, true, true]);
    for (const overlapSeconds of [-1, 86_401, 0.5])
      await expect(apiKeys.rotate(world.asAda, third.key, { overlapSeconds })).rejects.toMatchObject({
        param: 'overlap_seconds',
      });
  });

  test('14, 7 and 1 days before its end people are told, each time once, whichever node looks first', async () => {
    const start = now();
    const { key } = await world.make({ name: 'Deploy', expiresAt: start + 30 * DAY_SECONDS });
    const short = await world.make({ name: 'Week', expiresAt: start + 7 * DAY_SECONDS });
    const warnings = [world.parts, elsewhere].map((one) => createKeyWarnings({ ...one, mail: one.keyMail }));
    const look = () => Promise.all(warnings.map((one) => one.warnDue()));
    const told = (id: string) =>
      eventsOf(id).then((types) => types.filter((type) => type === 'api_key.ending').length);
    const counts: number[] = [];
    for (const days of [0, 6, 15, 16, 23, 24, 29, 29]) {
      setTime(start + days * DAY_SECONDS + 1);
      await look();
      counts.push(await told(key.id));
    }
    expect(counts).toEqual([0, 0, 0, 1, 2, 2, 3, 3]);
    expect(await told(short.key.id), 'made with a week to live').toBe(1);
    await world.app.postOffice.deliverDue();
    const mails =
      world.app.postOffice.mailbox?.list().filter(({ subject }) => subject === 'An API key ends soon') ?? [];
    const about = mails.filter(({ text }) => text.includes('Deploy'));
    expect(about).toHaveLength(3);
    expect(about[0]).toMatchObject({ to: 'ada@example.com' });
    expect(about[0]?.text).toContain(`lk_…${key.lastFour}`);
  });

  test('G14: the use of a key is noted with time, address, program and API, once a minute whoever asks', async () => {
    const { database, apiKeys } = world.parts;
    const { key, secret } = await world.make();
    const start = now();
    setTime(start);
    const from = { client_ip: '203.0.113.9', client_user_agent: 'zapier/1.0' };
    const writes = vi.spyOn(database, 'write');
    for (let count = 0; count < 30; count += 1) await world.ask(secret, from);
    const uses = () =>
      writes.mock.calls.filter(([statement]) => JSON.stringify(statement).includes('SET last_used_at'))
        .length;
    expect(uses()).toBe(1);
    await vi.waitFor(async () => {
      expect((await apiKeys.get(world.asAda, key.id)).lastUse).toEqual({
        ...{ at: start, address: '203.0.113.9', program: 'zapier/1.0', resource: TRACKER },
      });
    });
    setTime(start + 60);
    await world.ask(secret, from);
    expect(uses()).toBe(2);
    writes.mockRestore();
  });

  test('G14: a use that cannot be noted keeps nobody waiting and fails nothing', async () => {
    const { database } = world.parts;
    const { secret } = await world.make();
    const transact = vi.spyOn(database, 'transact').mockRejectedValue(new Error('the disk is full'));
    expect(await world.ask(secret)).toMatchObject({ active: true });
    expect(transact).toHaveBeenCalled();
    transact.mockRestore();
  });

  test('G01: a copy of what is kept of a person has their keys, and none of their secrets', async () => {
    const { key, secret } = await world.make({ name: 'Mine' });
    const own = await world.parts.ownKeys.exportOf(world.ada.id);
    expect(own).toEqual(expect.arrayContaining([expect.objectContaining({ id: key.id, name: 'Mine' })]));
    expect(JSON.stringify(own)).not.toContain(secret);
  });

  test('ended keys are kept as long as was said, and then they and their secrets are gone', async () => {
    const { apiKeys, database } = world.parts;
    const { key, secret } = await world.make();
    await apiKeys.revoke(world.asAda, key);
    setTime(now() + 89 * DAY_SECONDS);
    await apiKeys.sweep(0, 100);
    expect(await world.ask(secret)).toEqual({ active: false, inactive_reason: 'revoked' });
    setTime(now() + 2 * DAY_SECONDS);
    await apiKeys.sweep(0, 100);
    expect(await world.ask(secret)).toEqual({ active: false });
    const left = await database.list(sql`SELECT 1 FROM api_key_secrets s WHERE NOT EXISTS (
      SELECT 1 FROM api_keys k WHERE k.id = s.key_id) LIMIT 1`);
    expect(left).toEqual([]);
  });
});
