// Telling apps of ended sessions: nobody waits for it, nothing is lost, and nothing of our own network is reached by it
// (rows L06, L07 and F27; OpenID Connect Back-Channel Logout 1.0 sections 2.5 and 2.8).
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLogoutDelivery } from '../../server/logout/delivery.ts';
import { createLog } from '../../server/observability/log.ts';
import { createFetcher } from '../../server/outbound/fetcher.ts';
import { sql } from '../../server/storage/statement.ts';
import { answers, startReceiver } from '../outbound/receiver.ts';
import { dialects } from '../storage/ground.ts';
import { createLogoutWorld, type Listener, type LogoutWorld } from './logout-world.ts';

const WAITS_SECONDS = [10, 60, 300, 1800, 7200, 21_600];

describe.each(dialects)('on %s', (dialect) => {
  let world: LogoutWorld;
  let app: Listener;
  beforeAll(async () => {
    world = await createLogoutWorld({ dialect });
    app = await world.listen();
  });
  afterAll(() => world.close());
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    app.receiver.asked.length = 0;
    app.receiver.behave(answers.status(200));
  });
  afterEach(() => vi.useRealTimers());

  function pass(seconds: number): void {
    vi.setSystemTime(Date.now() + seconds * 1000);
  }

  /** Ada signs in at the apps and out of the browser. */
  async function signInAndOut(...apps: Listener[]): Promise<number> {
    const robot = world.app.robot();
    for (const one of apps) await world.signIn(one, {}, robot);
    const page = await robot.submit(await robot.get('/logout'), {}, { button: 'logout=yes' });
    return page.status;
  }

  /** Another process on the same database, with circuits of its own; and what it logs. */
  function createTeller({ allowedHosts = [app.receiver.host] } = {}) {
    const { config, database, clients, signingKeys, sessionClients } = world.app.parts;
    const lines: string[] = [];
    const delivery = createLogoutDelivery({
      ...{ config, database, clients, signingKeys, sessionClients },
      fetcher: createFetcher({ allowedHosts }),
      log: createLog({ level: 'info', stream: { write: (line: string) => void lines.push(line) } }),
    });
    return { ...delivery, lines };
  }

  async function countWaiting(): Promise<number> {
    const rows = await world.app.parts.database.list(
      sql`SELECT sid FROM session_clients WHERE due_at IS NOT NULL AND done_at IS NULL LIMIT 100`,
    );
    return rows.length;
  }

  test('L06: whoever signs out waits for no receiver: nobody was asked when the answer came', async () => {
    app.receiver.behave(answers.silence);
    expect(await signInAndOut(app)).toBe(303);
    expect(app.receiver.asked).toEqual([]);
    app.receiver.behave(answers.status(200));
    await world.deliver();
    expect(app.receiver.asked).toHaveLength(1);
  });

  test.each([
    ['resets the connection', answers.reset],
    ['answers 500', answers.status(500)],
    ['answers 400', answers.status(400)],
    ['redirects', answers.redirect('/elsewhere')],
    ['never ends', answers.endless],
  ])('L06 L07 F27: a receiver that %s is tried again, and told in the end', async (_, behaviour) => {
    const teller = createTeller();
    await signInAndOut(app);
    app.receiver.behave(behaviour);
    await teller.deliverDue();
    await teller.deliverDue();
    expect(app.receiver.asked).toHaveLength(1);
    pass(9);
    await teller.deliverDue();
    expect(app.receiver.asked).toHaveLength(1);
    app.receiver.behave(answers.status(204));
    pass(1);
    await teller.deliverDue();
    expect(app.receiver.asked.map(({ path }) => path)).toEqual(['/logout', '/logout']);
    expect(await countWaiting()).toBe(0);
  });

  test('L06 F27: a dead receiver keeps no other one from being told', async () => {
    const shop = await world.listen({ name: 'Shop' }, { receiver: world.receivers[1] });
    app.receiver.behave(answers.reset);
    await signInAndOut(app, shop);
    await world.deliver();
    expect(await world.toldOf(shop.receiver)).toMatchObject([{ aud: shop.id }]);
    expect(await countWaiting()).toBe(1);
    app.receiver.behave(answers.status(200));
    pass(60);
    await world.deliver();
    expect(await countWaiting()).toBe(0);
  });

  test('L06 F27: after five failures in a row a dead host is not even asked for a minute', async () => {
    const teller = createTeller();
    app.receiver.behave(answers.reset);
    const { database, sessionClients } = world.app.parts;
    await database.transact(() => {
      for (let count = 0; count < 30; count += 1) {
        const one = {
          sid: `sid-${count}`,
          sessionUid: `session-${count}`,
          clientId: app.id,
          accountId: world.ada.id,
        };
        sessionClients.register(one, Math.floor(Date.now() / 1000) + 600);
        sessionClients.endAt(one.sessionUid, app.id);
      }
    });
    await teller.deliverDue();
    // Ten at once are on their way before the fifth of them has failed.
    expect(app.receiver.asked.length).toBeLessThanOrEqual(10);
    app.receiver.behave(answers.status(200));
    for (const seconds of [60, 60, 60]) {
      pass(seconds);
      await teller.deliverDue();
    }
    expect(await countWaiting()).toBe(0);
  });

  test('L06: after nine hours of silence it is given up, and the log says so without the token', async () => {
    const teller = createTeller();
    app.receiver.behave(answers.status(404));
    await signInAndOut(app);
    for (const seconds of [...WAITS_SECONDS, 3600]) {
      await teller.deliverDue();
      pass(seconds);
    }
    expect(app.receiver.asked).toHaveLength(WAITS_SECONDS.length + 1);
    await teller.deliverDue();
    expect(app.receiver.asked).toHaveLength(WAITS_SECONDS.length + 1);
    expect(await countWaiting()).toBe(0);
    const said = teller.lines.join('\n');
    expect(said).toContain('"event":"logout.given_up"');
    expect(said).not.toMatch(/eyJ|logout_token/);
  });

  test('F03: of several processes, one tells; who dies in between is followed by another', async () => {
    const tellers = [createTeller(), createTeller(), createTeller()];
    await signInAndOut(app);
    await Promise.all(tellers.map((teller) => teller.deliverDue()));
    expect(app.receiver.asked).toHaveLength(1);

    await signInAndOut(app);
    const { database, sessionClients } = world.app.parts;
    const [notice] = await sessionClients.listDue(1);
    if (notice === undefined) throw new Error('nobody is to be told');
    await database.transact(() => sessionClients.take(notice, Math.floor(Date.now() / 1000) + 10));
    await tellers[0]?.deliverDue();
    expect(app.receiver.asked).toHaveLength(1);
    pass(10);
    await tellers[0]?.deliverDue();
    expect(app.receiver.asked).toHaveLength(2);
  });

  test('L07: an address of our own network is not reached, whatever was registered', async () => {
    const hidden = await startReceiver();
    const teller = createTeller({ allowedHosts: [] });
    for (const uri of [hidden.url('/logout'), `https://localhost:${hidden.port}/logout`]) {
      const victim = await world.registerClient({ backchannelLogout: { uri, needsSid: true } });
      await signInAndOut({ ...victim, receiver: hidden });
    }
    await teller.deliverDue();
    expect(hidden.asked).toEqual([]);
    expect(teller.lines.join('\n')).toContain('"reason":"forbidden"');
    await world.app.parts.database.transact(() =>
      world.app.parts.database.write(sql`DELETE FROM session_clients WHERE done_at IS NULL`),
    );
    await hidden.close();
  });

  test('an app that was blocked since is told nothing, and nothing waits for it', async () => {
    const blocked = await world.listen({ name: 'Blocked' });
    await signInAndOut(blocked);
    await world.app.parts.clients.block(blocked.id);
    await world.deliver();
    expect(app.receiver.asked).toEqual([]);
    expect(await countWaiting()).toBe(0);
  });

  test('what was told, and sessions that nobody ended, are swept; what is still to be told is not', async () => {
    const { database, sessionClients } = world.app.parts;
    const register = (sid: string, sessionUid: string, expiresAt: number) =>
      sessionClients.register({ sid, sessionUid, clientId: app.id, accountId: world.ada.id }, expiresAt);
    await database.transact(() => {
      register('over', 'swept-1', 10);
      register('waiting', 'swept-2', 10);
      sessionClients.endAt('swept-2', app.id);
      register('alive', 'swept-3', 2_000_000_000);
    });
    await sessionClients.sweep(20, 100);
    const rows = await database.list<{ sid: string }>(
      sql`SELECT sid FROM session_clients WHERE session_uid LIKE 'swept-%' ORDER BY sid LIMIT 10`,
    );
    expect(rows.map(({ sid }) => sid)).toEqual(['alive', 'waiting']);
    await world.deliver();
    await sessionClients.sweep(20, 100);
    expect((await sessionClients.listDue(100)).map(({ sid }) => sid)).toEqual([]);
  });
});
