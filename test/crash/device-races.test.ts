// Two server processes on one database: whoever comes at the same moment, a device code has one fate (RFC 8628 section 3.5).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatGrantId } from '../../server/grants/grants.ts';
import { sql } from '../../server/storage/statement.ts';
import { parseRefreshToken } from '../../server/storage/token-format.ts';
import { askForCode, CLI, type DeviceCode, enterCode, MANY_CODES, pair, poll } from '../support/devices.ts';
import { createFormRobot, type FormRobot, type Page } from '../support/form-robot.ts';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import type { Answer } from '../support/program.ts';
import { createWorldIn, describeWorld, type TokenSet, type World } from '../support/world.ts';

const ROUNDS = 10;
const AT_ONCE = 50;
const TRIALS = 60;
const TRIALS_OF_REVOCATION = 30;
const LONGEST_PAUSE_MILLISECONDS = 12;
const EXPIRING_SECONDS = 3;
const EXPIRING_AT_ONCE = 12;

type Door = Pick<World, 'token' | 'post' | 'refresh'>;
type Outcome = {
  state: string;
  grant_id: number | null;
  account_id: string | null;
  consumed_at: number | null;
};

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Up to so long, another time at each call. */
function pauseAWhile(): Promise<void> {
  return pause(Math.random() * LONGEST_PAUSE_MILLISECONDS);
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let place: ServerPlace;
  let servers: ServerProcess[];
  let world: World;
  let doors: [Door, Door];
  let robots: [FormRobot, FormRobot];

  beforeAll(async () => {
    place = await createServerPlace({ dialect, settings: MANY_CODES });
    servers = await Promise.all([place.start(), place.start({ port: await place.findFreePort() })]);
    await Promise.all(servers.map((server) => server.ready));
    world = await createWorldIn(place);
    const { issuer } = place.config;
    doors = servers.map(({ port }) => describeWorld({ ...place, port })) as never;
    robots = servers.map(({ port }) => createFormRobot({ origin: issuer, port })) as never;
  });
  afterAll(async () => {
    await Promise.all((servers ?? []).map((server) => server.kill()));
    await place?.close();
  });

  /** Fifty polls at once, at either process in turn. */
  function storm(code: DeviceCode): Promise<Answer[]> {
    return Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => poll(doors[index % 2 === 0 ? 0 : 1], code)),
    );
  }

  function countDeviceGrants(): Promise<number> {
    return place.parts.database
      .find<{ count: number }>(sql`SELECT COUNT(*) AS count FROM grants WHERE kind = 'device'`)
      .then((row) => Number(row?.count));
  }

  async function outcomeOf({ device_code }: DeviceCode): Promise<Outcome> {
    const { idHash } = (await place.parts.deviceCodes.find(device_code)) ?? {};
    const row = await place.parts.database.find<Outcome>(
      sql`SELECT state, grant_id, account_id, consumed_at FROM device_codes WHERE id_hash = ${idHash ?? null}`,
    );
    if (row === undefined) throw new Error('the code is gone');
    return row;
  }

  test(`D15 H1 F12: of ${AT_ONCE} polls at once, ${ROUNDS} times, all that win get one refresh token of one grant`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await countDeviceGrants();
      const code = await askForCode(doors[0]);
      await pair(robots[round % 2 === 0 ? 0 : 1], code);
      const answers = await storm(code);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      const tokens = new Set(answers.map(({ body }) => String(body.refresh_token)));
      expect(tokens.size).toBe(1);
      const [refreshToken = ''] = tokens;
      const rows = await place.parts.database.list(
        sql`SELECT generation FROM refresh_tokens WHERE family = ${parseRefreshToken(refreshToken)?.family ?? 0} LIMIT 10`,
      );
      expect(rows).toHaveLength(1);
      expect(await countDeviceGrants()).toBe(before + 1);
      // What was handed out fifty times is good at either process, and good once.
      expect((await doors[1].refresh(CLI, refreshToken)).status).toBe(200);
      expect((await poll(doors[0], code)).body.error).toBe('invalid_grant');
    }
  });

  test('D15 F12: approved in the middle of a storm of polls, there is one grant and one refresh token', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const code = await askForCode(doors[0]);
      const question = await enterCode(robots[1], code.user_code);
      const [answers] = await Promise.all([
        storm(code),
        pauseAWhile().then(() => robots[1].send(question, {}, { button: 'decision=allow' })),
      ]);
      const told = new Set(answers.map(({ body }) => body.error));
      for (const error of told) expect([undefined, 'authorization_pending', 'slow_down']).toContain(error);
      const last = await poll(doors[0], code);
      const all = [...answers, last].filter(({ status }) => status === 200);
      expect(last.status).toBe(200);
      expect(new Set(all.map(({ body }) => body.refresh_token)).size).toBe(1);
    }
  });

  /** Allow at one process, deny at the other, polls at both, each a little later than another. */
  async function race(code: DeviceCode): Promise<{ pages: Page[]; polls: Answer[] }> {
    const [first, second] = [
      await enterCode(robots[0], code.user_code),
      await enterCode(robots[1], code.user_code),
    ];
    const decide = async (robot: FormRobot, page: Page, decision: string) => {
      await pauseAWhile();
      return robot.send(page, {}, { button: `decision=${decision}` });
    };
    const ask = (door: Door) => pauseAWhile().then(() => poll(door, code));
    const [pages, polls] = await Promise.all([
      Promise.all([decide(robots[0], first, 'allow'), decide(robots[1], second, 'deny')]),
      Promise.all([ask(doors[0]), ask(doors[1]), ask(doors[0]), ask(doors[1])]),
    ]);
    return { pages, polls };
  }

  async function isActive({ body }: Answer): Promise<unknown> {
    return (await world.introspect(world.api, String(body.access_token))).body.active;
  }

  /** The table of what may be: one decision, told to both; tokens exactly if it was allowed. */
  async function checkFate(
    code: DeviceCode,
    { pages, polls }: Awaited<ReturnType<typeof race>>,
  ): Promise<string> {
    const { state, grant_id: grantId } = await outcomeOf(code);
    const isAllowed = pages[0]?.status === 200;
    expect(pages.map(({ status }) => status).toSorted()).toEqual([200, expect.toBeOneOf([409, 410])]);
    expect(state).toBe(isAllowed ? 'approved' : 'denied');
    const last = await poll(doors[0], code);
    const won = [...polls, last].filter(({ status }) => status === 200);
    const told = new Set([...polls, last].map(({ body }) => body.error));
    if (isAllowed) {
      for (const error of told) expect([undefined, 'authorization_pending', 'slow_down']).toContain(error);
      expect(last.status).toBe(200);
      expect(new Set(won.map(({ body }) => body.refresh_token)).size).toBe(1);
      expect(parseRefreshToken(String(last.body.refresh_token))?.family).toBe(grantId);
      expect(await isActive(last)).toBe(true);
    } else {
      const legal = ['authorization_pending', 'slow_down', 'access_denied', 'invalid_grant'];
      for (const error of told) expect(legal).toContain(error);
      // Told once: as soon as it is known it is spent.
      expect([...polls, last].filter(({ body }) => body.error === 'access_denied')).toHaveLength(1);
      expect(grantId).toBeNull();
    }
    return state;
  }

  test(`F13 D19: allow, deny and polls in ${TRIALS} random orders end in one legal state, told to everybody`, async () => {
    const seen = new Set<string>();
    const before = await countDeviceGrants();
    let allowed = 0;
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const code = await askForCode(doors[0]);
      const state = await checkFate(code, await race(code));
      seen.add(state);
      if (state === 'approved') allowed += 1;
    }
    // Both orders were seen, or the race was none; and no lost approval left a grant behind.
    expect(seen).toEqual(new Set(['approved', 'denied']));
    expect(await countDeviceGrants()).toBe(before + allowed);
  });

  test(`F13 F14: the owner revokes beside ${TRIALS_OF_REVOCATION} redemptions: once it is acknowledged nothing is active`, async () => {
    for (let trial = 0; trial < TRIALS_OF_REVOCATION; trial += 1) {
      const code = await askForCode(doors[0]);
      await pair(robots[0], code);
      const { grant_id: grantId } = await outcomeOf(code);
      const [answers] = await Promise.all([
        Promise.all([poll(doors[0], code), poll(doors[1], code)]),
        pauseAWhile().then(() => place.parts.grants.revokeOwn(world.ada.id, formatGrantId(grantId ?? 0))),
      ]);
      for (const answer of answers) {
        if (answer.status !== 200) {
          expect(answer.body.error).toBe('invalid_grant');
          continue;
        }
        const { refresh_token } = answer.body as TokenSet;
        expect(await isActive(answer)).toBe(false);
        expect((await doors[1].refresh(CLI, refresh_token)).body.error).toBe('invalid_grant');
      }
      expect((await poll(doors[1], code)).body.error).toBe('invalid_grant');
    }
  });
});

test('F13 D13: codes that expire while they are decided and polled end expired, or with tokens of one grant', async () => {
  const settings = { ...MANY_CODES, device: { code_seconds: EXPIRING_SECONDS } };
  const place = await createServerPlace({ settings });
  const server = await place.start();
  try {
    await server.ready;
    const world = await createWorldIn(place);
    const robot = place.robot();
    const seen = new Set<string>();
    await pair(robot, await askForCode(world));
    const trials: { code: DeviceCode; dueAt: number; question: Page }[] = [];
    for (let count = 0; count < EXPIRING_AT_ONCE; count += 1) {
      const code = await askForCode(world);
      const dueAt = Date.now() + EXPIRING_SECONDS * 1000;
      trials.push({ code, dueAt, question: await enterCode(robot, code.user_code) });
    }
    await Promise.all(
      trials.map(async ({ code, dueAt, question }, index) => {
        await pause(dueAt - Date.now() - 1200 + index * 150);
        const page = await robot.send(question, {}, { button: 'decision=allow' });
        const answer = await poll(world, code);
        // A second is the grain of the clock.
        await pause(dueAt + 1100 - Date.now());
        expect((await poll(world, code)).body.error).toBe('expired_token');
        seen.add(`${page.status} ${answer.body.error ?? 'tokens'}`);
        if (answer.status !== 200) return;
        expect(page.status).toBe(200);
        const { access_token } = answer.body as TokenSet;
        expect((await world.introspect(world.api, access_token)).body.active).toBe(true);
      }),
    );
    for (const one of seen)
      expect(['200 tokens', '200 expired_token', '410 expired_token', '409 expired_token']).toContain(one);
    expect(seen).toContain('200 tokens');
    expect(seen).toContain('410 expired_token');
  } finally {
    await server.kill();
    await place.close();
  }
});
