// What is kept of a person, for themselves: a copy of it, and the end of it (rows S12, S13, O02).
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { sql } from '../../server/storage/statement.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import { csrfOf, type FormRobot, mainTextOf, type Page } from '../support/form-robot.ts';
import { createWorldIn, PASSWORD, type World } from '../support/world.ts';
import { mailsTo } from './mailbox.ts';
import { signIn } from './people.ts';

const ADA = 'ada@example.com';
const PROGRAM = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0';
const OFFLINE = { scope: 'openid email offline_access read:tasks' };

afterEach(() => {
  vi.useRealTimers();
});

async function remove(robot: FormRobot, password = PASSWORD): Promise<Page> {
  return robot.submit(await robot.visit('/account/data'), { password }, { action: '/account/data/deletion' });
}

async function takeCopy(robot: FormRobot): Promise<Page> {
  return robot.submit(await robot.visit('/account/data'), {}, { action: '/account/data/copy' });
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let app: MailingApp;
  let world: World;
  beforeAll(async () => {
    app = await startTestApp({ dialect });
    world = await createWorldIn(app);
  });
  afterAll(() => app.close());

  async function countWhere(text: string, value: string): Promise<number> {
    const row = await app.parts.database.find<{ count: number }>({
      sql: `SELECT COUNT(*) AS count FROM ${text}`,
      bindings: [value],
    });
    return Number(row?.count);
  }

  test('a copy holds profile, sessions, consents, grants and events of the person, and no secret', async () => {
    const robot = app.robot({ 'User-Agent': PROGRAM });
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    const answer = await takeCopy(robot);
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="account.json"');
    expect(answer.headers.get('content-type')).toContain('application/json');
    const copy = JSON.parse(answer.html);
    expect(copy.profile).toMatchObject({
      id: world.ada.id,
      email: ADA,
      name: 'Ada Lovelace',
      role: 'member',
    });
    expect(copy.sessions).toMatchObject([{ address: '127.0.0.1', program: PROGRAM }]);
    expect(copy.consents).toMatchObject([{ client_id: world.notes.id }]);
    expect(copy.grants).toMatchObject([{ client_id: world.notes.id, kind: 'authorization' }]);
    const types = copy.events.map(({ type }: { type: string }) => type);
    expect(types).toEqual(
      expect.arrayContaining(['account.created', 'sign_in.succeeded', 'consent.granted']),
    );
    const signedIn = copy.events.find(({ type }: { type: string }) => type === 'sign_in.succeeded');
    expect(signedIn).toMatchObject({ address: '127.0.0.1', program: PROGRAM });
    const secrets = [tokens.access_token, tokens.refresh_token, robot.cookie('lk-session'), '$argon2id'];
    for (const secret of secrets) expect(answer.html).not.toContain(secret);
    expect(await app.parts.audit.hasHappened('account.exported', world.ada.id)).toBe(true);
  });

  test('nothing of another person is in it', async () => {
    const grace = await app.parts.accounts.register(
      { email: 'grace@example.com', name: 'Grace', password: PASSWORD },
      'operator',
    );
    const robot = app.robot();
    await signIn(robot, 'grace@example.com', PASSWORD);
    const { html } = await takeCopy(robot);
    expect(html).toContain(grace.id);
    expect(html).not.toContain(world.ada.id);
    expect(html).not.toContain(world.notes.id);
  });

  test('O02 S12: who deletes the account ends all of it at once; the e-mail is free, the id is never used again', async () => {
    const robot = app.robot({ 'User-Agent': PROGRAM });
    const elsewhere = app.robot();
    const tokens = await world.signIn(world.notes, OFFLINE, robot);
    await signIn(elsewhere, ADA, PASSWORD);
    expect((await world.introspect(world.api, tokens.access_token)).body.active).toBe(true);

    const page = await remove(robot);
    expect(mainTextOf(page)).toContain('Your account is deleted');
    expect(page.headers.get('clear-site-data')).toBe('"cache", "storage"');
    for (const each of [robot, elsewhere]) expect((await each.get('/account')).status).toBe(303);
    expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
    expect((await world.introspect(world.notes, tokens.refresh_token)).body).toEqual({ active: false });
    expect((await world.refresh(world.notes, tokens.refresh_token)).body.error).toBe('invalid_grant');
    const asked = await world.ask('/userinfo', {
      headers: { Authorization: `Bearer ${tokens.access_token}` },
    });
    expect(asked.status).toBe(401);
    expect((await signIn(app.robot(), ADA, PASSWORD)).status).toBe(401);
    const subjects = (await mailsTo(app, ADA)).map(({ subject }) => subject);
    expect(subjects).toContain('Your account was deleted');

    const form = await app.robot().visit('/sign-up');
    expect(form.status).toBe(200);
    const again = app.robot();
    await again.send(await again.visit('/sign-up'), { name: 'Ada', email: ADA, password: PASSWORD });
    const next = await app.parts.accounts.get(ADA);
    expect(next.id).not.toBe(world.ada.id);
    expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
    expect((await world.refresh(world.notes, tokens.refresh_token)).body.error).toBe('invalid_grant');
  });

  test('what is left of a deleted person is an id that is nobody: no name, address or program', async () => {
    const { id } = world.ada;
    const [row] = await app.parts.database.list(sql`SELECT * FROM accounts WHERE id = ${id} LIMIT 1`);
    expect(row).toMatchObject({ email: null, email_normalized: null, name: null, email_verified_at: null });
    for (const table of ['credentials', 'one_time_links', 'consents', 'blocked_devices', 'audit_personal']) {
      expect(await countWhere(`${table} WHERE account_id = ?`, id), table).toBe(0);
    }
    const seen = 'sessions WHERE account_id = ? AND (address IS NOT NULL OR program IS NOT NULL)';
    expect(await countWhere(seen, id)).toBe(0);
    expect(await countWhere('sessions WHERE account_id = ? AND ended_at IS NULL', id)).toBe(0);
    expect(await app.parts.audit.hasHappened('account.deleted', id)).toBe(true);
    expect(await app.parts.audit.findBreaks()).toEqual([]);
  });
});

describe('who may', () => {
  let app: MailingApp;
  let world: World;
  beforeAll(async () => {
    app = await startTestApp();
    world = await createWorldIn(app);
  });
  afterAll(() => app.close());

  test('S13: both need a sign-in of just now; with an older one they are refused and nothing happens', async () => {
    const robot = app.robot();
    await signIn(robot, ADA, PASSWORD);
    const page = await robot.get('/account/data');
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + 301_000);
    for (const path of ['/account/data/copy', '/account/data/deletion']) {
      const answer = await robot.post(path, { csrf: csrfOf(page), password: PASSWORD });
      expect(answer.status).toBe(403);
      expect(answer.html).toContain('Please sign in again to do this.');
    }
    const asked = await robot.get('/account/data');
    expect(asked.location).toBe(`${app.config.issuer}/sign-in?return_to=%2Faccount%2Fdata&prompt=login`);
    const again = await robot.send(await robot.visit('/account/data'), { email: ADA, password: PASSWORD });
    expect(again.url).toBe(`${app.config.issuer}/account/data`);
  });

  test('S13: the deletion needs the password too, and guesses of it are counted', async () => {
    const robot = app.robot();
    await signIn(robot, ADA, PASSWORD);
    const statuses = [];
    for (let count = 0; count < 11; count += 1) statuses.push((await remove(robot, 'a wrong guess')).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(statuses[10]).toBe(429);
    expect((await app.parts.accounts.get(ADA)).id).toBe(world.ada.id);
  });

  test('C05: no copy is taken and nothing is deleted by a GET', async () => {
    const robot = app.robot();
    await signIn(robot, ADA, PASSWORD);
    for (const path of ['/account/data/copy', '/account/data/deletion']) {
      expect((await robot.get(path)).status).toBe(405);
    }
  });

  test('the only administrator is not deleted; beside another one, yes', async () => {
    const make = (name: string) =>
      app.parts.accounts.register(
        { email: `${name}@example.com`, name, password: PASSWORD, isAdmin: true },
        'operator',
      );
    await make('hedy');
    const robot = app.robot();
    await signIn(robot, 'hedy@example.com', PASSWORD);
    const refused = await remove(robot);
    expect(refused.status).toBe(409);
    expect(mainTextOf(refused)).toContain('This is the only administrator.');
    await make('irene');
    expect((await remove(robot)).status).toBe(200);
  });

  test('O02: of all administrators who are deleted at the same moment one stays', async () => {
    const { accounts, accountDeletion, database } = app.parts;
    for (const name of ['jean', 'karen', 'lise']) {
      const wanted = { email: `${name}@example.com`, name, password: PASSWORD, isAdmin: true };
      await accounts.register(wanted, 'operator');
    }
    const administrators = (await accounts.list({ after: '', limit: 100 })).filter(({ isAdmin }) => isAdmin);
    const erasures = administrators.map((one) =>
      database.transact(() => accountDeletion.erase(one, 'operator')),
    );
    const outcomes = (await Promise.allSettled(erasures)).filter(({ status }) => status === 'rejected');
    expect(outcomes).toHaveLength(1);
    expect(await accounts.hasAdministrator()).toBe(true);
  });
});
