// The engine follows the catalog: what another process registers is usable at once, and while storage is away the last one goes on.
import type { Provider } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Catalog, findDefaultResource, findResource } from '../../server/protocol/catalog.ts';
import { createEngine } from '../../server/protocol/engine.ts';
import { type Database, openDatabase } from '../../server/storage/database.ts';
import { createDeployment } from '../../server/storage/deployment.ts';
import { StorageFault } from '../../server/storage/faults.ts';
import { createRegistry, looms, tasks } from '../clients-and-resources/registrations.ts';
import { createWorld } from '../support/world.ts';
import { createGround, dialects, type Place } from './ground.ts';

const LATE = 'https://late.example.com/';
const byBasic = { auth: 'client_secret_basic' } as const;
const late = {
  identifier: LATE,
  isDefault: false,
  registration: { ...tasks, scopes: { 'read:late': 'Late' } },
};

describe.each(dialects)('on %s', (dialect) => {
  let ground: Place;
  let here: Database;
  let there: Database;

  beforeAll(async () => {
    ground = await createGround(dialect);
    here = ground.open();
    there = ground.open();
  });
  afterAll(() => ground.close());

  function createFollower(database: Database) {
    const { resources } = createRegistry(database);
    const build = vi.fn((_: Catalog) => ({ middleware: [] }) as unknown as Provider);
    const deployment = createDeployment(database);
    const loadCatalog = async (version: string): Promise<Catalog> => ({
      version,
      resources: await resources.list(),
      signingKeys: [],
    });
    return { build, deployment, engine: createEngine({ deployment, loadCatalog, build }) };
  }

  test('it is built once, and again when another process has changed the catalog, and then at once', async () => {
    const { build, engine } = createFollower(here);
    await Promise.all(Array.from({ length: 10 }, () => engine.current()));
    await engine.current();
    expect(build).toHaveBeenCalledTimes(1);
    await createRegistry(there).resources.register({ ...late, isDefault: true }, byBasic);
    const { catalog } = await engine.current();
    expect(findResource(catalog, LATE)?.registration.scopes).toEqual({ 'read:late': 'Late' });
    expect(findDefaultResource(catalog)?.identifier).toBe(LATE);
    expect(build).toHaveBeenCalledTimes(2);
  });

  test('a change that was not committed builds nothing', async () => {
    const { build, engine } = createFollower(here);
    await engine.current();
    const lost = there.transact(() => {
      createDeployment(there).bumpCatalog();
      throw new Error('Ada changed her mind');
    });
    await expect(lost).rejects.toThrow();
    await engine.current();
    expect(build).toHaveBeenCalledTimes(1);
  });

  test('two that count up at once count two', async () => {
    const deployments = [here, there].map((database) => ({
      database,
      deployment: createDeployment(database),
    }));
    const before = Number(await deployments[0]?.deployment.catalogVersion());
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const { database = here, deployment } = deployments[n % 2] ?? {};
        return database.transact(() => deployment?.bumpCatalog());
      }),
    );
    expect(Number(await deployments[0]?.deployment.catalogVersion())).toBe(before + 20);
  });

  test('a value that is set once keeps what the first process set', async () => {
    const [first, second] = [createDeployment(here), createDeployment(there)];
    await Promise.all([
      here.transact(() => first.setOnce('epoch', 'one')),
      there.transact(() => second.setOnce('epoch', 'two')),
    ]);
    const epoch = await first.find('epoch');
    await there.transact(() => second.setOnce('epoch', 'three'));
    expect(await second.find('epoch')).toBe(epoch);
    await here.transact(() => first.set('epoch', 'four'));
    expect(await second.find('epoch')).toBe('four');
  });

  test('C03: while storage is away the last engine goes on; without one the fault is told', async () => {
    const { deployment, engine, build } = createFollower(here);
    const built = await engine.current();
    vi.spyOn(deployment, 'catalogVersion').mockRejectedValue(new StorageFault('away'));
    expect(await engine.current()).toBe(built);
    const fresh = createEngine({ deployment, loadCatalog: async () => built.catalog, build });
    await expect(fresh.current()).rejects.toThrow(StorageFault);
    vi.restoreAllMocks();
  });
});

test.each(dialects)(
  'over HTTP on %s: an API and an app that another process registers are served at once',
  async (dialect) => {
    const world = await createWorld({ dialect });
    const database = openDatabase({ url: world.app.config.database.url, poolMax: 4 });
    try {
      const { clients, resources } = createRegistry(database);
      const caller = await resources.register(late, byBasic);
      const scopes = ['openid', 'read:late'];
      const app = await clients.register({ ...looms, scopes, isFirstParty: true }, { id: 'late-app' });
      const redirectUri = looms.redirectUris[0] ?? '';
      const tokens = await world.signIn(
        { ...app, redirectUri },
        { scope: 'openid read:late', resource: LATE },
      );
      const { body } = await world.introspect(
        { id: caller.clientId, secret: caller.secret },
        tokens.access_token,
      );
      expect(body).toMatchObject({ active: true, aud: LATE, scope: 'read:late', client_id: 'late-app' });

      await clients.block('late-app');
      const after = await world.introspect(
        { id: caller.clientId, secret: caller.secret },
        tokens.access_token,
      );
      expect(after.body).toEqual({ active: false });
    } finally {
      await database.close();
      await world.close();
    }
  },
);
