// The audit log: an event stands or falls with its act, chains tell of tampering, and personal data can be erased (ASVS 16).
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Audit, createAudit } from '../../server/audit/audit.ts';
import { type EventType, events } from '../../server/audit/events.ts';
import type { Database } from '../../server/storage/database.ts';
import { insert, sql } from '../../server/storage/statement.ts';
import { countRows, createGround, dialects, type Place } from '../storage/ground.ts';

const origin = { requestId: 'req-1', address: '192.0.2.7', program: 'Ada at the loom' };

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let database: Database;
  let audit: Audit;

  beforeAll(async () => {
    ground = await createGround(dialect);
  });
  afterAll(() => ground.close());
  beforeEach(async () => {
    database = ground.open();
    audit = createAudit({ database });
    await database.transact(() => {
      for (const table of ['audit_events', 'audit_personal', 'deployment'])
        database.write({ sql: `DELETE FROM ${table}`, bindings: [] });
    });
  });

  afterEach(() => database.close());

  function record(type: EventType = 'client.created', event = {}): void {
    audit.record(type, { actor: 'operator', clientId: 'looms', ...event });
  }

  const put = (name: string) =>
    database.write(insert('deployment', { name, value: 'one' }), { conflict: 'name' });

  /** So many events, one after the other. */
  async function recordMany(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1)
      await database.transact(() => record('client.created', { clientId: `c-${n}` }));
  }

  async function firstNode(): Promise<string> {
    const row = await database.find<{ node: string }>(
      sql`SELECT node FROM audit_events GROUP BY node ORDER BY COUNT(*) DESC LIMIT 1`,
    );
    return row?.node ?? expect.fail('no chain');
  }

  describe('with its act', () => {
    test('H04: an act that fails leaves no event, and the one after it has no hole before it', async () => {
      await database.transact(() => put('taken'));
      const lost = database.transact(() => {
        record('client.blocked');
        put('taken');
      });
      await expect(lost).rejects.toMatchObject({ label: 'name' });
      const thrown = database.transact(() => {
        record('client.blocked');
        throw new Error('Ada changed her mind');
      });
      await expect(thrown).rejects.toThrow('Ada');
      await database.transact(() => record());
      expect((await audit.list({ limit: 10 })).map((event) => event.type)).toEqual(['client.created']);
      expect(await audit.findBreaks()).toEqual([]);
    });

    test('H04: an event that cannot be stored fails its act', async () => {
      const other = dialect === 'sqlite' ? 'audit_events_away' : '"audit_events_away"';
      const rename = (from: string, to: string) =>
        database.transact(() => database.write({ sql: `ALTER TABLE ${from} RENAME TO ${to}`, bindings: [] }));
      await rename('audit_events', other);
      const act = database.transact(() => {
        put('act');
        record();
      });
      await expect(act).rejects.toThrow();
      await rename(other, 'audit_events');
      expect(await database.find(sql`SELECT value FROM deployment WHERE name = 'act'`)).toBeUndefined();
      await database.transact(() => record());
      expect(await audit.findBreaks()).toEqual([]);
    });

    test('outside of a unit there is no event: recording is an error', () => {
      expect(() => record()).toThrow('outside of a unit');
    });

    test('of units committed together the failing one takes its events with it, and the chain stays whole', async () => {
      await database.transact(() => put('name-3'));
      await Promise.allSettled(
        Array.from({ length: 9 }, (_, n) =>
          database.transact(() => {
            record('client.created', { clientId: `c-${n}` });
            put(`name-${n}`);
            record('client.allowed', { clientId: `c-${n}` });
          }),
        ),
      );
      const listed = await audit.list({ limit: 100 });
      expect(listed).toHaveLength(16);
      expect(listed.map((event) => event.clientId)).not.toContain('c-3');
      expect(await audit.findBreaks()).toEqual([]);
    });
  });

  describe('the chain', () => {
    test('begins at 1 after nothing, and each row refers to the one before', async () => {
      await recordMany(5);
      const node = await firstNode();
      const rows = await database.list<{ sequence: number; previous_hash: Buffer; hash: Buffer }>(
        sql`SELECT sequence, previous_hash, hash FROM audit_events WHERE node = ${node} ORDER BY sequence LIMIT 10`,
      );
      expect(rows.map((row) => row.sequence)).toEqual(rows.map((_, index) => index + 1));
      expect(rows[0]?.previous_hash).toEqual(Buffer.alloc(32));
      for (const [index, row] of rows.slice(1).entries())
        expect(row.previous_hash).toEqual(rows[index]?.hash);
    });

    test('of another process, and of another start, is another one', async () => {
      await recordMany(3);
      const restarted = ground.open();
      const again = createAudit({ database: restarted });
      await restarted.transact(() => again.record('client.created', { actor: 'operator' }));
      const own = `${database.node}%`;
      const foreign = sql`SELECT node, sequence FROM audit_events WHERE node NOT LIKE ${own} LIMIT 10`;
      expect(await database.list(foreign)).toEqual([
        { node: expect.stringContaining(restarted.node), sequence: 1 },
      ]);
      expect(await audit.findBreaks()).toEqual([]);
    });

    test.each([
      ['a column that was changed', "UPDATE audit_events SET actor = 'nobody'", 2, 2],
      ['an outcome that was changed', "UPDATE audit_events SET outcome = 'failure'", 1, 1],
      ['details that were changed', `UPDATE audit_events SET details = '{"a":1}'`, 3, 3],
      ['a time that was moved', 'UPDATE audit_events SET at_milliseconds = at_milliseconds - 1', 2, 2],
      ['a row that was taken out', 'DELETE FROM audit_events', 2, 3],
      ['the first row, taken out', 'DELETE FROM audit_events', 1, 2],
      ['a row that was moved to the end', 'UPDATE audit_events SET sequence = 99', 2, 3],
    ])('H05: tells of %s, with node and sequence', async (_, change, at, found) => {
      // One writer at a time has one chain on PostgreSQL as well.
      const single = ground.open(2);
      audit = createAudit({ database: single });
      for (let n = 0; n < 5; n += 1) await single.transact(() => record());
      const node = await firstNode();
      expect(await audit.findBreaks()).toEqual([]);
      await database.transact(() =>
        database.write({ sql: `${change} WHERE node = ? AND sequence = ?`, bindings: [node, at] }),
      );
      expect(await audit.findBreaks()).toEqual([{ node, sequence: found }]);
    });

    test('H05: tells of a row whose hash was made to fit, by the row after it', async () => {
      const single = ground.open(2);
      audit = createAudit({ database: single });
      for (let n = 0; n < 4; n += 1) await single.transact(() => record());
      const node = await firstNode();
      const forged = Buffer.alloc(32, 9);
      await database.transact(() =>
        database.write(sql`UPDATE audit_events SET hash = ${forged} WHERE node = ${node} AND sequence = 4`),
      );
      expect(await audit.findBreaks()).toEqual([{ node, sequence: 4 }]);
    });

    test('is read in batches, however long it is', async () => {
      await database.transact(() => {
        for (let n = 0; n < 1201; n += 1) record();
      });
      expect(await audit.findBreaks()).toEqual([]);
      const node = await firstNode();
      const change = sql`UPDATE audit_events SET reason = 'x' WHERE node = ${node} AND sequence = 1100`;
      await database.transact(() => database.write(change));
      expect(await audit.findBreaks()).toEqual([{ node, sequence: 1100 }]);
    });
  });

  describe('an event', () => {
    test('says who, what, when, to whom, and of which request', async () => {
      vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_123 });
      const details = { name: 'Looms', count: 3, ok: true };
      await audit.within(origin, () =>
        database.transact(() =>
          record('grant.revoked', {
            accountId: 'acct_ada',
            grantId: 'grant_1',
            reason: 'lost laptop',
            details,
          }),
        ),
      );
      vi.useRealTimers();
      const [event] = await audit.list({ limit: 1 });
      expect(event).toMatchObject({
        ...{
          type: 'grant.revoked',
          actor: 'operator',
          accountId: 'acct_ada',
          clientId: 'looms',
          grantId: 'grant_1',
        },
        ...{
          outcome: 'success',
          reason: 'lost laptop',
          requestId: 'req-1',
          atMilliseconds: 1_800_000_000_123,
        },
        sequence: 1,
      });
      expect(JSON.parse(event?.details ?? '')).toEqual(details);
    });

    test('keeps address and program in a row of its own, which can be erased without breaking the chain', async () => {
      await audit.within(origin, () =>
        database.transact(() => record('sign_in.succeeded', { accountId: 'acct_ada' })),
      );
      await database.transact(() => record());
      const kept = await database.list(sql`SELECT account_id, address, program FROM audit_personal LIMIT 10`);
      expect(kept).toEqual([{ account_id: 'acct_ada', address: origin.address, program: origin.program }]);
      const rows = await database.list(sql`SELECT * FROM audit_events LIMIT 10`);
      expect(JSON.stringify(rows)).not.toMatch(/192\.0\.2\.7|loom"/);
      await database.transact(() =>
        database.write(sql`DELETE FROM audit_personal WHERE account_id = 'acct_ada'`),
      );
      expect(await audit.findBreaks()).toEqual([]);
      expect(await countRows(database, 'audit_events')).toBe(2);
    });

    test('of two requests at once each carries its own origin', async () => {
      await Promise.all(
        ['192.0.2.1', '192.0.2.2'].map((address) =>
          audit.within({ ...origin, address, requestId: address }, () =>
            database.transact(async () => {
              await database.find(sql`SELECT 1 AS one`);
              record();
            }),
          ),
        ),
      );
      const rows = await database.list(
        sql`SELECT e.request_id, p.address FROM audit_events e JOIN audit_personal p
          ON p.node = e.node AND p.sequence = e.sequence ORDER BY e.request_id LIMIT 10`,
      );
      expect(rows).toEqual(['192.0.2.1', '192.0.2.2'].map((one) => ({ request_id: one, address: one })));
    });

    test('H05: with line breaks and terminal codes in a name stays one line', async () => {
      const name = 'Ada\r\n2026 operator signed in\u001b[2J\u0000';
      await database.transact(() => record('client.created', { details: { name } }));
      const [event] = await audit.list({ limit: 1 });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
      expect(event?.details).not.toMatch(/[\u0000-\u001f]/);
      expect(JSON.parse(event?.details ?? '')).toEqual({ name });
      expect(await audit.findBreaks()).toEqual([]);
    });

    test('with a program name of any length is stored cut', async () => {
      const program = 'x'.repeat(100_000);
      await audit.within({ ...origin, program }, () => database.transact(() => record()));
      expect(await database.find(sql`SELECT LENGTH(program) AS length FROM audit_personal`)).toEqual({
        length: 300,
      });
    });
  });

  describe('a list', () => {
    test('is the newest first, by person, by client, by type, and never longer than asked or than 1,000', async () => {
      await database.transact(() => {
        record('client.created', { clientId: 'looms' });
        record('sign_in.succeeded', { clientId: undefined, accountId: 'acct_ada' });
        record('grant.created', { clientId: 'looms', accountId: 'acct_ada' });
        record('grant.created', { clientId: 'mills', accountId: 'acct_grace' });
      });
      const types = async (filter: object) =>
        (await audit.list({ limit: 10, ...filter })).map((event) => event.type);
      expect(await types({})).toEqual([
        'grant.created',
        'grant.created',
        'sign_in.succeeded',
        'client.created',
      ]);
      expect(await types({ accountId: 'acct_ada' })).toEqual(['grant.created', 'sign_in.succeeded']);
      expect(await types({ clientId: 'looms' })).toEqual(['grant.created', 'client.created']);
      expect(await types({ type: 'grant.created', clientId: 'mills' })).toEqual(['grant.created']);
      expect(await types({ limit: 1 })).toEqual(['grant.created']);
      expect(await types({ type: "'; DROP TABLE audit_events; --" })).toEqual([]);
      await database.transact(() => {
        for (let n = 0; n < 1000; n += 1) record();
      });
      expect(await audit.list({ limit: 1_000_000 })).toHaveLength(1000);
    });
  });
});

test('every event has one dotted name and words for people', () => {
  for (const [type, words] of Object.entries(events)) {
    expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/);
    expect(words).toMatch(/^[A-Z].{5,}[^.]$/);
  }
});
