// Grants (one authorization, the family of its tokens) and consents (what a person allows a client): found, listed, ended.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Audit, createAudit } from '../../server/audit/audit.ts';
import { createClients } from '../../server/clients/clients.ts';
import { nowSeconds } from '../../server/clock.ts';
import {
  createGrants,
  formatGrantId,
  type Grants,
  type PermittedScopes,
  parseGrantId,
} from '../../server/grants/grants.ts';
import type { Database } from '../../server/storage/database.ts';
import { formatId, nextId } from '../../server/storage/ids.ts';
import { sql } from '../../server/storage/statement.ts';
import { looms } from '../clients-and-resources/registrations.ts';
import { createGround, dialects, type Place, registerPeople } from '../storage/ground.ts';

const LIFE_SECONDS = 3600;
const allowed = {
  openid: ['openid'],
  resources: { 'https://api.example.com/': ['read:tasks'] },
  refused: [],
};

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let database: Database;
  let audit: Audit;
  let grants: Grants;
  let ada: string;
  let grace: string;
  let round = 0;

  beforeAll(async () => {
    ground = await createGround(dialect);
    database = ground.open();
    audit = createAudit({ database });
    grants = createGrants({ database, audit });
    await createClients({ database, audit, actor: 'operator' }).register(looms, { id: 'looms' });
  });
  afterAll(() => ground.close());
  beforeEach(async () => {
    round += 1;
    [ada, grace] = [`acct_ada_${round}`, `acct_grace_${round}`];
    await registerPeople(database, [ada, grace]);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const unit = (act: () => void) => database.transact(act);
  const recordConsent = (scopes: PermittedScopes) =>
    unit(() => grants.recordConsent({ accountId: ada, clientId: 'looms', teamId: undefined }, scopes));

  async function registerGrant(
    change: { accountId?: string; clientId?: string; createdBefore?: number } = {},
  ) {
    const id = nextId();
    const { createdBefore = 0, ...other } = change;
    await unit(() =>
      grants.register(id, {
        ...{ accountId: ada, clientId: 'looms', kind: 'authorization', sessionUid: undefined, amr: ['pwd'] },
        ...{ acr: undefined, authTime: nowSeconds(), payload: { openid: { scope: 'openid' } } },
        expiresAt: nowSeconds() + LIFE_SECONDS,
        ...other,
      }),
    );
    if (createdBefore > 0)
      await unit(() =>
        database.write(sql`UPDATE grants SET created_at = created_at - ${createdBefore} WHERE id = ${id}`),
      );
    return id;
  }

  const listOf = async (accountId: string) => (await grants.listOf(accountId)).map((grant) => grant.id);
  const revoke = (id: number) =>
    unit(() =>
      grants.revoke(id, { actor: 'operator', reason: 'lost laptop', accountId: ada, clientId: 'looms' }),
    );

  test('a grant is found with what it was registered with, and is not revoked', async () => {
    const id = await registerGrant();
    expect(await grants.find(id)).toMatchObject({
      ...{ id, accountId: ada, clientId: 'looms', sessionUid: undefined, isRevoked: false },
      payload: { openid: { scope: 'openid' } },
    });
    expect(await grants.find(id + 1)).toBeUndefined();
  });

  test('an id is registered once', async () => {
    const id = await registerGrant();
    const record = {
      ...{ accountId: grace, clientId: 'looms', kind: 'authorization' as const, payload: {} },
    };
    const rest = { sessionUid: undefined, amr: undefined, acr: undefined, authTime: undefined, expiresAt: 1 };
    await expect(unit(() => grants.register(id, { ...record, ...rest }))).rejects.toMatchObject({
      label: 'id_taken',
    });
    expect((await grants.find(id))?.accountId).toBe(ada);
  });

  test('revoking ends one grant for every process at once, says who and why, and leaves the others', async () => {
    const [lost, kept] = [await registerGrant(), await registerGrant()];
    await revoke(lost);
    const elsewhere = ground.open();
    const other = createGrants({ database: elsewhere, audit: createAudit({ database: elsewhere }) });
    expect((await other.find(lost))?.isRevoked).toBe(true);
    expect((await other.find(kept))?.isRevoked).toBe(false);
    await elsewhere.close();
    const [event] = await audit.list({ accountId: ada, type: 'grant.revoked', limit: 5 });
    expect(event).toMatchObject({ actor: 'operator', reason: 'lost laptop', grantId: formatGrantId(lost) });
  });

  test('revoked twice it keeps the first moment and the first reason', async () => {
    const id = await registerGrant();
    await revoke(id);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    await unit(() => grants.revoke(id, { actor: 'operator', reason: 'another reason' }));
    const row = await database.find<{ revoked_at: number }>(
      sql`SELECT revoked_at, revoked_reason FROM grants WHERE id = ${id}`,
    );
    expect(row).toMatchObject({ revoked_reason: 'lost laptop' });
    expect(row?.revoked_at).toBeLessThan(nowSeconds() - 30);
  });

  test('a use of a revoked grant fails its unit: no token leaves for it, and it is not brought back', async () => {
    const id = await registerGrant();
    await unit(() => grants.markUsed(id, nowSeconds() + 2 * LIFE_SECONDS));
    expect((await grants.listOf(ada))[0]).toMatchObject({ lastUsedAt: expect.any(Number) });
    await revoke(id);
    await expect(unit(() => grants.markUsed(id, nowSeconds() + LIFE_SECONDS))).rejects.toMatchObject({
      label: 'grant',
    });
    expect((await grants.find(id))?.isRevoked).toBe(true);
  });

  test('R07: of a use and a revocation at once the revocation always stands', async () => {
    for (let trial = 0; trial < 20; trial += 1) {
      const id = await registerGrant();
      const use = unit(() => grants.markUsed(id, nowSeconds() + LIFE_SECONDS)).catch(() => undefined);
      await Promise.all(trial % 2 === 0 ? [use, revoke(id)] : [revoke(id), use]);
      expect((await grants.find(id))?.isRevoked).toBe(true);
    }
  });

  test('a list is of one person, live ones alone, the newest first', async () => {
    const [old, young] = [await registerGrant({ createdBefore: 100 }), await registerGrant()];
    const [revoked, hers] = [await registerGrant(), await registerGrant({ accountId: grace })];
    await revoke(revoked);
    expect(await listOf(ada)).toEqual([young, old]);
    expect(await listOf(grace)).toEqual([hers]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + LIFE_SECONDS * 1000 });
    expect(await listOf(ada)).toEqual([]);
  });

  test('all of a person end together, and nobody else loses one', async () => {
    const mine = [await registerGrant(), await registerGrant()];
    const hers = await registerGrant({ accountId: grace });
    await unit(() => grants.revokeAllOf(ada, 'disabled'));
    for (const id of mine) expect((await grants.find(id))?.isRevoked).toBe(true);
    expect((await grants.find(hers))?.isRevoked).toBe(false);
  });

  test('an expired grant is still found, for the engine to say that it is expired', async () => {
    const id = await registerGrant();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * LIFE_SECONDS * 1000 });
    expect(await grants.find(id)).toMatchObject({ isRevoked: false });
    expect((await grants.find(id))?.expiresAt).toBeLessThan(nowSeconds());
  });

  describe('a person', () => {
    test.each(['grant_', 'grant_zzzzzzzzzzz', 'nonsense', '', 'grant_0', "grant_' OR 1=1"])(
      'who names %j is told that there is nothing',
      async (text) => {
        await expect(grants.revokeOwn(ada, text)).rejects.toMatchObject({ code: 'not_found' });
      },
    );

    test('ends a grant of their own, and not that of another: the answer does not tell whether it exists', async () => {
      const hers = await registerGrant({ accountId: grace });
      await expect(grants.revokeOwn(ada, formatGrantId(hers))).rejects.toMatchObject({ code: 'not_found' });
      expect((await grants.find(hers))?.isRevoked).toBe(false);
      await grants.revokeOwn(grace, formatGrantId(hers));
      expect((await grants.find(hers))?.isRevoked).toBe(true);
      await expect(grants.revokeOwn(grace, formatGrantId(hers))).rejects.toMatchObject({ code: 'not_found' });
    });

    test('is asked again once the last grant of an app is gone, and not before', async () => {
      await recordConsent(allowed);
      const [first, second] = [await registerGrant(), await registerGrant()];
      await grants.revokeOwn(ada, formatGrantId(first));
      expect(await grants.findConsent(ada, 'looms')).toEqual(allowed);
      await grants.revokeOwn(ada, formatGrantId(second));
      expect(await grants.findConsent(ada, 'looms')).toBeUndefined();
      const types = (await audit.list({ accountId: ada, limit: 10 })).map((event) => event.type);
      expect(types.filter((type) => type === 'consent.forgotten')).toHaveLength(1);
    });
  });

  test('an operator who ends the last grant of an app makes it ask again too', async () => {
    await recordConsent(allowed);
    const grant = await grants.find(await registerGrant());
    if (grant === undefined) throw new Error('the grant was not stored');
    await grants.end(grant, { actor: 'operator', reason: 'revoked_by_operator' });
    expect((await grants.find(grant.id))?.isRevoked).toBe(true);
    expect(await grants.findConsent(ada, 'looms')).toBeUndefined();
  });

  describe('a consent', () => {
    test('is remembered per person and client, replaced as a whole, and recorded with its scopes', async () => {
      await recordConsent(allowed);
      expect(await grants.findConsent(ada, 'looms')).toEqual(allowed);
      expect(await grants.findConsent(grace, 'looms')).toBeUndefined();
      expect(await grants.findConsent(ada, 'mills')).toBeUndefined();
      const less = { openid: ['openid'], resources: {}, refused: ['email'] };
      await recordConsent(less);
      expect(await grants.findConsent(ada, 'looms')).toEqual(less);
      const listed = await audit.list({ accountId: ada, type: 'consent.granted', limit: 5 });
      expect(listed.map((event) => JSON.parse(event.details).scope)).toEqual(['openid', 'openid read:tasks']);
    });

    test('stays when a grant is revoked by replay or by an operator: they are two things', async () => {
      await recordConsent(allowed);
      await revoke(await registerGrant());
      expect(await grants.findConsent(ada, 'looms')).toEqual(allowed);
    });
  });
});

test('the id of a grant for people is its number behind a prefix, and nothing else is one', () => {
  const id = nextId();
  expect(parseGrantId(formatGrantId(id))).toBe(id);
  for (const text of [formatId(id), `consent_${formatId(id)}`, `${formatGrantId(id)} `, `grant_${id}`])
    expect(parseGrantId(text)).toBeUndefined();
});
