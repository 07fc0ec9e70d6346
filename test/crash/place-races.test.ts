// Two server processes on one database: however many devices ask at the same moment, no more codes wait than may (rows D09, D28).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { CLI } from '../support/devices.ts';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import type { Answer } from '../support/program.ts';
import { describeWorld, type World } from '../support/world.ts';

const ROUNDS = 8;
const AT_ONCE = 50;
const MOST = 12;
const MOST_OF_NETWORK = 5;
const settings = {
  trusted_proxies: ['127.0.0.0/8'],
  limits: { 'device_code.issue': { max: 100_000, window_seconds: 60 } },
  device: { max_pending: MOST, max_pending_per_network: MOST_OF_NETWORK },
};

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let place: ServerPlace;
  let servers: ServerProcess[];
  let doors: Pick<World, 'post'>[];

  beforeAll(async () => {
    place = await createServerPlace({ dialect, settings });
    servers = await Promise.all([place.start(), place.start({ port: await place.findFreePort() })]);
    await Promise.all(servers.map((server) => server.ready));
    doors = servers.map(({ port }) => describeWorld({ ...place, port }));
  });
  afterAll(async () => {
    await Promise.all((servers ?? []).map((server) => server.kill()));
    await place?.close();
  });

  /** Fifty devices at once, at either process in turn. */
  function storm(addressOf: (index: number) => string): Promise<Answer[]> {
    return Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        (doors[index % doors.length] as Pick<World, 'post'>).post(
          '/device/code',
          { client_id: CLI.id, scope: 'openid read:tasks' },
          { 'X-Forwarded-For': addressOf(index) },
        ),
      ),
    );
  }

  /** How many got a code; every other was told to come again. */
  function countIssued(answers: Answer[]): number {
    const refused = answers.filter(({ status }) => status !== 200);
    for (const { status, body, headers } of refused) {
      expect([status, body.error]).toEqual([429, 'slow_down']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    return answers.length - refused.length;
  }

  function forgetAll(): Promise<void> {
    const { database } = place.parts;
    return database.transact(() => database.write(sql`DELETE FROM device_codes`));
  }

  test(`D28 F12: of ${AT_ONCE} devices in as many networks, ${ROUNDS} times, exactly as many get a code as may wait`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      expect(countIssued(await storm((index) => `198.51.100.${index + 1}`))).toBe(MOST);
      expect((await place.parts.deviceCodes.countPending()).all).toBe(MOST);
      await forgetAll();
    }
  });

  test(`D28 F12: of ${AT_ONCE} devices in one network, ${ROUNDS} times, exactly its share get one; another network still does`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      expect(countIssued(await storm((index) => `2001:db8:5:5::${index + 1}`))).toBe(MOST_OF_NETWORK);
      expect(countIssued(await storm(() => '192.0.2.1'))).toBe(MOST_OF_NETWORK);
      expect(countIssued(await storm(() => '192.0.2.2'))).toBe(MOST - 2 * MOST_OF_NETWORK);
      await forgetAll();
    }
  });
});
