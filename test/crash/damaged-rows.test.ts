// Rows that nobody of ours wrote (row F30): what rests on one is refused in the words of its protocol, the others are not touched.
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DamagedRow } from '../../server/storage/damage.ts';
import { createManagementWorld, type ManagementWorld } from '../management/support.ts';
import { askForCode, pair, poll } from '../support/devices.ts';
import { openSqliteFile } from '../support/sqlite-file.ts';
import type { AppClient, TokenSet } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const INACTIVE = { active: false };

let world: ManagementWorld;
let file: ReturnType<typeof openSqliteFile>;
const told = vi.fn<(damage: DamagedRow) => void>();

beforeAll(async () => {
  world = await createManagementWorld();
  file = openSqliteFile(world.app.config.database.url.slice('sqlite:'.length));
  vi.spyOn(world.app.parts.database, 'noteDamage').mockImplementation(told);
});
afterAll(async () => {
  file.close();
  await world.close();
});
beforeEach(() => told.mockClear());

/** Damages the newest row of a table. */
function damage(table: string, column: string, value: string | Buffer | number): void {
  const newest = `SELECT rowid FROM ${table} ORDER BY created_at DESC, rowid DESC LIMIT 1`;
  const { changes } = file.prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = (${newest})`).run(value);
  expect(changes).toBe(1);
}

/** Of a table that is stored in the order of its key. */
function damageWhere(table: string, change: string, value: string | Buffer): void {
  const [column, condition] = change.split(' WHERE ');
  expect(file.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${condition}`).run(value).changes).toBe(1);
}

const NEWEST_ACCESS = 'id = (SELECT MAX(id) FROM access_tokens)';
const NEWEST_FAMILY = 'family = (SELECT MAX(family) FROM refresh_tokens)';
const NEWEST_GRANT = 'id = (SELECT MAX(id) FROM grants)';
const NEWEST_CODE = "model = 'AuthorizationCode' AND consumed_at IS NULL";

/** Somebody else's, which must not feel it. */
async function checkOthers(others: TokenSet): Promise<TokenSet> {
  expect((await world.introspect(world.api, others.access_token)).body.active).toBe(true);
  const { status, body } = await world.refresh(world.notes, others.refresh_token);
  expect(status).toBe(200);
  expect((await world.call(world.right, 'GET', '/v1/clients')).status).toBe(200);
  expect((await world.call(world.right, 'GET', '/v1/grants')).status).toBe(200);
  return body as TokenSet;
}

describe('F30: a damaged row', () => {
  test.each(['', '{', 'null', '[]', '"text"'])(
    'of a token with the payload %j is no token',
    async (payload) => {
      const others = await world.signIn(world.notes, OFFLINE);
      const { access_token: access, refresh_token: refresh } = await world.signIn(world.notes, OFFLINE);
      damageWhere('access_tokens', `payload WHERE ${NEWEST_ACCESS}`, payload);
      damageWhere('refresh_tokens', `payload WHERE ${NEWEST_FAMILY}`, payload);
      const userinfo = await world.ask('/userinfo', { headers: { Authorization: `Bearer ${access}` } });
      expect([userinfo.status, userinfo.body.error]).toEqual([401, 'invalid_token']);
      expect(await world.refresh(world.notes, refresh)).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      });
      expect(told.mock.calls.map(([{ message }]) => message)).toEqual([
        'a damaged row in access_tokens',
        'a damaged row in refresh_tokens',
      ]);
      await checkOthers(others);
    },
  );

  test('of a token or a key that would never end is no credential', async () => {
    const others = await world.signIn(world.notes, OFFLINE);
    const { access_token: access } = await world.signIn(world.notes, OFFLINE);
    const body = { name: 'Zapier', account_id: world.ada.id, scopes: ['read:tasks'] };
    const made = await world.call(world.right, 'POST', '/v1/keys', { body });
    const key = String(made.body.key);
    expect((await world.introspect(world.api, key)).body.active).toBe(true);
    damageWhere('access_tokens', `expires_at WHERE ${NEWEST_ACCESS}`, 'never');
    damage('api_keys', 'expires_at', 'never');
    expect((await world.introspect(world.api, access)).body).toEqual(INACTIVE);
    expect((await world.introspect(world.api, key)).body).toEqual(INACTIVE);
    const userinfo = await world.ask('/userinfo', { headers: { Authorization: `Bearer ${access}` } });
    expect(userinfo.status).toBe(401);
    expect(told).toHaveBeenCalled();
    await checkOthers(others);
  });

  test('of a code, sealed with another key, is an invalid grant', async () => {
    const others = await world.signIn(world.notes, OFFLINE);
    const code = await world.authorize(world.notes, OFFLINE);
    damageWhere('artifacts', `payload WHERE ${NEWEST_CODE}`, Buffer.alloc(80, 7));
    expect(await world.redeem(world.notes, code)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(told).toHaveBeenCalled();
    await checkOthers(others);
  });

  test.each([
    ['state', 'perhaps'],
    ['tried_by', '{'],
    ['approval', Buffer.alloc(80, 7)],
  ])('of a device code with another %s gives no tokens', async (column, value) => {
    const others = await world.signIn(world.notes, OFFLINE);
    const code = await askForCode(world);
    await pair(world.app.robot(), code);
    const newest =
      'id_hash = (SELECT id_hash FROM device_codes ORDER BY decided_at DESC, grant_id DESC LIMIT 1)';
    damageWhere('device_codes', `${column} WHERE ${newest}`, value);
    expect(await poll(world, code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(told).toHaveBeenCalled();
    await checkOthers(others);
  });

  test('of a grant refreshes nothing, and the others of that person are still shown', async () => {
    const robot = world.app.robot();
    const others = await world.signIn(world.notes, OFFLINE, robot);
    const { refresh_token: refresh } = await world.signIn(world.notes, OFFLINE, robot);
    damageWhere('grants', `payload WHERE ${NEWEST_GRANT}`, 'null');
    expect(await world.refresh(world.notes, refresh)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect((await robot.get('/account/access')).status).toBe(200);
    expect(told).toHaveBeenCalled();
    await checkOthers(others);
  });

  test('of a session is none, and of a permission is asked for again', async () => {
    const robot = world.app.robot();
    const others = await world.signIn(world.notes, OFFLINE, robot);
    file.prepare('UPDATE consents SET scopes = ?').run('[]');
    const path = world.authorizationPath(world.notes, 'x'.repeat(43), OFFLINE);
    expect((await robot.visit(path)).html).toContain('value="allow"');
    damage('sessions', 'payload', Buffer.alloc(80, 7));
    expect((await robot.get('/account')).location).toContain('/sign-in');
    expect(told).toHaveBeenCalled();
    await checkOthers(others);
  });

  test.each(['{', 'null', '{}', '{"name":"Bot"}'])(
    'of a client or a caller, %j, is nobody',
    async (registration) => {
      const others = await world.signIn(world.notes, OFFLINE);
      const app: AppClient = await world.registerClient({ name: 'Doomed' });
      const tokens = await world.signIn(app, OFFLINE);
      const { api } = world;
      const caller = file.prepare('SELECT registration FROM clients WHERE id = ?').get(api.id) as object;
      damageWhere('clients', `registration WHERE id = '${app.id}'`, registration);
      expect((await world.refresh(app, tokens.refresh_token)).body.error).toBe('invalid_client');
      await checkOthers(others);
      damageWhere('clients', `registration WHERE id = '${api.id}'`, registration);
      expect(await world.introspect(api, tokens.access_token)).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
      damageWhere('clients', `registration WHERE id = '${api.id}'`, Object.values(caller)[0]);
      expect(told).toHaveBeenCalled();
      file.prepare('DELETE FROM clients WHERE id = ?').run(app.id);
    },
  );

  test('of a message that waits is set aside, and the others are sent', async () => {
    const { outbox, database } = world.app.parts;
    await database.transact(() => {
      for (const to of ['ada', 'grace']) outbox.register('notes', { to });
    });
    file.exec("UPDATE outbox SET payload = 'x' WHERE id = (SELECT MIN(id) FROM outbox WHERE kind = 'notes')");
    const listDue = async () => (await outbox.listDue('notes', 10)).map(({ payload }) => payload);
    expect(await listDue()).toEqual([{ to: 'grace' }]);
    expect(told).toHaveBeenCalledTimes(1);
    expect(await listDue()).toEqual([{ to: 'grace' }]);
    expect(told).toHaveBeenCalledTimes(1);
  });
});

test('F30: whoever is disabled has no session, not even one that was saved meanwhile', async () => {
  const robot = world.app.robot();
  await world.signIn(world.notes, OFFLINE, robot);
  file.exec('UPDATE accounts SET disabled_at = 5');
  const page = await robot.visit(world.authorizationPath(world.notes, 'x'.repeat(43), OFFLINE));
  expect(page.status).toBe(200);
  expect(page.html).toContain('name="password"');
  file.exec('UPDATE accounts SET disabled_at = NULL');
});
