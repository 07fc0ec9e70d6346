// How long people stay signed in, as the server sees it: idle and in all, and less for administrators (ASVS 7.3; rows S11, S12).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { FormRobot } from '../support/form-robot.ts';
import { createWorldIn, type World } from '../support/world.ts';
import { emailOf, PASSWORD, signIn } from './people.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterAll(() => {
  vi.useRealTimers();
});

function passSeconds(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let app: TestApp;
  let world: World;
  const open: FormRobot[] = [];
  beforeAll(async () => {
    app = await startTestApp({ dialect });
    world = await createWorldIn(app);
    for (const [name, isAdmin] of [
      ['Grace', false],
      ['Hedy', true],
    ] as const) {
      await app.parts.accounts.register(
        { email: emailOf(name), name, password: PASSWORD, isAdmin },
        'operator',
      );
    }
  });
  afterAll(() => app.close());
  afterEach(() => {
    open.length = 0;
  });

  async function enter(name: string): Promise<FormRobot> {
    const robot = app.robot();
    expect((await signIn(robot, emailOf(name))).status).toBe(303);
    return robot;
  }

  async function isIn(robot: FormRobot): Promise<boolean> {
    return (await robot.get('/account')).status === 200;
  }

  test('S11: an administrator who is away for 30 minutes signs in again; everybody else does not', async () => {
    const [grace, hedy] = [await enter('Grace'), await enter('Hedy')];
    passSeconds(29 * MINUTE);
    expect([await isIn(grace), await isIn(hedy)]).toEqual([true, true]);
    passSeconds(29 * MINUTE);
    expect([await isIn(grace), await isIn(hedy)]).toEqual([true, true]);
    passSeconds(30 * MINUTE);
    expect([await isIn(grace), await isIn(hedy)]).toEqual([true, false]);
  });

  test('S11: however busy an administrator is, after 12 hours they sign in again', async () => {
    const hedy = await enter('Hedy');
    for (let passed = 0; passed < 12 * HOUR - 20 * MINUTE; passed += 20 * MINUTE) {
      passSeconds(20 * MINUTE);
      expect(await isIn(hedy)).toBe(true);
    }
    passSeconds(20 * MINUTE);
    expect(await isIn(hedy)).toBe(false);
  });

  test('S11: an app that asks silently is told the same', async () => {
    const robot = await enter('Hedy');
    const ask = async () => {
      const { back } = await world.authorize(world.notes, { prompt: 'none' }, robot);
      return back.searchParams.get('error');
    };
    expect(await ask()).toBe('consent_required');
    passSeconds(31 * MINUTE);
    expect(await ask()).toBe('login_required');
  });

  test('S11: a person who is away for 14 days signs in again', async () => {
    const grace = await enter('Grace');
    passSeconds(14 * DAY - MINUTE);
    expect(await isIn(grace)).toBe(true);
    const other = await enter('Grace');
    passSeconds(14 * DAY);
    expect(await isIn(other)).toBe(false);
  });

  test('S11: however busy a person is, after 30 days they sign in again', async () => {
    const grace = await enter('Grace');
    const { challenge } = { challenge: 'x'.repeat(43) };
    for (let day = 0; day < 29; day += 1) {
      passSeconds(DAY);
      await grace.get(world.authorizationPath(world.notes, challenge, { prompt: 'none' }));
      expect(await isIn(grace)).toBe(true);
    }
    passSeconds(DAY);
    expect(await isIn(grace)).toBe(false);
  });

  test('S11: a cookie that is kept longer than it should be is worth nothing', async () => {
    const hedy = await enter('Hedy');
    const kept = app.robot();
    for (const name of ['lk-session', 'lk-session.sig']) kept.setCookie(name, hedy.cookie(name) ?? '');
    expect(await isIn(kept)).toBe(true);
    passSeconds(31 * MINUTE);
    expect(await isIn(kept)).toBe(false);
  });

  test('S11: what is over is not listed', async () => {
    await enter('Hedy');
    passSeconds(31 * MINUTE);
    const hedy = await enter('Hedy');
    expect(
      (await hedy.get('/account/sessions')).html.match(/\/account\/sessions\/[\w-]+\/end"/g),
    ).toHaveLength(1);
  });

  test('S12: an operator ends every session of a person at once, and of nobody else', async () => {
    const [one, two, hedy] = [await enter('Grace'), await enter('Grace'), await enter('Hedy')];
    await app.parts.accounts.endSessions(await app.parts.accounts.get(emailOf('Grace')), 'operator');
    expect([await isIn(one), await isIn(two), await isIn(hedy)]).toEqual([false, false, true]);
  });
});
