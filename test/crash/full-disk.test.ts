// A real disk without room, under a real server (row F04). It needs the right to mount; elsewhere token-storage.test.ts stands for it.
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createServerPlace } from '../support/processes.ts';
import { mountSmallDisk } from '../support/storage-faults.ts';
import { createWorldIn, type TokenSet } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const DISK_BYTES = 6_000_000;

const disk = mountSmallDisk(DISK_BYTES);
afterAll(() => disk?.remove());

test.skipIf(disk === undefined)(
  'H3 F04: with the disk full nothing acknowledged is missing, and with room again it goes on without a restart',
  async () => {
    const directory = join(disk?.directory ?? '', 'place');
    mkdirSync(directory);
    const place = await createServerPlace({ directory });
    const server = await place.start();
    try {
      await server.ready;
      const world = await createWorldIn(place);
      const robot = place.robot();
      const victim = await world.signIn(world.notes, OFFLINE, robot);
      let token = (await world.signIn(world.notes, OFFLINE, robot)).refresh_token;
      await place.leave();
      const { bavail, bsize } = statfsSync(directory);
      const filler = join(directory, 'filler');
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - 20) * bsize));

      let answer = await world.refresh(world.notes, token);
      for (let count = 0; answer.status === 200 && count < 500; count += 1) {
        token = (answer.body as TokenSet).refresh_token;
        answer = await world.refresh(world.notes, token);
      }
      expect([answer.status, answer.body.error]).toEqual([503, 'temporarily_unavailable']);
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect((await world.introspect(world.api, victim.access_token)).body.active).toBe(true);

      rmSync(filler);
      const after = await world.refresh(world.notes, token);
      expect(after.status).toBe(200);
      const { access_token } = after.body as TokenSet;
      expect((await world.introspect(world.api, access_token)).body.active).toBe(true);
    } finally {
      await server.kill();
      await place.close();
    }
  },
);
