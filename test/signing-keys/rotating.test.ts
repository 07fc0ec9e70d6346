// Rotation of signing keys by several processes on one database: each step once, whoever takes it, and sealed all the while.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAudit } from '../../server/audit/audit.ts';
import { randomKey } from '../../server/secrets.ts';
import { stateOf } from '../../server/signing-keys/rotation.ts';
import { createSigningKeys } from '../../server/signing-keys/signing-keys.ts';
import type { Database } from '../../server/storage/database.ts';
import { createDeployment } from '../../server/storage/deployment.ts';
import { createSealer } from '../../server/storage/server-keys.ts';
import { sql } from '../../server/storage/statement.ts';
import { createGround, dialects, type Place } from '../storage/ground.ts';

const DAY = 86_400;
const sealer = createSealer([randomKey()]);

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let here: Database;
  let there: Database;
  let longest: number;
  let start: number;

  beforeEach(async () => {
    ground = await createGround(dialect);
    here = ground.open();
    there = ground.open();
    longest = 3600;
    vi.useFakeTimers({ toFake: ['Date'] });
    start = Math.floor(Date.now() / 1000);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await ground.close();
  });

  function at(seconds: number): void {
    vi.setSystemTime((start + seconds) * 1000);
  }

  function keysOf(database: Database) {
    return createSigningKeys({
      ...{ database, deployment: createDeployment(database), audit: createAudit({ database }), sealer },
      policy: { rotateAfterSeconds: 90 * DAY, publishAheadSeconds: 7 * DAY },
      longestSeconds: async () => longest,
    });
  }

  async function statesOf(database: Database): Promise<Record<string, string[]>> {
    const keys = await keysOf(database).list(100);
    return Object.fromEntries(
      ['RS256', 'ES256', 'EdDSA'].map((algorithm) => [
        algorithm,
        keys.filter((key) => key.algorithm === algorithm).map(stateOf),
      ]),
    );
  }

  function each(states: string[]) {
    return { RS256: states, ES256: states, EdDSA: states };
  }

  /** What both processes did together, at once, and four times each. */
  async function bothLook(): Promise<string[]> {
    const done = await Promise.all(
      Array.from({ length: 8 }, (_, n) => keysOf(n % 2 === 0 ? here : there).rotateDue()),
    );
    return done
      .flat()
      .map(({ kind, algorithm }) => `${kind} ${algorithm}`)
      .toSorted();
  }

  const once = (kind: string) => ['ES256', 'EdDSA', 'RS256'].map((algorithm) => `${kind} ${algorithm}`);

  test('F17: two processes that look at once take each step once: published, handed over, gone', async () => {
    const [before] = await keysOf(here).ensure();
    expect(await bothLook()).toEqual([]);
    at(83 * DAY);
    expect(await bothLook()).toEqual(once('publish'));
    expect(await statesOf(here)).toEqual(each(['active', 'next']));
    expect((await keysOf(there).load())[0]).toEqual(before);
    at(90 * DAY);
    expect(await bothLook()).toEqual(once('activate'));
    expect(await statesOf(there)).toEqual(each(['active', 'passive']));
    expect(await keysOf(here).load()).toEqual(await keysOf(there).load());
    at(90 * DAY + longest + 3661);
    expect(await bothLook()).toEqual(once('retire'));
    expect(await statesOf(here)).toEqual(each(['active', 'retired']));
    const events = await createAudit({ database: here }).list({ limit: 100 });
    const told = events.map(({ type }) => type).filter((type) => type.startsWith('signing_key.'));
    expect(told).toHaveLength(12);
  });

  test('F17: lives that were made shorter end no key early: it verifies what it signed before', async () => {
    await keysOf(here).ensure();
    longest = 30 * DAY;
    await keysOf(here).rotateDue();
    longest = 60;
    at(83 * DAY);
    await bothLook();
    at(90 * DAY);
    await bothLook();
    at(119 * DAY);
    expect(await bothLook()).toEqual([]);
    at(121 * DAY);
    expect(await bothLook()).toEqual(once('retire'));
  });

  test('a key that has gone keeps no private half, and one that waits is sealed', async () => {
    await keysOf(here).ensure();
    await keysOf(here).rotateSoon('ES256', 'operator');
    await keysOf(here).rotateNow('RS256', 'operator');
    const keys = await keysOf(here).list(100);
    const old = keys.find((key) => key.algorithm === 'RS256' && stateOf(key) === 'passive') ?? expect.fail();
    await keysOf(here).retire(old.kid, 'operator');
    const rows = await here.list<{ kid: string; sealed: Buffer }>(
      sql`SELECT kid, sealed_private_jwk AS sealed FROM signing_keys LIMIT 100`,
    );
    expect(rows).toHaveLength(5);
    for (const { kid, sealed } of rows) {
      if (kid === old.kid) expect(sealed).toHaveLength(0);
      else expect(JSON.parse(sealer.unseal(sealed, `signing key ${kid}`))).toMatchObject({ kid });
    }
  });

  test('by hand: the next one is published once, however often it is asked for, and waits as long as any', async () => {
    await keysOf(here).ensure();
    const asked = await Promise.all(
      Array.from({ length: 6 }, (_, n) => keysOf(n % 2 === 0 ? here : there).rotateSoon('ES256', 'operator')),
    );
    expect(new Set(asked.map(({ kid }) => kid)).size).toBe(1);
    expect(asked[0]?.activeAt).toBe(start + 7 * DAY);
    expect(await statesOf(here)).toMatchObject({ ES256: ['active', 'next'], RS256: ['active'] });
    at(7 * DAY);
    expect(await bothLook()).toEqual(['activate ES256']);
  });

  test('by hand and at once: it signs with the next turn of every process', async () => {
    await keysOf(here).ensure();
    const version = await createDeployment(there).catalogVersion();
    const kid = await keysOf(here).rotateNow('ES256', 'operator');
    const signing = (await keysOf(there).load()).find((key) => key.algorithm === 'ES256');
    expect(signing?.kid).toBe(kid);
    expect(await createDeployment(there).catalogVersion()).not.toBe(version);
  });

  test('a key that others know: another signs at once, and what is gone stays gone', async () => {
    const before = (await keysOf(here).ensure()).find((key) => key.algorithm === 'ES256') ?? expect.fail();
    const { successor } = await keysOf(here).retire(before.kid, 'operator');
    const kids = (await keysOf(there).load()).map((key) => key.kid);
    expect(kids).toContain(successor);
    expect(kids).not.toContain(before.kid);
    await expect(keysOf(there).retire(before.kid, 'operator')).rejects.toMatchObject({ code: 'not_found' });
    const [event] = await createAudit({ database: here }).list({ type: 'signing_key.retired', limit: 1 });
    expect(JSON.parse(event?.details ?? '{}')).toMatchObject({ kid: before.kid, reason: 'compromised' });
  });

  test('where no key of an algorithm signs any more the next start makes one, of another generation', async () => {
    await keysOf(here).ensure();
    await here.transact(() =>
      here.write(sql`UPDATE signing_keys SET retired_at = 1, passive_at = active_at`),
    );
    const keys = await Promise.all([keysOf(here).ensure(), keysOf(there).ensure()]);
    expect(keys[0]).toHaveLength(3);
    expect(keys[1]).toEqual(keys[0]);
  });
});
