// Polling with a device code while a person decides (RFC 8628 section 3.5): pending, slow_down, denied, expired.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createSweep } from '../../server/storage/sweep.ts';
import {
  askForCode,
  CLI,
  DEVICE_GRANT,
  type DeviceCode,
  MANY_CODES,
  pair,
  poll,
} from '../support/devices.ts';
import { type AppClient, createWorld, type World } from '../support/world.ts';

const DAY_SECONDS = 86_400;

let world: World;
let other: AppClient;
let robot: ReturnType<World['app']['robot']>;
// The clock only goes forward in this file: ids ascend with it.
let now = Date.now();

beforeAll(async () => {
  world = await createWorld({ settings: MANY_CODES });
  robot = world.app.robot();
  other = await world.registerClient({
    ...{ name: 'TV', auth: 'none', type: 'native', redirectUris: [] },
    ...{ grants: [DEVICE_GRANT, 'refresh_token'], scopes: ['openid'], defaultScopes: ['openid'] },
  });
});
afterAll(() => world.close());
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  now = Math.max(now, Date.now());
  pass(0);
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(seconds: number): void {
  now += Math.round(seconds * 1000);
  vi.setSystemTime(now);
}

/** The error of one poll, or undefined for tokens. */
async function errorOf(code: DeviceCode, client: AppClient = CLI): Promise<unknown> {
  const { status, body } = await poll(world, code, client);
  expect(status).toBe(body.error === undefined ? 200 : 400);
  return body.error;
}

/** A device that polls every so many seconds, so many times; answers what it was told. */
async function pollEvery(seconds: (index: number) => number, times: number, code: DeviceCode) {
  const told: unknown[] = [];
  for (let index = 0; index < times; index += 1) {
    if (index > 0) pass(seconds(index));
    told.push(await errorOf(code));
  }
  return told;
}

test('D10 D12: until somebody decides it is authorization_pending, from the first poll at once', async () => {
  const code = await askForCode(world);
  const answer = await poll(world, code);
  expect(answer).toMatchObject({ status: 400, body: { error: 'authorization_pending' } });
  expect(answer.headers.get('cache-control')).toContain('no-store');
});

test('D12: fifty polls at 5 seconds, a tenth more or less, are never slow_down', async () => {
  for (const jitter of [() => 5, () => 4.5, (index: number) => (index % 2 === 0 ? 4.5 : 5.5)]) {
    const code = await askForCode(world);
    const told = await pollEvery(jitter, 50, code);
    expect(new Set(told)).toEqual(new Set(['authorization_pending']));
  }
});

test('D11: a poll too early is slow_down, and the pace is 5 seconds slower from then on', async () => {
  const code = await askForCode(world);
  expect(await pollEvery(() => 3, 2, code)).toEqual(['authorization_pending', 'slow_down']);
  pass(6);
  // Good enough at first, too fast for who was told to slow down.
  expect(await errorOf(code)).toBe('slow_down');
  pass(11);
  expect(await errorOf(code)).toBe('slow_down');
  pass(20);
  expect(await errorOf(code)).toBe('authorization_pending');
});

test('D12: who adds 5 seconds at each slow_down recovers, however fast it began', async () => {
  for (const start of [0.05, 1, 4]) {
    const code = await askForCode(world);
    let [pace, slowed] = [start, 0];
    for (let count = 0; count < 12; count += 1) {
      const error = await errorOf(code);
      if (error === 'slow_down') [pace, slowed] = [pace + 5, count];
      pass(pace);
    }
    expect(slowed).toBeGreaterThan(0);
    // It lags behind by what it was too fast at first, until a tenth of the pace is more than that.
    expect(slowed).toBeLessThan(10);
  }
});

test('D12: the pace stops growing at a minute, so nobody is kept waiting for ever', async () => {
  const code = await askForCode(world);
  const told = await pollEvery(() => 0.2, 60, code);
  expect(new Set(told.slice(1))).toEqual(new Set(['slow_down']));
  pass(60);
  expect(await errorOf(code)).toBe('authorization_pending');
});

test('D12: who never slows down gets its tokens all the same once it is allowed', async () => {
  const code = await askForCode(world);
  expect((await pollEvery(() => 1, 5, code)).at(-1)).toBe('slow_down');
  await pair(robot, code);
  pass(1);
  expect(await errorOf(code)).toBeUndefined();
});

test('D16: with the code of another client it is invalid_grant, and changes nothing for its owner', async () => {
  const code = await askForCode(world);
  for (let count = 0; count < 5; count += 1) expect(await errorOf(code, other)).toBe('invalid_grant');
  // Neither the owner's first poll nor its second is too early by them.
  expect(await errorOf(code)).toBe('authorization_pending');
  pass(4.9);
  expect(await errorOf(code, other)).toBe('invalid_grant');
  expect(await errorOf(code)).toBe('authorization_pending');
  await pair(robot, code);
  expect(await errorOf(code, other)).toBe('invalid_grant');
  expect(await errorOf(code)).toBeUndefined();
  const { body } = await poll(world, code);
  expect(await errorOf(code, other)).toBe('invalid_grant');
  expect((await world.refresh(CLI, String(body.refresh_token))).status).toBe(200);
});

test('T17 D16: a code of another client and one that never was are told the same', async () => {
  const code = await askForCode(world);
  const foreign = await poll(world, code, other);
  const unknown = await poll(world, { ...code, device_code: `lkd_${'A'.repeat(43)}` }, other);
  expect([foreign.status, foreign.text]).toEqual([unknown.status, unknown.text]);
});

test('D14: denied is access_denied, and after that the code is spent', async () => {
  const code = await askForCode(world);
  await pair(robot, code, { decision: 'deny' });
  expect(await errorOf(code)).toBe('access_denied');
  expect(await errorOf(code)).toBe('invalid_grant');
  expect(await world.app.parts.grants.listOf(world.ada.id)).not.toContainEqual(
    expect.objectContaining({ kind: 'device', lastUsedAt: undefined }),
  );
});

test('D13 D26: after ten minutes it is expired_token, whatever was decided, and long after', async () => {
  const [waiting, allowed, denied] = [
    await askForCode(world),
    await askForCode(world),
    await askForCode(world),
  ];
  await pair(robot, allowed);
  await pair(robot, denied, { decision: 'deny' });
  pass(599);
  expect(await errorOf(waiting)).toBe('authorization_pending');
  pass(1);
  for (const code of [waiting, allowed, denied]) expect(await errorOf(code)).toBe('expired_token');
  const { deviceCodes } = world.app.parts;
  const { tombstone_seconds: keepSeconds } = world.app.config.tokens;
  const sweep = createSweep({ tables: [deviceCodes], keepSeconds, onFault: () => undefined });
  pass(DAY_SECONDS - 120);
  await sweep.runOnce();
  for (const code of [waiting, allowed, denied]) expect(await errorOf(code)).toBe('expired_token');
  pass(240);
  expect(await sweep.runOnce()).toBeGreaterThan(2);
  expect(await errorOf(waiting)).toBe('invalid_grant');
});

test('D26: an expired code cannot be allowed any more', async () => {
  const code = await askForCode(world);
  pass(600);
  await expect(pair(robot, code)).rejects.toThrow('410');
  expect(await errorOf(code)).toBe('expired_token');
});

test('D13: the life of a code does not begin anew with polls', async () => {
  const code = await askForCode(world);
  const told = await pollEvery(() => 5, 121, code);
  expect(told.slice(0, 120)).toEqual(Array(120).fill('authorization_pending'));
  expect(told.at(-1)).toBe('expired_token');
});
