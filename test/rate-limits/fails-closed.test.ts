// The limiter without its database (row G13): what it guards is 503 and not tried, what it does not guard goes on, and it heals by itself.
import { afterEach, describe, expect, test } from 'vitest';
import { createManagementWorld, type ManagementWorld } from '../management/support.ts';
import { CLI } from '../support/devices.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { openPostgresSession } from '../support/postgres-session.ts';
import { holdWriteLock } from '../support/storage-faults.ts';
import { PASSWORD } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const ADA = 'ada@example.com';

type Held = { lift(): Promise<void> };
type Place = { world: ManagementWorld; hold(): Promise<Held>; close(): Promise<void> };

/** Somebody else has the file of the counters, and does not give it back. */
async function onSqlite(): Promise<Place> {
  const world = await createManagementWorld();
  const hold = async () => {
    const release = holdWriteLock(`${world.app.config.database.url}-counters`);
    return { lift: async () => release() };
  };
  return { world, hold, close: world.close };
}

/** The database has no room for the counters. */
async function onPostgres(): Promise<Place> {
  const { url, drop } = await createTestDatabase();
  const world = await createManagementWorld({ settings: { database: { url, pool_max: 4 } } });
  const session = await openPostgresSession(url);
  return {
    world,
    async hold() {
      await session.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER counters_refuse BEFORE INSERT OR UPDATE ON rate_limits FOR EACH ROW EXECUTE FUNCTION refuse()`);
      return { lift: async () => void (await session.query('DROP TRIGGER counters_refuse ON rate_limits')) };
    },
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
  ['SQLite', onSqlite],
  ['PostgreSQL', onPostgres],
])('on %s', (_name, open) => {
  test('G13: without the counters nobody signs in, signs up, pairs or administers, and it is 503; with them all goes on', async () => {
    place = await open();
    const { world } = place;
    const { parts } = world.app;
    const tokens = await world.signIn(world.notes, OFFLINE);
    const robot = world.app.robot();
    const pages = {
      signIn: await robot.visit('/sign-in'),
      signUp: await robot.visit('/sign-up'),
      reset: await robot.visit('/forgot-password'),
    };
    const submit = (name: keyof typeof pages, fields: Record<string, string>) =>
      robot.submit(pages[name], fields);
    const signIn = () => submit('signIn', { email: ADA, password: PASSWORD });
    const administer = () => world.call(world.right, 'GET', '/v1/accounts');
    const askForDevice = () => world.post('/device/code', { client_id: CLI.id, scope: 'read:tasks' });

    const { lift } = await place.hold();
    const guarded = [
      await signIn(),
      await submit('signIn', { email: ADA, password: 'not her password' }),
      await submit('signUp', { email: 'ida@example.com', name: 'Ida', password: 'she has a long one too' }),
      await submit('reset', { email: ADA }),
      await administer(),
      await askForDevice(),
    ];
    for (const { status, headers } of guarded) {
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(headers.get('set-cookie')).toBeNull();
    }
    await expect(parts.accounts.get('ida@example.com')).rejects.toMatchObject({ code: 'not_found' });
    // What asks no limiter: tokens are judged and refreshed.
    expect((await world.introspect(world.api, tokens.access_token)).body.active).toBe(true);
    expect((await world.refresh(world.notes, tokens.refresh_token)).status).toBe(200);

    await lift();
    expect((await signIn()).status).toBe(303);
    expect((await administer()).status).toBe(200);
    expect((await askForDevice()).status).toBe(200);
  });
});
