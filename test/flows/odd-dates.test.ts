// The whole way of a person and an app on days that break programs (row F16): every moment is whole seconds, of 64 bits.
import { decodeJwt } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { dialects } from '../storage/ground.ts';
import { createWorld } from '../support/world.ts';

const LASTING = { scope: 'openid offline_access read:tasks', prompt: 'consent' };

/** The moments, a little before each. */
const moments = {
  'a leap day': '2028-02-28T23:59:58Z',
  'the clocks of Europe go forward': '2027-03-28T00:59:58Z',
  'the clocks of Europe go back': '2027-10-31T00:59:58Z',
  'a year begins': '2026-12-31T23:59:58Z',
  'signed 32 bits end': '2038-01-19T03:14:06Z',
  'the last years for which there are ids': '2094-12-31T23:59:58Z',
} as const;

afterEach(() => {
  vi.useRealTimers();
});

describe.each(dialects)('on %s', (dialect) => {
  test.each(Object.entries(moments))(
    'F16: %s while Ada is signed in: tokens live as long as they say',
    async (_what, moment) => {
      vi.useFakeTimers({ toFake: ['Date'] });
      vi.setSystemTime(new Date(moment));
      const world = await createWorld({ dialect });
      try {
        const began = Math.floor(Date.now() / 1000);
        const robot = world.app.robot();
        const tokens = await world.signIn(world.notes, LASTING, robot);
        const claims = decodeJwt(tokens.id_token);
        expect(claims).toMatchObject({ iat: began, exp: began + world.app.config.tokens.id_token_seconds });
        vi.setSystemTime((began + 4) * 1000);
        const { body } = await world.introspect(world.api, tokens.access_token);
        expect(body).toMatchObject({ active: true, iat: began, exp: began + 3600 });
        const refreshed = await world.refresh(world.notes, tokens.refresh_token);
        expect(refreshed.status).toBe(200);
        expect((await robot.get('/account')).status).toBe(200);
        expect((await world.signIn(world.notes, {}, robot)).access_token).toBeDefined();
        vi.setSystemTime((began + 3600) * 1000);
        expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
        const rows = await world.app.parts.database.list<{ expires_at: unknown }>(
          sql`SELECT expires_at FROM access_tokens ORDER BY id LIMIT 10`,
        );
        expect(rows[0]?.expires_at).toBe(began + 3600);
        expect(await world.app.parts.audit.findBreaks()).toEqual([]);
      } finally {
        await world.close();
      }
    },
  );
});
