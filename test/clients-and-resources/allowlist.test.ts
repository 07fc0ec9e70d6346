// Which clients may ask at all: what is declared, registered or allowed by id, and what a block ends (RFC 8628 section 3.1).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isAllowed } from '../../server/clients/clients.ts';
import { deviceClient } from '../../server/clients/ready-made.ts';
import { createParts, type Parts } from '../../server/parts.ts';
import { loadSettings } from '../config/load-text.ts';
import { createGround, dialects, type Place } from '../storage/ground.ts';
import {
  askForCode,
  CLI,
  DEVICE_GRANT,
  enterCode,
  MANY_CODES,
  pair,
  poll,
  requestCode,
} from '../support/devices.ts';
import { type AppClient, basic, createWorld, type TokenSet, type World } from '../support/world.ts';
import { createRegistry, declaredClient, looms, type Registry } from './registrations.ts';

const NOTES = ['authorization_code', 'refresh_token', DEVICE_GRANT];

describe('device.client_ids', () => {
  test('is latchkey-cli, and DEVICE_AUTH_CLIENT_IDS replaces it', () => {
    expect(loadSettings({ issuer: 'http://localhost:1' }).device.client_ids).toEqual(['latchkey-cli']);
    const DEVICE_AUTH_CLIENT_IDS = 'kaneo-mcp,tv';
    expect(
      loadSettings({ issuer: 'http://localhost:1' }, { DEVICE_AUTH_CLIENT_IDS }).device.client_ids,
    ).toEqual(['kaneo-mcp', 'tv']);
  });

  test('D02: those on the list get a code, and latchkey-cli too only while it is there', async () => {
    const world = await createWorld({ settings: { device: { client_ids: ['kaneo-mcp', 'tv'] } } });
    try {
      const statuses = await Promise.all(
        ['kaneo-mcp', 'tv', 'latchkey-cli'].map((id) => requestCode(world, { ...CLI, id })),
      );
      expect(statuses.map(({ status }) => status)).toEqual([200, 200, 401]);
    } finally {
      await world.close();
    }
  });

  test('D31: with the switch off nobody gets a code, and there is nothing to enter one', async () => {
    const world = await createWorld({ settings: { device: { enabled: false } } });
    try {
      const tv = await world.registerClient({ ...deviceClient('tv') });
      for (const client of [CLI, tv]) expect((await requestCode(world, client)).status).toBe(404);
      expect((await world.app.robot().get('/device')).status).toBe(404);
      const { body } = await world.ask('/.well-known/openid-configuration');
      expect(body.grant_types_supported).not.toContain(DEVICE_GRANT);
      expect(body).not.toHaveProperty('device_authorization_endpoint');
    } finally {
      await world.close();
    }
  });
});

describe.each(dialects)('the list and the database, on %s', (dialect) => {
  let ground: Place;
  let registry: Registry;
  let id: string;
  let counter = 0;
  beforeAll(async () => {
    ground = await createGround(dialect);
    registry = createRegistry(ground.open());
  });
  afterAll(() => ground.close());
  beforeEach(() => {
    counter += 1;
    id = `tool-${counter}`;
  });

  async function state() {
    const client = await registry.clients.find(id);
    return client && { name: client.registration.name, isAllowed: isAllowed(client) };
  }

  test('an id is a device client while it is on the list, ends with it, and is one again when it comes back', async () => {
    await registry.clients.declare([], [id]);
    expect(await state()).toEqual({ name: id, isAllowed: true });
    await registry.clients.declare([], []);
    expect(await state()).toEqual({ name: id, isAllowed: false });
    await registry.clients.declare([], [id]);
    expect(await state()).toEqual({ name: id, isAllowed: true });
    expect((await registry.clients.get(id)).revokedAt).toBeGreaterThan(0);
  });

  test('a registration of the database goes before the list, and is there when the list no longer names it', async () => {
    await registry.clients.register({ ...looms, grants: NOTES }, { id });
    for (const list of [[id], [], [id]]) {
      await registry.clients.declare([], list);
      expect(await state()).toEqual({ name: 'Looms', isAllowed: true });
    }
  });

  test('a block of the operator outlives every start, on the list and off it', async () => {
    await registry.clients.declare([], [id]);
    await registry.clients.block(id);
    for (const list of [[id], [], [id]]) {
      await registry.clients.declare([], list);
      expect((await state())?.isAllowed).toBe(false);
    }
  });

  test('a declaration of the file goes before the list; withdrawn, it leaves what the list or the database says', async () => {
    await registry.clients.declare([declaredClient(id)], [id]);
    expect(await state()).toEqual({ name: 'From the file', isAllowed: true });
    await registry.clients.declare([], [id]);
    expect(await state()).toEqual({ name: id, isAllowed: true });
    await registry.clients.declare([declaredClient(id, {}, false)], [id]);
    expect((await state())?.isAllowed).toBe(false);
    await registry.clients.declare([], [id]);
    expect(await state()).toEqual({ name: id, isAllowed: true });
  });

  test('a registration that the file covered comes back when only the list names it', async () => {
    await registry.clients.register({ ...looms, grants: NOTES }, { id });
    await registry.clients.declare([declaredClient(id)], []);
    expect((await state())?.name).toBe('From the file');
    await registry.clients.declare([], [id]);
    expect(await state()).toEqual({ name: 'Looms', isAllowed: true });
  });
});

describe.each(dialects)('who may ask, on %s', (dialect) => {
  let world: World;
  let elsewhere: Parts;
  let robot: ReturnType<World['app']['robot']>;
  let counter = 0;
  beforeAll(async () => {
    world = await createWorld({ dialect, settings: MANY_CODES });
    // Another process of the deployment.
    elsewhere = await createParts(world.app.config, { actor: 'operator' });
    robot = world.app.robot();
  });
  afterAll(async () => {
    await elsewhere.close();
    await world.close();
  });

  async function registerTool(): Promise<AppClient> {
    counter += 1;
    const redirectUris = ['https://tool.example.com/cb'];
    const scopes = ['openid', 'offline_access', 'read:tasks'];
    return world.registerClient({ name: 'Tool', grants: NOTES, redirectUris, scopes }, `tool-${counter}`);
  }

  test('D02: an unknown id is invalid_client everywhere, leaves no row, and is listed for the operator', async () => {
    const stranger = { ...CLI, id: 'stranger-cli' };
    const before = await world.app.parts.deviceCodes.countPending();
    for (let count = 0; count < 3; count += 1)
      expect(await requestCode(world, stranger)).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
    const polled = await world.token(stranger, { grant_type: DEVICE_GRANT, device_code: 'x' });
    expect(polled).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(await world.app.parts.deviceCodes.countPending()).toEqual(before);
    expect(await elsewhere.clients.find(stranger.id)).toBeUndefined();
    await world.app.parts.clients.flushRequests();
    const requests = await elsewhere.clients.listRequests(100);
    expect(requests.filter((one) => one.id === stranger.id)).toMatchObject([{ count: 4 }]);
    await elsewhere.clients.allowDevice(stranger.id);
    expect((await requestCode(world, stranger)).status).toBe(200);
    expect((await elsewhere.clients.listRequests(100)).map((one) => one.id)).not.toContain(stranger.id);
  });

  test('D02: an unknown and a blocked id are told the same', async () => {
    const tool = await registerTool();
    await elsewhere.clients.block(tool.id);
    const answers = [
      await requestCode(world, { ...tool }),
      await requestCode(world, { ...tool, id: 'never-was' }),
    ];
    expect(answers[0]?.status).toBe(401);
    expect([answers[0]?.text, answers[0]?.status]).toEqual([answers[1]?.text, answers[1]?.status]);
  });

  test('a block from another process ends tokens, codes, refreshes and waiting devices at the next request', async () => {
    const tool = await registerTool();
    const app = await world.signIn(tool, { scope: 'openid offline_access read:tasks' }, robot);
    const authorized = await world.authorize(tool, {}, robot);
    const [paired, approved, waiting] = [
      await askForCode(world, tool, { scope: 'openid offline_access read:tasks' }),
      await askForCode(world, tool),
      await askForCode(world, tool),
    ];
    await pair(robot, paired);
    await pair(robot, approved);
    const looked = await enterCode(robot, waiting.user_code);
    const device = (await poll(world, paired, tool)).body as TokenSet;
    const tokens = [app, device];
    for (const { access_token } of tokens)
      expect((await world.introspect(world.api, access_token)).body.active).toBe(true);

    await elsewhere.clients.block(tool.id);

    for (const { access_token, refresh_token } of tokens) {
      expect((await world.introspect(world.api, access_token)).body).toEqual({ active: false });
      expect((await world.refresh(tool, refresh_token)).body.error).toBe('invalid_client');
    }
    expect((await world.redeem(tool, authorized)).body.error).toBe('invalid_client');
    for (const code of [paired, approved, waiting])
      expect((await poll(world, code, tool)).body.error).toBe('invalid_client');
    expect((await robot.send(looked, {}, { button: 'decision=allow' })).status).toBeGreaterThanOrEqual(400);
    expect((await requestCode(world, tool)).status).toBe(401);
    expect((await world.post('/revoke', { token: 'x' }, basic(tool))).status).toBe(401);

    // Allowed again it starts anew: nothing of before comes back.
    await elsewhere.clients.allow(tool.id);
    for (const { access_token, refresh_token } of tokens) {
      expect((await world.introspect(world.api, access_token)).body).toEqual({ active: false });
      expect((await world.refresh(tool, refresh_token)).body.error).toBe('invalid_grant');
    }
    expect((await world.redeem(tool, authorized)).body.error).toBe('invalid_grant');
    expect((await poll(world, approved, tool)).body.error).toBe('invalid_grant');
    expect((await poll(world, waiting, tool)).body.error).toBe('expired_token');
    await expect(enterCode(robot, waiting.user_code)).rejects.toThrow('410');
  });
});
