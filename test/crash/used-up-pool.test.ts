// All connections to PostgreSQL are taken and none comes back (row F11): whoever waits is told no in time, and health is told.
import { afterEach, expect, test } from 'vitest';
import { createTestDatabase } from '../support/postgres.ts';
import { openPostgresSession } from '../support/postgres-session.ts';
import { checkUnavailable } from '../support/unavailable.ts';
import { createWorld, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const CROWD = 200;

let world: World;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let session: Awaited<ReturnType<typeof openPostgresSession>>;
afterEach(async () => {
  await session?.close();
  await world?.close();
  await database?.drop();
});

test.each([
  ['reads', 'access_tokens'],
  ['writes', 'audit_events'],
])(
  'F11: with a pool of two whose %s hang, 200 at once are told 503 while they hang, and nobody after it',
  async (hanging, table) => {
    database = await createTestDatabase();
    world = await createWorld({ settings: { database: { url: database.url, pool_max: 2 } } });
    session = await openPostgresSession(database.url);
    const tokens: TokenSet[] = [];
    for (let count = 0; count < 2; count += 1) tokens.push(await world.signIn(world.notes, OFFLINE));
    const { access_token: access } = tokens[0] as TokenSet;

    await session.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    const crowd = Array.from({ length: CROWD }, (_, index) =>
      hanging === 'reads'
        ? world.introspect(world.api, access)
        : world.refresh(world.notes, tokens[index % tokens.length]?.refresh_token ?? ''),
    );
    expect((await world.ask('/livez')).status).toBe(200);
    expect((await world.ask('/jwks')).status).toBe(200);
    // Nothing is given back before all of them have their answer.
    for (const answer of await Promise.all(crowd)) checkUnavailable(answer);
    if (hanging === 'writes') expect((await world.introspect(world.api, access)).body.active).toBe(true);
    await session.query('ROLLBACK');

    expect((await world.ask('/readyz')).status).toBe(200);
    expect((await world.introspect(world.api, access)).body.active).toBe(true);
    for (const { refresh_token } of tokens)
      expect((await world.refresh(world.notes, refresh_token)).status).toBe(200);
    expect(await world.app.parts.audit.findBreaks()).toEqual([]);
  },
);
