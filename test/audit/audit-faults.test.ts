// An audit log that cannot be written (row F31): what it would tell of does not happen, reads go on, and so does all when it is back.
import { afterEach, describe, expect, test } from 'vitest';
import { createManagementWorld, EVERY_RIGHT, type ManagementWorld } from '../management/support.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { openPostgresSession } from '../support/postgres-session.ts';
import { openSqliteFile } from '../support/sqlite-file.ts';
import { checkUnavailable } from '../support/unavailable.ts';
import { PASSWORD } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };

type Fault = { plant: string; lift: string };
type Place = { world: ManagementWorld; outside(text: string): Promise<void>; close(): Promise<void> };

const refusingSqlite: Fault = {
  plant: `CREATE TRIGGER audit_refuses BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'no'); END`,
  lift: 'DROP TRIGGER audit_refuses',
};
const refusingPostgres: Fault = {
  plant: `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
    CREATE TRIGGER audit_refuses BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION refuse()`,
  lift: 'DROP TRIGGER audit_refuses ON audit_events; DROP FUNCTION refuse()',
};

async function onSqlite(): Promise<Place> {
  const world = await createManagementWorld();
  const outside = async (text: string) => {
    const file = openSqliteFile(world.app.config.database.url.slice('sqlite:'.length));
    file.exec(text);
    file.close();
  };
  return { world, outside, close: world.close };
}

async function onPostgres(): Promise<Place> {
  const { url, drop } = await createTestDatabase();
  const world = await createManagementWorld({ settings: { database: { url, pool_max: 4 } } });
  const session = await openPostgresSession(url);
  const outside = async (text: string) => void (await session.query(text));
  return {
    ...{ world, outside },
    async close() {
      await session.close();
      await world.close();
      await drop();
    },
  };
}

let place: Place;
afterEach(() => place?.close());

describe.each([
  ['SQLite', onSqlite, refusingSqlite],
  ['PostgreSQL', onPostgres, refusingPostgres],
])('on %s', (_name, open, fault) => {
  test('F31: acts of administrators and tokens are 503 and are not done; what is known is told, and later all is as before', async () => {
    place = await open();
    const { world } = place;
    const { access_token: access, refresh_token: refresh } = await world.signIn(world.notes, OFFLINE);
    const block = () => world.call(world.right, 'PUT', `/v1/clients/${world.notes.id}/block`);
    const create = () =>
      world.call(world.right, 'POST', '/v1/clients', {
        body: { name: 'Bot', type: 'service', grants: ['client_credentials'], client_id: 'bot' },
      });
    const own = { grant_type: 'client_credentials', scope: EVERY_RIGHT.join(' ') };
    await place.outside(fault.plant);
    checkUnavailable(await block());
    checkUnavailable(await create());
    checkUnavailable(await world.refresh(world.notes, refresh));
    checkUnavailable(await world.token(world.service, { ...own, resource: world.resource }));
    const robot = world.app.robot();
    const page = await robot.visit('/sign-in');
    const signedIn = await robot.submit(page, { email: 'ada@example.com', password: PASSWORD });
    expect([signedIn.status, signedIn.headers.get('set-cookie')]).toEqual([503, null]);
    expect((await world.introspect(world.api, access)).body.active).toBe(true);
    await place.outside(fault.lift);

    expect((await world.introspect(world.api, access)).body.active).toBe(true);
    expect((await world.refresh(world.notes, refresh)).status).toBe(200);
    expect((await create()).status).toBe(201);
    expect((await block()).status).toBe(200);
    expect((await world.introspect(world.api, access)).body.active).toBe(false);
    expect(await world.app.parts.audit.findBreaks()).toEqual([]);
  });
});
