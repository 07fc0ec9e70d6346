// Two server processes on one database: whoever comes at the same moment, one token is spent once (RFC 6749 sections 4.1.2 and 6).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { parseRefreshToken } from '../../server/storage/token-format.ts';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import type { Answer } from '../support/program.ts';
import { basic, createWorldIn, describeWorld, type TokenSet, type World } from '../support/world.ts';

const ROUNDS = 20;
const AT_ONCE = 50;
const TRIALS = 100;
const OFFLINE = { scope: 'openid offline_access read:tasks' };

type Door = Pick<World, 'redeem' | 'refresh' | 'post'>;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let place: ServerPlace;
  let servers: ServerProcess[];
  let first: World;
  let doors: Door[];
  let robot: ReturnType<World['app']['robot']>;

  beforeAll(async () => {
    place = await createServerPlace({ dialect });
    servers = await Promise.all([place.start(), place.start({ port: await place.findFreePort() })]);
    await Promise.all(servers.map((server) => server.ready));
    first = await createWorldIn(place);
    doors = servers.map(({ port }) => describeWorld({ ...place, port }));
    robot = place.robot();
  });

  afterAll(async () => {
    await Promise.all((servers ?? []).map((server) => server.kill()));
    await place?.close();
  });

  /** The same request fifty times at once, at either process in turn. */
  function storm(send: (door: Door) => Promise<Answer>): Promise<Answer[]> {
    return Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) => send(doors[index % doors.length] as Door)),
    );
  }

  function check(answers: Answer[]): { won: Answer[]; lost: Answer[] } {
    const won = answers.filter(({ status }) => status === 200);
    const lost = answers.filter(({ status }) => status !== 200);
    for (const { status, body } of lost) expect([status, body.error]).toEqual([400, 'invalid_grant']);
    return { won, lost };
  }

  test(`R03 H1 H2 F12: of ${AT_ONCE} refreshes at once, ${ROUNDS} times, all get the same successor`, async () => {
    let { refresh_token: token } = await first.signIn(first.notes, OFFLINE, robot);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { won } = check(await storm((door) => door.refresh(first.notes, token)));
      const successors = new Set(won.map(({ body }) => body.refresh_token as string));
      expect(successors.size).toBe(1);
      const [successor] = successors;
      expect(successor).not.toBe(token);
      token = successor as string;
    }
    const family = parseRefreshToken(token)?.family ?? 0;
    const rows = await place.parts.database.list<{ generation: number }>(
      sql`SELECT generation FROM refresh_tokens WHERE family = ${family} LIMIT 100`,
    );
    expect(rows).toHaveLength(ROUNDS + 1);
  });

  test(`R07 F14: ${TRIALS} refreshes beside a revocation: once that is acknowledged, nothing minted is active`, async () => {
    let minted = 0;
    for (let trial = 0; trial < TRIALS; trial += 1) {
      const tokens = await first.signIn(first.notes, OFFLINE, robot);
      const [refreshing, revoking] = (trial % 2 === 0 ? doors : doors.toReversed()) as [Door, Door];
      const [refreshed, revoked] = await Promise.all([
        refreshing.refresh(first.notes, tokens.refresh_token),
        pause(trial % 7).then(() =>
          revoking.post('/revoke', { token: tokens.refresh_token }, basic(first.notes)),
        ),
      ]);
      expect(revoked.status).toBe(200);
      const { won } = check([refreshed]);
      minted += won.length;
      const made = [tokens, ...won.map(({ body }) => body as TokenSet)];
      for (const { access_token, refresh_token } of made) {
        expect((await first.introspect(first.api, access_token)).body).toEqual({ active: false });
        expect((await refreshing.refresh(first.notes, refresh_token)).status).toBe(400);
      }
    }
    // Both orders were seen, or the race was none.
    expect(minted).toBeGreaterThan(0);
    expect(minted).toBeLessThan(TRIALS);
  });

  test(`T14 H1 H14 F12: of ${AT_ONCE} redemptions of one code at once, ${ROUNDS} times, exactly one gets tokens`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const got = await first.authorize(first.notes, OFFLINE, robot);
      const { won } = check(await storm((door) => door.redeem(first.notes, got)));
      expect(won).toHaveLength(1);
      const [tokens] = won.map(({ body }) => body as TokenSet);
      const family = parseRefreshToken(tokens?.refresh_token ?? '')?.family ?? 0;
      const families = await place.parts.database.list<{ family: number }>(
        sql`SELECT DISTINCT family FROM refresh_tokens WHERE grant_id =
          (SELECT grant_id FROM refresh_tokens WHERE family = ${family} LIMIT 1) LIMIT 10`,
      );
      expect(families).toEqual([{ family }]);
    }
  });
});
