// Two server processes on one database: an assertion is redeemed once, whoever comes at the same moment, and also after a restart (RFC 7523 section 3).
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import {
  type Door,
  expectToken,
  present,
  REFUSED,
  type TrustedSigner,
  trustIssuer,
} from '../service-accounts/issuers.ts';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import { createWorldIn, describeWorld, type World } from '../support/world.ts';

const ROUNDS = 20;
const AT_ONCE = 50;

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let place: ServerPlace;
  let servers: ServerProcess[];
  let world: World;
  let doors: Door[];
  let ci: TrustedSigner;

  beforeAll(async () => {
    place = await createServerPlace({ dialect });
    servers = await Promise.all([place.start(), place.start({ port: await place.findFreePort() })]);
    await Promise.all(servers.map((server) => server.ready));
    world = await createWorldIn(place);
    doors = servers.map(({ port }) => describeWorld({ ...place, port }));
    ci = await trustIssuer(world);
  });
  afterAll(async () => {
    await Promise.all((servers ?? []).map((server) => server.kill()));
    await place?.close();
  });

  test(`J06 F12: of ${AT_ONCE} that present one assertion at once, ${ROUNDS} times, exactly one gets a token`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const assertion = ci.assert();
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) =>
          present(doors[index % doors.length] as Door, assertion),
        ),
      );
      const lost = answers.filter(({ status }) => status !== 200);
      expect(lost).toHaveLength(AT_ONCE - 1);
      // J15: whoever lost the race hears what everybody else hears.
      for (const { status, body } of lost) expect([status, body]).toEqual([400, REFUSED]);
      const [won] = answers.filter(({ status }) => status === 200);
      const told = await world.introspect(world.api, String(won?.body.access_token));
      expect(told.body).toMatchObject({ active: true, sub: ci.id });
    }
    const made = await place.parts.database.find<{ count: number }>(
      sql`SELECT COUNT(*) AS count FROM access_tokens WHERE asserted_by = ${ci.id}`,
    );
    expect(Number(made?.count)).toBe(ROUNDS);
  });

  test('J09: what was spent stays spent when the servers start anew, under a key that never changes', async () => {
    const assertion = ci.assert({ jti: 'job-1' });
    await expectToken(world, assertion);
    const key = createHash('sha256').update(`jwt-bearer ["${ci.issuer}","job-1"]`).digest();
    const row = await place.parts.database.find(sql`SELECT 1 AS one FROM replays WHERE id_hash = ${key}`);
    expect(row).toEqual({ one: 1 });
    await servers[0]?.kill();
    const again = await place.start();
    servers[0] = again;
    await again.ready;
    for (const door of doors) expect((await present(door, assertion)).body).toEqual(REFUSED);
    await expectToken(world, ci.assert({ jti: 'job-2' }));
  });
});
