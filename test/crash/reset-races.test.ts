// Two server processes on one database: whoever comes at the same moment, a link to choose a new password works once (row S14).
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPasswordReset } from '../../server/accounts/password-reset.ts';
import { sql } from '../../server/storage/statement.ts';
import { createFormRobot, type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { createServerPlace, type ServerPlace, type ServerProcess } from '../support/processes.ts';
import { PASSWORD } from '../support/world.ts';

const ROUNDS = 5;
const AT_ONCE = 50;
const EMAIL = 'ada@example.com';
const settings = { limits: { 'password_reset.address': { max: 10_000, window_seconds: 3600 } } };

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let place: ServerPlace;
  let servers: ServerProcess[];
  let robots: FormRobot[];

  beforeAll(async () => {
    place = await createServerPlace({ dialect, settings });
    servers = await Promise.all([place.start(), place.start({ port: await place.findFreePort() })]);
    await Promise.all(servers.map((server) => server.ready));
    await place.parts.accounts.register(
      { email: EMAIL, name: 'Ada Lovelace', password: PASSWORD },
      'operator',
    );
    const { issuer } = place.config;
    robots = servers.map(({ port }) => createFormRobot({ origin: issuer, port }));
  });
  afterAll(async () => {
    await Promise.all((servers ?? []).map((server) => server.kill()));
    await place?.close();
  });

  /** Asks for a link; answers what its mail would hold. */
  async function askForLink(): Promise<string> {
    let sent = '';
    const mail = {
      ...place.parts.mail,
      resetPassword: (_to: unknown, link: { secret: string }) => {
        sent = link.secret;
      },
    };
    await createPasswordReset({ ...place.parts, mail }).ask(EMAIL, { maySend: true });
    return `/reset-password/${sent}`;
  }

  /** Another password in each of fifty forms, sent at once, at either process in turn. */
  async function storm(path: string): Promise<{ page: Page; password: string }[]> {
    const forms = await Promise.all(robots.map((robot) => robot.get(path)));
    return Promise.all(
      Array.from({ length: AT_ONCE }, async (_, index) => {
        const turn = index % robots.length;
        const password = `slow wheels of brass ${path.slice(-8)} ${index}`;
        const page = await (robots[turn] as FormRobot).submit(forms[turn] as Page, { password });
        return { page, password };
      }),
    );
  }

  function mayEnter(password: string): Promise<boolean> {
    return place.parts.accounts.signIn({ email: EMAIL, password, address: '192.0.2.1' }).then(
      () => true,
      () => false,
    );
  }

  async function countResets(): Promise<number> {
    const row = await place.parts.database.find<{ count: number }>(
      sql`SELECT COUNT(*) AS count FROM audit_events WHERE type = 'account.password_reset'`,
    );
    return Number(row?.count);
  }

  test(`S14 F12: of ${AT_ONCE} uses of one link at once, ${ROUNDS} times, exactly one sets its password`, async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const answers = await storm(await askForLink());
      const won = answers.filter(({ page }) => page.status === 200);
      const lost = answers.filter(({ page }) => page.status !== 200);
      expect(won).toHaveLength(1);
      expect(mainTextOf(won[0]?.page as Page)).toContain('Your password is changed');
      // 503: more passwords are not hashed at once.
      for (const { page } of lost) expect([404, 503]).toContain(page.status);
      const raced = lost.filter(({ page }) => page.status === 404);
      expect(raced.length).toBeGreaterThan(AT_ONCE / 4);
      expect(await countResets()).toBe(round);
      expect(await mayEnter(won[0]?.password ?? '')).toBe(true);
      expect(await mayEnter(raced[0]?.password ?? '')).toBe(false);
    }
  });
});
