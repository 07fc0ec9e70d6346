// A public client that names itself by Basic with an empty secret, and nowhere else: oidc-agent does (RFC 6749 section 2.3.1).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askForCode, DEVICE_GRANT, pair } from '../support/devices.ts';
import type { Answer } from '../support/program.ts';
import { type AppClient, basic, createWorld, type World } from '../support/world.ts';

const DEVICE = { grants: [DEVICE_GRANT, 'refresh_token'], redirectUris: [] };

let world: World;
let agent: AppClient;
beforeAll(async () => {
  world = await createWorld();
  agent = await world.registerClient({ ...DEVICE, name: 'Agent', type: 'native', auth: 'none' });
});
afterAll(() => world.close());

function post(path: string, parameters: Record<string, string>, { id }: AppClient = agent): Promise<Answer> {
  return world.post(path, parameters, basic({ id, secret: '' }));
}

test('pairs, refreshes and revokes without a client_id in the body', async () => {
  const code = await askForCode(world, agent, { scope: 'openid offline_access' });
  await pair(world.app.robot(), code);
  const poll = { grant_type: DEVICE_GRANT, device_code: code.device_code };
  const { body: tokens } = await post('/token', poll);
  const refreshed = await post('/token', {
    grant_type: 'refresh_token',
    refresh_token: String(tokens.refresh_token),
  });
  expect(refreshed.status).toBe(200);
  const token = String(refreshed.body.refresh_token);
  expect((await post('/revoke', { token })).status).toBe(200);
  const again = await post('/token', { grant_type: 'refresh_token', refresh_token: token });
  expect(again).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
});

test('is only whom it names: the code of another client is no use to it', async () => {
  const other = await world.registerClient({ ...DEVICE, name: 'Other', type: 'native', auth: 'none' });
  const { device_code } = await askForCode(world, other);
  const answer = await post('/token', { grant_type: DEVICE_GRANT, device_code });
  expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
});

test('who has a secret is refused without it, and so is who is not registered', async () => {
  const box = await world.registerClient({ ...DEVICE, name: 'Box' });
  const nobody = { ...box, id: 'nobody%zz' };
  for (const client of [box, nobody]) {
    const answer = await post('/token', { grant_type: 'refresh_token', refresh_token: 'lkr_x' }, client);
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  }
});
