// A bug that nobody caught (row F22): what runs is finished, the process ends and says so, and the next one finds everything.
import { afterEach, expect, test } from 'vitest';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import { createWorldIn, type TokenSet } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const BUG = "new TypeError('a planted bug')";

/** A module that has the bug happen when the signal comes. */
function plant(code: string): string {
  return `data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => setImmediate(() => { ${code} }));`)}`;
}

// A machine that does much else besides.
const PATIENCE_MILLISECONDS = 90_000;

let place: ServerPlace;
let server: ServerProcess;
afterEach(async () => {
  await server?.kill();
  await place?.close();
});

test.each([
  ['an exception', `throw ${BUG}`],
  ['a rejection', `void Promise.reject(${BUG})`],
])(
  'F22: after %s that nobody caught, running requests are answered, the exit status is 1, and nothing is lost',
  async (_name, code) => {
    place = await createServerPlace();
    server = await place.start({ preload: plant(code) });
    await server.ready;
    const world = await createWorldIn(place);
    const robot = world.app.robot();
    const tokens: TokenSet[] = [];
    for (let count = 0; count < 4; count += 1) tokens.push(await world.signIn(world.notes, OFFLINE, robot));
    const running = tokens.map(({ refresh_token }) => world.refresh(world.notes, refresh_token));
    const first = await Promise.race(running);
    server.child.kill('SIGUSR2');
    const answers = await Promise.all(running.map((one) => one.catch(() => undefined)));
    await server.ended;
    expect(server.child.exitCode).toBe(1);
    expect(first.status).toBe(200);

    server = await place.start();
    await server.ready;
    for (const [index, answer] of answers.entries()) {
      expect([200, 503, undefined]).toContain(answer?.status);
      const token = (answer?.body.refresh_token ?? tokens[index]?.refresh_token) as string;
      expect((await world.refresh(world.notes, token)).status).toBe(200);
    }
  },
  PATIENCE_MILLISECONDS,
);
