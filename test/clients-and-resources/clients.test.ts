// Clients (RFC 6749 section 2): registered once, with secrets that can be changed, blocked for good, and what the file declares.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { isRightSecret } from '../../server/clients/authentication.ts';
import { isAllowed } from '../../server/clients/clients.ts';
import { Refusal } from '../../server/errors.ts';
import { formatGrantId } from '../../server/grants/grants.ts';
import type { Database } from '../../server/storage/database.ts';
import { nextId } from '../../server/storage/ids.ts';
import { sql } from '../../server/storage/statement.ts';
import { ADA, createAdapterWorld, payloadOf } from '../storage/adapters.ts';
import { createGround, dialects, type Place, registerPeople } from '../storage/ground.ts';
import { createRegistry, declaredClient, looms, type Registry } from './registrations.ts';

const DAY_SECONDS = 86_400;

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let database: Database;
  let registry: Registry;
  let counter = 0;

  beforeAll(async () => {
    ground = await createGround(dialect);
    database = ground.open();
    registry = createRegistry(database);
    await registerPeople(database, [ADA]);
  });
  afterAll(() => ground.close());
  afterEach(() => {
    vi.useRealTimers();
  });

  function newId(): string {
    counter += 1;
    return `client-${counter}`;
  }

  function freezeClock(): void {
    const at = Date.now();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(at);
  }

  function pass(seconds: number): void {
    vi.setSystemTime(Date.now() + seconds * 1000);
  }

  async function isRight(id: string, secret: string | undefined): Promise<boolean> {
    const { registration } = await registry.clients.get(id);
    return isRightSecret(registration, secret ?? '');
  }

  /** The file as it is now, without the clients of other tests. */
  const declare = (...declared: ReturnType<typeof declaredClient>[]) => registry.clients.declare(declared);

  describe('registering', () => {
    test('answers an id and a secret of 256 bits once; only the hash is kept', async () => {
      const { id, secret } = await registry.clients.register(looms);
      expect(id).toMatch(/^client_[A-Za-z0-9_-]{16}$/);
      expect(secret).toMatch(/^lks_[A-Za-z0-9_-]{43}$/);
      expect(await isRight(id, secret)).toBe(true);
      expect(await isRight(id, `${secret}x`)).toBe(false);
      expect(await isRight(id, '')).toBe(false);
      expect(JSON.stringify(await registry.clients.get(id))).not.toContain(secret);
    });

    test('of a client that needs no secret answers none, and no text is ever right', async () => {
      const { id, secret } = await registry.clients.register({ ...looms, auth: 'none', type: 'native' });
      expect(secret).toBeUndefined();
      expect(await isRight(id, '')).toBe(false);
      expect(await isRight(id, 'undefined')).toBe(false);
    });

    test('under an id that is taken is refused, and changes nothing and records nothing', async () => {
      const id = newId();
      const { secret } = await registry.clients.register(looms, { id });
      const again = registry.clients.register({ ...looms, name: 'Mallory' }, { id });
      await expect(again).rejects.toMatchObject({ code: 'already_exists', param: 'client_id' });
      expect((await registry.clients.get(id)).registration.name).toBe('Looms');
      expect(await isRight(id, secret)).toBe(true);
      expect(await registry.audit.list({ clientId: id, limit: 10 })).toHaveLength(1);
    });

    test('a client that is not there is undefined to find and refused to get', async () => {
      expect(await registry.clients.find('nobody')).toBeUndefined();
      await expect(registry.clients.get('nobody')).rejects.toBeInstanceOf(Refusal);
    });

    test('a list goes on after a cursor and is as long as asked', async () => {
      const ids = ['list-1', 'list-2', 'list-3'];
      for (const id of ids) await registry.clients.register(looms, { id });
      const first = await registry.clients.list({ after: 'list-', limit: 2 });
      const next = await registry.clients.list({ after: first.at(-1)?.id ?? '', limit: 2 });
      expect(first.map((client) => client.id)).toEqual(['list-1', 'list-2']);
      expect(next[0]?.id).toBe('list-3');
    });
  });

  describe('changing the secret', () => {
    test('two are right for a day, then the new one alone', async () => {
      freezeClock();
      const { id, secret: old } = await registry.clients.register(looms, { id: newId() });
      const { secret: fresh, previousExpiresAt } = await registry.clients.rotateSecret(id);
      expect(previousExpiresAt).toBe(Math.floor(Date.now() / 1000) + DAY_SECONDS);
      expect([await isRight(id, old), await isRight(id, fresh)]).toEqual([true, true]);
      pass(DAY_SECONDS - 1);
      expect(await isRight(id, old)).toBe(true);
      pass(1);
      expect([await isRight(id, old), await isRight(id, fresh)]).toEqual([false, true]);
    });

    test('a third ends the first at once, and does not prolong the second', async () => {
      freezeClock();
      const { id, secret: first } = await registry.clients.register(looms, { id: newId() });
      const { secret: second } = await registry.clients.rotateSecret(id);
      pass(DAY_SECONDS / 2);
      const { secret: third } = await registry.clients.rotateSecret(id);
      expect([await isRight(id, first), await isRight(id, second), await isRight(id, third)]).toEqual([
        false,
        true,
        true,
      ]);
      pass(DAY_SECONDS);
      expect([await isRight(id, second), await isRight(id, third)]).toEqual([false, true]);
    });

    test('two at once: whoever was answered a secret holds a right one, and who came too late is told', async () => {
      const { id } = await registry.clients.register(looms, { id: newId() });
      const ends = await Promise.allSettled([1, 2].map(() => registry.clients.rotateSecret(id)));
      expect(ends.map((end) => end.status)).toContain('fulfilled');
      for (const end of ends) {
        if (end.status === 'fulfilled') expect(await isRight(id, end.value.secret)).toBe(true);
        else expect(end.reason).toMatchObject({ label: 'client' });
      }
    });

    test('is refused for a client without a secret, and for one of the file', async () => {
      const { id } = await registry.clients.register({ ...looms, auth: 'none' }, { id: newId() });
      await expect(registry.clients.rotateSecret(id)).rejects.toMatchObject({ code: 'invalid_request' });
      const declared = newId();
      await declare(declaredClient(declared));
      await expect(registry.clients.rotateSecret(declared)).rejects.toThrow(Refusal);
    });
  });

  describe('blocking', () => {
    test('T19: is felt by every process at once, and recorded with who did it', async () => {
      const { id } = await registry.clients.register(looms, { id: newId() });
      const elsewhere = createRegistry(ground.open());
      await elsewhere.clients.block(id);
      expect(isAllowed(await registry.clients.get(id))).toBe(false);
      await elsewhere.clients.allow(id);
      expect(isAllowed(await registry.clients.get(id))).toBe(true);
      const listed = await registry.audit.list({ clientId: id, limit: 10 });
      expect(listed.map((event) => event.type).toSorted()).toEqual([
        'client.allowed',
        'client.blocked',
        'client.created',
      ]);
      expect(new Set(listed.map((event) => event.actor))).toEqual(new Set(['operator']));
      await expect(registry.clients.block('nobody')).rejects.toMatchObject({ code: 'not_found' });
    });

    test('T19: what was issued before it stays dead after the client is allowed again; what comes later lives', async () => {
      freezeClock();
      const { id } = await registry.clients.register(looms, { id: newId() });
      const world = createAdapterWorld(database);
      const grantOf = async () => {
        const grant = formatGrantId(nextId());
        await world.save('Grant', grant, payloadOf('Grant', grant, { clientId: id }));
        return grant;
      };
      const before = await grantOf();
      expect(await world.find('Grant', before)).toBeDefined();
      await registry.clients.block(id);
      expect(await world.find('Client', id)).toBeUndefined();
      await registry.clients.allow(id);
      expect(await world.find('Grant', before)).toBeUndefined();
      pass(1);
      expect(await world.find('Grant', await grantOf())).toBeDefined();
      expect(await world.find('Grant', before)).toBeUndefined();
      const listed = await world.parts.grants.listOf(ADA);
      expect(listed.map((grant) => formatGrantId(grant.id))).not.toContain(before);
    });

    test('T19: what was issued in the very second of the block is dead too', async () => {
      freezeClock();
      const { id } = await registry.clients.register(looms, { id: newId() });
      const world = createAdapterWorld(database);
      await registry.clients.block(id);
      const grant = formatGrantId(nextId());
      await world.save('Grant', grant, payloadOf('Grant', grant, { clientId: id }));
      expect(await world.find('Grant', grant)).toBeUndefined();
    });
  });

  describe('the configuration file', () => {
    test('declares a client, changes it, and knows its own again at the next start', async () => {
      const id = newId();
      await declare(declaredClient(id));
      await declare(declaredClient(id, { name: 'Changed' }));
      const client = await registry.clients.get(id);
      expect(client).toMatchObject({ source: 'file', isCovering: false, registration: { name: 'Changed' } });
      expect(isAllowed(client)).toBe(true);
    });

    test('wins over an entry of the database, which comes back whole when the file lets go of it', async () => {
      const id = newId();
      const { secret } = await registry.clients.register(looms, { id });
      await declare(declaredClient(id));
      expect(await registry.clients.get(id)).toMatchObject({ source: 'file', isCovering: true });
      expect(await isRight(id, secret)).toBe(false);
      await declare(declaredClient(id, { name: 'Changed' }));
      await declare();
      const restored = await registry.clients.get(id);
      expect(restored).toMatchObject({
        source: 'database',
        isCovering: false,
        registration: { name: 'Looms' },
      });
      expect(isAllowed(restored)).toBe(true);
      expect(await isRight(id, secret)).toBe(true);
    });

    test('R09 T19: whoever need not prove itself any more keeps nothing of before, by the file or without it', async () => {
      freezeClock();
      const now = Math.floor(Date.now() / 1000);
      const id = newId();
      const endOf = async () => (await registry.clients.get(id)).revokedAt;
      await registry.clients.register({ ...looms, auth: 'none' }, { id });
      await declare(declaredClient(id));
      expect(await endOf()).toBeUndefined();
      await declare(declaredClient(id, { auth: 'none' }));
      expect(await endOf()).toBe(now);
      await declare(declaredClient(id));
      pass(10);
      await declare();
      expect(await endOf()).toBe(now + 10);
    });

    test('a client that is in the file no longer is blocked, with all that it has', async () => {
      freezeClock();
      const id = newId();
      await declare(declaredClient(id));
      await declare();
      const gone = await registry.clients.get(id);
      expect(isAllowed(gone)).toBe(false);
      expect(gone.revokedAt).toBe(Math.floor(Date.now() / 1000));
    });

    test('declared again it is allowed again, covers nothing, and what it had before stays dead', async () => {
      const id = newId();
      await declare(declaredClient(id));
      await declare();
      const { revokedAt } = await registry.clients.get(id);
      await declare(declaredClient(id, { name: 'Back' }));
      const back = await registry.clients.get(id);
      expect(isAllowed(back)).toBe(true);
      expect(back).toMatchObject({
        source: 'file',
        isCovering: false,
        revokedAt,
        registration: { name: 'Back' },
      });
      expect(back.revokedAt).toBeDefined();
    });

    test('allowed: false blocks; taken out of the file again, it does not', async () => {
      const id = newId();
      await declare(declaredClient(id, {}, false));
      expect(isAllowed(await registry.clients.get(id))).toBe(false);
      await declare(declaredClient(id, {}, false));
      expect(isAllowed(await registry.clients.get(id))).toBe(false);
      await declare(declaredClient(id));
      expect(isAllowed(await registry.clients.get(id))).toBe(true);
    });

    test('allowed: false over an entry of the database ends with the declaration', async () => {
      const id = newId();
      await registry.clients.register(looms, { id });
      await declare(declaredClient(id, {}, false));
      expect(isAllowed(await registry.clients.get(id))).toBe(false);
      await declare();
      expect(isAllowed(await registry.clients.get(id))).toBe(true);
    });

    test('T19: a block of an operator outlives every start, whatever the file says', async () => {
      const id = newId();
      await declare(declaredClient(id));
      await registry.clients.block(id);
      for (const file of [[declaredClient(id)], [], [declaredClient(id)], [declaredClient(id, {}, false)]]) {
        await declare(...file);
        expect(isAllowed(await registry.clients.get(id))).toBe(false);
      }
      await registry.clients.allow(id);
      await declare(declaredClient(id));
      expect(isAllowed(await registry.clients.get(id))).toBe(true);
    });

    test('two processes that start at once with one file agree', async () => {
      const ids = Array.from({ length: 10 }, newId);
      const elsewhere = createRegistry(ground.open());
      const file = ids.map((id) => declaredClient(id));
      await Promise.all([registry.clients.declare(file), elsewhere.clients.declare(file.toReversed())]);
      for (const id of ids) expect((await registry.clients.get(id)).source).toBe('file');
      const row = await database.find(
        sql`SELECT COUNT(*) AS n FROM clients WHERE source = 'file' AND covered IS NULL`,
      );
      expect(row).toEqual({ n: 10 });
    });
  });
});
