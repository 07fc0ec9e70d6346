// APIs that trust us (RFC 8707): one registration each, one default among them, credentials shown once, and what the file declares.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isRightSecret } from '../../server/clients/authentication.ts';
import type { Database } from '../../server/storage/database.ts';
import { sql } from '../../server/storage/statement.ts';
import { createGround, dialects, type Place } from '../storage/ground.ts';
import { createRegistry, type Registry, tasks } from './registrations.ts';

const API = 'https://api.example.com/';
const OTHER = 'https://other.example.com/';
const byBasic = { auth: 'client_secret_basic' } as const;

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let database: Database;
  let registry: Registry;
  let elsewhere: Registry;

  beforeAll(async () => {
    ground = await createGround(dialect);
    database = ground.open();
    registry = createRegistry(database);
    elsewhere = createRegistry(ground.open());
  });
  afterAll(() => ground.close());
  beforeEach(() =>
    database.transact(() => {
      database.write(sql`DELETE FROM resources`);
      database.write(sql`DELETE FROM clients`);
    }),
  );

  const register = (identifier: string, isDefault = false, of = registry) =>
    of.resources.register({ identifier, isDefault, registration: tasks }, byBasic);
  const declared = (identifier: string, { isDefault = false, change = {} } = {}) => ({
    identifier,
    isDefault,
    registration: { ...tasks, name: 'From the file', ...change },
  });

  async function defaults(): Promise<string[]> {
    return (await registry.resources.list()).filter((one) => one.isDefault).map((one) => one.identifier);
  }

  const scopeOf = (identifier: string) =>
    database.find(sql`SELECT scope FROM resources WHERE identifier = ${identifier}`);

  test('registering answers the credentials of its caller once: a client that introspects and nothing else', async () => {
    const { identifier, clientId, secret } = await register(API);
    expect(identifier).toBe(API);
    const caller = await registry.clients.get(clientId);
    expect(caller).toMatchObject({ resource: API, registration: { type: 'resource_server', grants: [] } });
    expect(isRightSecret(caller.registration, secret ?? '')).toBe(true);
    expect(await registry.resources.find(API)).toMatchObject({ source: 'database', registration: tasks });
    expect(await scopeOf(API)).toEqual({ scope: 'read:tasks' });
  });

  test('an identifier is registered once; the second is refused and makes no credentials', async () => {
    await register(API);
    await expect(register(API)).rejects.toMatchObject({ code: 'already_exists', param: 'identifier' });
    expect(await registry.clients.list({ after: '', limit: 10 })).toHaveLength(1);
  });

  test('the default is one: the last that was made so', async () => {
    await register(API, true);
    await register(OTHER, true);
    expect(await defaults()).toEqual([OTHER]);
  });

  test('the default is one, also when two processes make one at the same time, and when one of them fails', async () => {
    for (let round = 0; round < 10; round += 1) {
      await database.transact(() => database.write(sql`DELETE FROM resources`));
      const [one, two] = [`${API}${round}`, `${OTHER}${round}`];
      await Promise.all([register(one, true), register(two, true, elsewhere)]);
      expect(await defaults()).toHaveLength(1);
    }
    const [kept] = await defaults();
    await expect(register(kept ?? '', true)).rejects.toThrow();
    expect(await defaults()).toEqual([kept]);
  });

  test('every change raises the version of the catalog, in the unit of the change', async () => {
    const version = async () => Number(await registry.deployment.catalogVersion());
    const before = await version();
    await register(API);
    expect(await version()).toBe(before + 1);
    await expect(register(API)).rejects.toThrow();
    expect(await version()).toBe(before + 1);
    await registry.resources.declare([declared(OTHER)]);
    expect(await version()).toBe(before + 2);
  });

  describe('the configuration file', () => {
    test('declares an API, changes it, and takes it away', async () => {
      await registry.resources.declare([declared(OTHER)]);
      expect(await registry.resources.find(OTHER)).toMatchObject({ source: 'file', isCovering: false });
      await registry.resources.declare([declared(OTHER, { change: { scopes: { 'a:b': 'A', 'c:d': 'C' } } })]);
      expect(await scopeOf(OTHER)).toEqual({ scope: 'a:b c:d' });
      await registry.resources.declare([]);
      expect(await registry.resources.find(OTHER)).toBeUndefined();
    });

    test('wins over an entry of the database, which comes back whole: with its own scopes', async () => {
      await register(API);
      await registry.resources.declare([
        declared(API, { change: { scopes: { 'write:all': 'Everything' } } }),
      ]);
      expect(await registry.resources.find(API)).toMatchObject({ source: 'file', isCovering: true });
      expect(await scopeOf(API)).toEqual({ scope: 'write:all' });
      await registry.resources.declare([declared(API, { change: { scopes: { 'more:still': 'More' } } })]);
      await registry.resources.declare([]);
      expect(await registry.resources.find(API)).toMatchObject({
        source: 'database',
        isCovering: false,
        registration: tasks,
      });
      expect(await scopeOf(API)).toEqual({ scope: 'read:tasks' });
    });

    test('a default of the file takes the place of one in the database', async () => {
      await register(API, true);
      await registry.resources.declare([declared(OTHER, { isDefault: true })]);
      expect(await defaults()).toEqual([OTHER]);
      await registry.resources.declare([declared(OTHER, { isDefault: true })]);
      expect(await defaults()).toEqual([OTHER]);
    });

    test('a file without a default leaves that of the database', async () => {
      await register(API, true);
      await registry.resources.declare([declared(OTHER)]);
      expect(await defaults()).toEqual([API]);
    });

    test('two processes that start at once with one file agree', async () => {
      const file = [declared(API, { isDefault: true }), declared(OTHER)];
      await Promise.all([registry.resources.declare(file), elsewhere.resources.declare(file.toReversed())]);
      expect((await registry.resources.list()).map((one) => one.identifier)).toEqual([API, OTHER]);
      expect(await defaults()).toEqual([API]);
    });
  });
});
