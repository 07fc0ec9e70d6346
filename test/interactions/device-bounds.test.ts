// Guessing user codes is bounded, and locks nobody out (RFC 8628 section 5.1; rows D08, D09, D31; bar 3).
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkCodeGuessing, guessLikelihood } from '../../server/rate-limits/code-guessing.ts';
import { createLimits } from '../../server/rate-limits/limits.ts';
import { loadSettings } from '../config/load-text.ts';
import type { FormRobot, Page } from '../support/form-robot.ts';
import { createWorld, type World } from '../support/world.ts';
import { CLI, createDeviceVisits, type DeviceVisits, PROXIED, wrongCode } from './device-visits.ts';

const START = new Date('2026-03-01T12:00:00Z');
const MINUTE = 60_000;
const ONE = { max: 1, window_seconds: 600 };

function later(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
}

function retryAfterOf(page: Page): number {
  return Number(page.headers.get('retry-after'));
}

describe('wrong codes', () => {
  let world: World;
  let visits: DeviceVisits;
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: START });
    world = await createWorld({ settings: PROXIED });
    visits = createDeviceVisits(world);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await world.close();
  });

  /** So many people, each at an address of their own. */
  async function arriveMany(count: number): Promise<FormRobot[]> {
    const robots: FormRobot[] = [];
    // One after the other: only so many passwords are hashed at once.
    for (let index = 1; index <= count; index += 1) {
      const { email } = await visits.register('Mallory');
      robots.push(await visits.arrive(email, `203.0.113.${index}`));
    }
    return robots;
  }

  /** `count` wrong codes, by each of them in turn; answers the statuses. */
  async function guess(robots: readonly FormRobot[], count: number, seed = 0): Promise<number[]> {
    const statuses: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const robot = robots[index % robots.length];
      if (robot !== undefined) statuses.push((await visits.enter(robot, wrongCode(seed + index))).status);
    }
    return statuses;
  }

  /** The same server with other limits. */
  async function restart(limits: Record<string, unknown>): Promise<void> {
    await world.close();
    world = await createWorld({ settings: { ...PROXIED, limits } });
    visits = createDeviceVisits(world);
  }

  function countLookedAt(statuses: readonly number[]): number {
    expect(new Set(statuses)).toEqual(new Set([404, 429]));
    return statuses.filter((status) => status === 404).length;
  }

  test('D08: after five from one person in ten minutes the right one is refused too, with Retry-After, until the minute is over', async () => {
    const robot = await visits.arrive();
    for (let count = 0; count < 5; count += 1) {
      expect((await visits.enter(robot, wrongCode(count))).status).toBe(404);
      later(2 * MINUTE - 1000);
    }
    later(-2 * MINUTE + 1000);
    const code = await visits.ask();
    const refused = await visits.enter(robot, code.user_code);
    expect(refused.status).toBe(429);
    expect(retryAfterOf(refused)).toBe(60);
    expect(refused.html).toContain(code.user_code);
    later(59_000);
    expect((await visits.enter(robot, code.user_code)).status).toBe(429);
    later(1000);
    expect((await visits.enter(robot, code.user_code)).status).toBe(200);
  });

  test('D08: each further wrong code of that person begins another minute, a right one does not', async () => {
    const robot = await visits.arrive();
    const code = await visits.ask();
    await guess([robot], 5);
    for (let count = 5; count < 8; count += 1) {
      later(MINUTE);
      expect((await visits.enter(robot, wrongCode(count))).status).toBe(404);
      expect((await visits.enter(robot, code.user_code)).status).toBe(429);
    }
    later(MINUTE);
    for (let count = 0; count < 3; count += 1)
      expect((await visits.enter(robot, code.user_code)).status).toBe(200);
  });

  test('D08: right codes are not counted, however many', async () => {
    const robot = await visits.arrive();
    const code = await visits.ask();
    for (let count = 0; count < 22; count += 1) {
      expect((await visits.enter(robot, code.user_code)).status).toBe(200);
    }
  });

  test('D08: tries that come all at once are counted too: five of twenty are looked at', async () => {
    const robot = await visits.arrive();
    const form = await robot.get('/device');
    const guesses = Array.from({ length: 20 }, (_, count) =>
      robot.submit(form, { user_code: wrongCode(count) }, { button: 'Continue' }),
    );
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(countLookedAt(statuses)).toBe(5);
  });

  test('D08: twenty from one network, of whatever persons, and its next is refused for a minute; another network is not', async () => {
    await restart({
      'device_code.deployment': { max: 50, window_seconds: 600 },
      'device_code.first_try': ONE,
    });
    const robots: FormRobot[] = [];
    for (const name of ['Grace', 'Joan', 'Mary', 'Dorothy', 'Annie', 'Ida']) {
      const { email } = await visits.register(name);
      robots.push(await visits.arrive(email, `2001:db8:5:5::${robots.length + 1}`));
    }
    expect(await guess(robots, 24)).toEqual([...Array(20).fill(404), 429, 429, 429, 429]);
    const code = await visits.ask();
    const here = await visits.arrive('ada@example.com', '2001:db8:5:5::ffff');
    const elsewhere = await visits.arrive('ada@example.com', '2001:db8:5:6::a');
    expect((await visits.enter(here, code.user_code)).status).toBe(429);
    expect((await visits.enter(elsewhere, code.user_code)).status).toBe(200);
    later(MINUTE);
    expect((await visits.enter(here, code.user_code)).status).toBe(200);
  });

  test('D08 bar 3: of 100 wrong codes from 25 people at 25 addresses each has one looked at; who made no mistake does not wait', async () => {
    const robots = await arriveMany(25);
    const mobile = await visits.arrive('ada@example.com', '192.0.2.1');
    const code = await visits.ask({}, { 'X-Forwarded-For': '198.51.100.7' });

    // Twenty until the breaker, and then the first tries of the other five.
    expect(countLookedAt(await guess(robots, 100))).toBe(25);
    // A stranger who had guessed it would not be told.
    const [lucky] = robots;
    if (lucky !== undefined) {
      const refused = await visits.enter(lucky, code.user_code);
      expect(refused.status).toBe(429);
      expect(retryAfterOf(refused)).toBe(60);
    }
    const page = await visits.enter(mobile, code.user_code);
    expect(page.status).toBe(200);
    expect((await visits.decide(mobile, page, 'allow')).status).toBe(200);
  });

  test('D08 bar 3: a new person and a new address for each guess are bounded too; the right person waits a minute at most, at home not at all', async () => {
    const firstTries = { max: 4, window_seconds: 600 };
    await restart({ 'device_code.deployment': firstTries, 'device_code.first_try': firstTries });
    const robots = await arriveMany(12);
    const mobile = await visits.arrive('ada@example.com', '192.0.2.1');
    const home = await visits.arrive('ada@example.com', '198.51.100.7');
    const code = await visits.ask({}, { 'X-Forwarded-For': '198.51.100.7' });
    expect(countLookedAt(await guess(robots, 12))).toBe(8);
    const away = await visits.enter(mobile, code.user_code);
    expect(away.status).toBe(429);
    expect(retryAfterOf(away)).toBe(60);
    expect((await visits.enter(home, code.user_code)).status).toBe(200);
    later(MINUTE);
    expect((await visits.enter(mobile, code.user_code)).status).toBe(200);
  });

  test('bar 3: an attack that goes on minute after minute keeps out nobody who made no mistake, and one who made one is let in at home', async () => {
    const robots = await arriveMany(6);
    const home = await visits.arrive('ada@example.com', '198.51.100.7');
    const mobile = await visits.arrive('ada@example.com', '192.0.2.1');
    const { email } = await visits.register('Grace');
    const grace = await visits.arrive(email, '192.0.2.2');
    const code = await visits.ask({}, { 'X-Forwarded-For': '198.51.100.7' });
    let lookedAt = 0;
    for (let minute = 0; minute < 5; minute += 1) {
      lookedAt += countLookedAt(await guess(robots, 36, minute * 50));
      expect((await visits.enter(mobile, code.user_code)).status).toBe(200);
      expect((await visits.enter(grace, code.user_code)).status).toBe(200);
      later(MINUTE);
    }
    // Twenty, and then one a minute.
    expect(lookedAt).toBe(24);
    await guess(robots, 1, 900);
    expect((await visits.enter(home, wrongCode(1000))).status).toBe(404);
    await guess(robots, 1, 901);
    expect((await visits.enter(home, code.user_code)).status).toBe(200);
    expect((await visits.enter(mobile, code.user_code)).status).toBe(429);
  });
});

describe('D09: with the configured numbers no guess succeeds more often than once in 2^20', () => {
  function check(settings: Record<string, unknown>): void {
    const { limits, device } = loadSettings(settings);
    checkCodeGuessing(createLimits(limits), device);
  }
  const tenMinutes = (max: number) => ({ max, window_seconds: 600 });

  test('the defaults keep it: waiting codes by wrong codes in the life of one by 20^8', () => {
    const { limits, device } = loadSettings({});
    const table = createLimits(limits);
    // A life touches two windows, all but the last of each as they come; one more a minute.
    const within = (max: number) => 2 * (max - 1) + 11;
    const tries = within(20) + within(60) + within(20);
    expect(guessLikelihood(table, device)).toBe((100 * tries) / 20 ** 8);
    expect(guessLikelihood(table, device)).toBeLessThanOrEqual(2 ** -20);
    expect(() => check({})).not.toThrow();
  });

  test.each([
    ['more codes', { device: { max_pending: 108 } }],
    ['a longer life', { device: { code_seconds: 900 } }],
    ['more tries of all', { limits: { 'device_code.deployment': tenMinutes(29) } }],
    ['more first tries', { limits: { 'device_code.first_try': tenMinutes(69) } }],
    ['more tries of one network', { limits: { 'device_code.address': tenMinutes(29) } }],
    ['shorter windows', { limits: { 'device_code.deployment': { max: 20, window_seconds: 300 } } }],
    ['shorter pauses', { limits: { 'device_code.first_try': { ...tenMinutes(60), cool_down_seconds: 20 } } }],
  ])('%s than that are refused in words', (_words, settings) => {
    expect(() => check(settings)).toThrow(/somebody guesses a waiting code once in \d+ times/);
  });

  test('one number may rise where another falls, and where no device can pair nothing is asked', () => {
    expect(() => check({ device: { max_pending: 20, code_seconds: 900 } })).not.toThrow();
    expect(() => check({ device: { max_pending: 100_000, enabled: false } })).not.toThrow();
  });

  test('the server does not start with numbers that break it', async () => {
    await expect(createWorld({ settings: { device: { max_pending: 1000 } } })).rejects.toThrow(
      'device.max_pending',
    );
  });
});

describe('D31: device codes can be switched off', () => {
  test('for the deployment: nothing is left at any of its addresses, nor in the metadata', async () => {
    const world = await createWorld({ settings: { device: { enabled: false } } });
    const answer = await world.post('/device/code', { client_id: CLI });
    expect(answer.status).toBe(404);
    for (const path of ['/device', '/device/auth', '/device?user_code=ABCD']) {
      expect((await world.ask(path)).status).toBe(404);
    }
    const { body } = await world.ask('/.well-known/openid-configuration');
    expect(body.device_authorization_endpoint).toBeUndefined();
    expect(body.grant_types_supported).not.toContain('urn:ietf:params:oauth:grant-type:device_code');
    await world.close();
  });

  test('D03: for a client: without the grant in its registration it is unauthorized_client, and no code is kept', async () => {
    const world = await createWorld();
    const answer = await world.post(
      '/device/code',
      { client_id: world.notes.id },
      {
        Authorization: `Basic ${Buffer.from(`${world.notes.id}:${world.notes.secret}`).toString('base64')}`,
      },
    );
    expect([answer.status, answer.body.error]).toEqual([400, 'unauthorized_client']);
    expect((await world.app.parts.deviceCodes.countPending()).all).toBe(0);
    await world.close();
  });
});
