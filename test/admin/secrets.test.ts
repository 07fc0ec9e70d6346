// latchkey secrets …: the secrets file and the cookie keys are exchanged while two nodes serve people and apps.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { readSecretsFile } from '../../server/storage/secrets-file.ts';
import { sql } from '../../server/storage/statement.ts';
import { type MailingApp, startTestApp } from '../support/app.ts';
import type { FormRobot } from '../support/form-robot.ts';
import { createWorldIn, describeWorld, type TokenSet, type World } from '../support/world.ts';
import { type Cli, createQuickCli } from './cli.ts';

/** What keeps this browser signed in. */
function cookieOf(robot: FormRobot): string {
  return ['lk-session', 'lk-session.sig'].map((name) => `${name}=${robot.cookie(name)}`).join('; ');
}

const LASTING = { scope: 'openid offline_access read:tasks', prompt: 'consent' };
type Shown = { key: string; seals: boolean; sealed: number };

afterEach(() => {
  vi.useRealTimers();
});

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let app: MailingApp;
  let world: World;
  let other: MailingApp;
  let there: ReturnType<typeof describeWorld>;
  let cli: Cli;
  let file: string;

  function startAnother(): Promise<MailingApp> {
    const { issuer, database, secrets_file } = app.config;
    return startTestApp({ settings: { issuer, database: { url: database.url }, secrets_file } });
  }

  beforeAll(async () => {
    app = await startTestApp({ dialect });
    world = await createWorldIn(app);
    other = await startAnother();
    there = describeWorld(other);
    file = app.config.secrets_file;
    cli = createQuickCli({
      DATABASE_URL: app.config.database.url,
      LATCHKEY_SECRETS_FILE: file,
      ISSUER: app.config.issuer,
    });
  });
  afterAll(async () => {
    await other.close();
    await app.close();
  });

  /** Is the person of this browser still signed in, at either node? */
  async function isSignedIn(robot: FormRobot): Promise<boolean[]> {
    const page = await robot.get('/account');
    const elsewhere = await there.ask('/account', { headers: { Cookie: cookieOf(robot) } });
    return [page.status === 200, elsewhere.status === 200];
  }

  /** People who come and apps that refresh, at both nodes, until `act` is done; answers all statuses but 200. */
  async function underLoad(act: () => Promise<unknown>): Promise<number[]> {
    const robot = app.robot();
    let tokens: TokenSet = await world.signIn(world.notes, LASTING, robot);
    const bad: number[] = [];
    let isOver = false;
    const done = act().finally(() => {
      isOver = true;
    });
    for (let round = 0; !isOver || round < 6; round += 1) {
      const node = round % 2 === 0 ? world : there;
      const answers = await Promise.all([
        node.refresh(world.notes, tokens.refresh_token),
        node.introspect(world.api, tokens.access_token),
        node.ask('/jwks'),
        node.ask('/account', { headers: { Cookie: cookieOf(robot) } }),
      ]);
      bad.push(...answers.map(({ status }) => status).filter((status) => status !== 200));
      tokens = answers[0].body as TokenSet;
    }
    await done;
    return bad;
  }

  test('F18: another key of the secrets file seals everything, under load: no failure, nobody signed out, the old key goes', async () => {
    const robot = app.robot();
    await world.signIn(world.notes, {}, robot);
    const [before] = await cli.json<Shown[]>(['secrets', 'list']);
    expect(before).toMatchObject({ seals: true });
    const bad = await underLoad(async () => {
      const both = await cli.json<Shown[]>(['secrets', 'rotate']);
      expect(both).toMatchObject([
        { seals: true, sealed: before?.sealed },
        { key: before?.key, seals: false, sealed: 0 },
      ]);
      // Now every process must open what it holds anew.
      await cli.json(['keys', 'rotate', '--now', '--alg', 'ES256']);
      await cli.json(['secrets', 'drop']);
      await cli.json(['keys', 'rotate', '--now', '--alg', 'RS256']);
    });
    expect(bad).toEqual([]);
    expect(await isSignedIn(robot)).toEqual([true, true]);
    expect(readSecretsFile(file)).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.lock`)).toBe(false);
    const [event] = await cli.json<{ details: { key: string } }[]>([
      'audit',
      'list',
      '--type',
      'secrets.resealed',
    ]);
    expect(event?.details.key).not.toBe(before?.key);
    const third = await startAnother();
    await third.close();
  });

  test('F18: with the file of before a node does not start any more', async () => {
    const old = readFileSync(file, 'utf8');
    await cli.json(['secrets', 'rotate']);
    await cli.json(['secrets', 'drop']);
    const today = readFileSync(file, 'utf8');
    writeFileSync(file, old);
    await expect(startAnother()).rejects.toThrow('it is not the one they were sealed with');
    writeFileSync(file, today);
  });

  test('F18: node by node: a key that was only added seals nothing, and none that is needed is dropped', async () => {
    const [first] = await cli.json<Shown[]>(['secrets', 'list']);
    const added = await cli.json<Shown[]>(['secrets', 'add']);
    expect(added).toMatchObject([
      { key: first?.key, seals: true },
      { seals: false, sealed: 0 },
    ]);
    const resealed = await cli.json<Shown[]>(['secrets', 'reseal']);
    expect(resealed.map(({ key }) => key)).toEqual([added[1]?.key, first?.key]);
    // A node that has the file in the other order has sealed something with the old key since.
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    writeFileSync(file, `${[lines[0], lines[2], lines[1]].join('\n')}\n`);
    await cli.json(['keys', 'rotate', '--now', '--alg', 'EdDSA']);
    writeFileSync(file, `${lines.join('\n')}\n`);
    expect(await cli.json<Shown[]>(['secrets', 'drop'])).toMatchObject([
      { seals: true },
      { seals: false, sealed: 1 },
    ]);
  });

  test('F18: a reseal that was broken off is finished by the next one, and the key that was to go does not come back', async () => {
    const added = await cli.json<Shown[]>(['secrets', 'add']);
    const [old, fresh] = [added[0]?.key, added.at(-1)?.key];
    const [header, ...keys] = readFileSync(file, 'utf8').trimEnd().split('\n');
    // Killed after the file, before the database.
    writeFileSync(file, `${[header, keys.at(-1), ...keys.slice(0, -1)].join('\n')}\n`);
    const resealed = await cli.json<Shown[]>(['secrets', 'reseal']);
    expect(resealed[0]).toMatchObject({ key: fresh, seals: true });
    expect(resealed.slice(1).every(({ sealed }) => sealed === 0)).toBe(true);
    const left = await cli.json<Shown[]>(['secrets', 'drop']);
    expect(left.map(({ key }) => key)).toEqual([fresh]);
    expect(left).not.toContainEqual(expect.objectContaining({ key: old }));
  });

  test('F18: two commands that change the file at once: one is refused, and no key is lost', async () => {
    writeFileSync(`${file}.lock`, '');
    onTestFinished(() => rmSync(`${file}.lock`));
    const before = readFileSync(file, 'utf8');
    const { err, status } = await cli.run(['secrets', 'add']);
    expect([status, readFileSync(file, 'utf8')]).toEqual([1, before]);
    expect(err).toContain('another command changes the secrets file');
  });

  test('F18: cookie keys rotate under load: who is signed in stays so, at every node, for as long as a sign-in may last', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const robot = app.robot();
    await world.signIn(world.notes, {}, robot);
    const cookies = cookieOf(robot);
    const bad = await underLoad(async () => {
      for (const _ of Array.from({ length: 3 })) await cli.json(['secrets', 'rotate-cookies']);
    });
    expect(bad).toEqual([]);
    expect(await isSignedIn(robot)).toEqual([true, true]);
    expect(cookieOf(robot), 'no cookie is written anew').toBe(cookies);
    const fresh = app.robot();
    await world.signIn(world.notes, {}, fresh);
    expect(await isSignedIn(fresh)).toEqual([true, true]);
  });

  test('F18: a cookie key that nothing living needs verifies no more, and is gone with the next rotation', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const parts = app.parts;
    const all = await parts.loadCookieKeys();
    expect(all.length).toBeGreaterThan(3);
    vi.setSystemTime(Date.now() + (app.config.sessions.absolute_seconds + 60) * 1000);
    expect(await parts.loadCookieKeys()).toEqual(all.slice(0, 1));
    expect(await cli.json(['secrets', 'rotate-cookies'])).toMatchObject({ verifying: 1 });
    const left = await parts.database.list(
      sql`SELECT generation FROM server_keys WHERE purpose = 'cookie' AND retired_at IS NULL LIMIT 100`,
    );
    expect(left).toHaveLength(2);
  });
});
