// A server that may have little: file descriptors and memory (row F28). It says no, and serves again when there is more.
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import { createWorldIn } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const DESCRIPTORS = 64;
const SOCKETS = 150;
const HEAP_MEGABYTES = 80;
const LARGE_BYTES = 50_000;
const CROWD = 200;
const ROUNDS = 2;
// A machine that does much else besides.
const PATIENCE_MILLISECONDS = 90_000;

let place: ServerPlace;
let server: ServerProcess;
afterEach(async () => {
  await server?.kill();
  await place?.close();
});

function open(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => resolve(socket));
  });
}

test(
  'F28: with 64 file descriptors, all of them taken, it lives, and serves on when they are given back',
  async () => {
    place = await createServerPlace();
    server = await place.start({ limits: `ulimit -n ${DESCRIPTORS}` });
    await server.ready;
    const world = await createWorldIn(place);
    const { refresh_token: token } = await world.signIn(world.notes, OFFLINE);
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => open(server.port)));
    // There is none for each of them: the last ones are cut off.
    await Promise.any(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    for (const socket of sockets) socket.destroy();
    // It hears of each one by one; until the first is free whoever comes is cut off as well.
    const isServing = async () => (await server.ask('/readyz').catch(() => undefined))?.status;
    await expect.poll(isServing, { timeout: 10_000 }).toBe(200);
    expect((await world.refresh(world.notes, token)).status).toBe(200);
    expect(server.isGone()).toBe(false);
  },
  PATIENCE_MILLISECONDS,
);

test(
  'F28: with a heap of a few megabytes a crowd with large bodies is answered, and nobody ends the server',
  async () => {
    place = await createServerPlace();
    server = await place.start({ limits: `export NODE_OPTIONS=--max-old-space-size=${HEAP_MEGABYTES}` });
    await server.ready;
    const world = await createWorldIn(place);
    const { refresh_token: token, access_token: access } = await world.signIn(world.notes, OFFLINE);
    const large = 'x'.repeat(LARGE_BYTES);
    for (let round = 0; round < ROUNDS; round += 1) {
      const crowd = Array.from({ length: CROWD }, (_, index) =>
        index % 2 === 0
          ? world.introspect(world.api, `${access}${large}`)
          : world.post('/token', { grant_type: 'refresh_token', refresh_token: large, client_id: 'nobody' }),
      );
      for (const { status } of await Promise.all(crowd))
        expect([200, 400, 401, 413, 429, 503]).toContain(status);
    }
    expect((await world.refresh(world.notes, token)).status).toBe(200);
    expect(server.isGone()).toBe(false);
  },
  PATIENCE_MILLISECONDS,
);
