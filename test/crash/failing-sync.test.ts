// A disk that fails to keep what it was given (row F05), under a real server: nothing is said to be done that may be lost.
import { afterEach, expect, test } from 'vitest';
import { breakSync } from '../support/failing-sync.ts';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import { openSqliteFile } from '../support/sqlite-file.ts';
import { checkUnavailable } from '../support/unavailable.ts';
import { basic, createWorldIn, type TokenSet } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const ROUNDS = 4;
// A machine that does much else besides.
const PATIENCE_MILLISECONDS = 90_000;

let place: ServerPlace;
let server: ServerProcess;
afterEach(async () => {
  await server?.kill();
  await place?.close();
});

test(
  'F05: while fsync fails every write is 503 and reads go on; after it, and after kill -9, all that was said is so',
  async ({ skip }) => {
    place = await createServerPlace();
    server = await place.start();
    await server.ready;
    const world = await createWorldIn(place);
    const victims = [];
    for (let count = 0; count < ROUNDS; count += 1) victims.push(await world.signIn(world.notes, OFFLINE));
    let last = victims.pop() as TokenSet;
    const revoke = ({ access_token: token }: TokenSet) =>
      world.post('/revoke', { token }, basic(world.notes));

    for (const victim of victims) {
      const mend = breakSync(server.child.pid);
      if (mend === undefined) return skip('the memory of another process is closed to us');
      checkUnavailable(await world.refresh(world.notes, last.refresh_token));
      checkUnavailable(await revoke(victim));
      expect((await world.introspect(world.api, victim.access_token)).body.active).toBe(true);
      expect((await world.ask('/jwks')).status).toBe(200);
      mend();
      const { status, body } = await world.refresh(world.notes, last.refresh_token);
      expect(status).toBe(200);
      last = body as TokenSet;
      expect((await revoke(victim)).status).toBe(200);
    }
    breakSync(server.child.pid);
    checkUnavailable(await world.refresh(world.notes, last.refresh_token));
    await server.kill();
    await place.leave();

    const file = openSqliteFile(place.sqliteFile);
    expect(file.pragma('integrity_check', { simple: true })).toBe('ok');
    file.close();
    server = await place.start();
    await server.ready;
    for (const victim of victims)
      expect((await world.introspect(world.api, victim.access_token)).body.active).toBe(false);
    expect((await world.refresh(world.notes, last.refresh_token)).status).toBe(200);
  },
  PATIENCE_MILLISECONDS,
);
