// Who a token is for, and to whom, is asked again at every redemption; and what is stored tells nobody a secret: T10, T18, T19, T23.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProcessCli } from '../admin/cli.ts';
import { basic, createVerifier, createWorld, PASSWORD, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const refused = {
  status: 400,
  body: { error: 'invalid_grant', error_description: 'grant request is invalid' },
};

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** Somebody of their own, whom a test may disable. */
async function register(name: string) {
  const email = `${name.toLowerCase()}@example.com`;
  const account = await world.app.parts.accounts.register({ email, name, password: PASSWORD }, 'operator');
  const robot = world.app.robot();
  /** From the authorization request to the code. */
  async function authorize() {
    const { verifier, challenge } = createVerifier();
    const start = await robot.get(world.authorizationPath(world.notes, challenge, OFFLINE));
    const back = await world.walk(robot, start, { email, password: PASSWORD });
    return { verifier, code: back.searchParams.get('code') ?? '' };
  }
  return { account, authorize };
}

/** The command line in a process of its own, on the database of the running server. */
function createCli() {
  const { config } = world.app;
  return createProcessCli({
    DATABASE_URL: config.database.url,
    ISSUER: config.issuer,
    LATCHKEY_SECRETS_FILE: config.secrets_file,
  });
}

test('T10: neither a client secret nor a code, token, cookie or password is in the files of the database', async () => {
  const robot = world.app.robot();
  const got = await world.authorize(world.notes, OFFLINE, robot);
  const first = (await world.redeem(world.notes, got)).body as TokenSet;
  const second = (await world.refresh(world.notes, first.refresh_token)).body as TokenSet;
  const secrets = [
    world.notes.secret,
    world.api.secret,
    PASSWORD,
    got.code,
    ...[first, second].flatMap((tokens) => [tokens.access_token, tokens.refresh_token]),
  ].map((secret) => secret ?? '');
  const file = world.app.config.database.url.slice('sqlite:'.length);
  const names = readdirSync(dirname(file)).filter((name) => name.startsWith('latchkey.sqlite'));
  expect(names).toContain('latchkey.sqlite-wal');
  // By another process: closing the file in this one would drop the locks that SQLite holds on it here.
  const bytes = execFileSync(
    'cat',
    names.map((name) => join(dirname(file), name)),
    { maxBuffer: 1e8 },
  );
  // What is looked for would be found: the name of the client is stored as it is.
  expect(bytes.includes(world.notes.id)).toBe(true);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(20);
    expect(bytes.includes(secret)).toBe(false);
    // The random half alone would be as good.
    expect(bytes.includes(secret.slice(-24))).toBe(false);
  }
});

test('T10: secrets that share a beginning, or are longer or shorter, are wrong alike', async () => {
  const right = world.notes.secret ?? '';
  const wrong = [`${right}x`, right.slice(0, -1), right.toUpperCase(), ` ${right}`, `${right.slice(0, -1)}_`];
  const answers = await Promise.all(
    wrong.map((secret) =>
      world.post(
        '/token',
        { grant_type: 'refresh_token', refresh_token: 'x' },
        basic({ id: world.notes.id, secret }),
      ),
    ),
  );
  for (const { status, body } of answers) expect([status, body.error]).toEqual([401, 'invalid_client']);
});

test('T18: a person who was disabled after the approval gets no tokens for the code', async () => {
  const { account, authorize } = await register('Grace');
  const got = await authorize();
  await world.app.parts.accounts.disable(account, 'operator');
  expect(await world.redeem(world.notes, got)).toMatchObject(refused);
  // What was approved before stays dead once they are back.
  await world.app.parts.accounts.enable(account, 'operator');
  expect(await world.redeem(world.notes, got)).toMatchObject(refused);
});

test('T18 R12 I05: a person who is disabled has no refresh token and no active access token any more', async () => {
  const { account, authorize } = await register('Edsger');
  const tokens = (await world.redeem(world.notes, await authorize())).body as TokenSet;
  expect((await world.introspect(world.api, tokens.access_token)).body.active).toBe(true);
  await world.app.parts.accounts.disable(account, 'operator');
  expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
  expect(await world.refresh(world.notes, tokens.refresh_token)).toMatchObject(refused);
  await world.app.parts.accounts.enable(account, 'operator');
  expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
  expect(await world.refresh(world.notes, tokens.refresh_token)).toMatchObject(refused);
});

test('T19 I05: a client that the command line blocks is nobody at the very next call, and its tokens are dead', async () => {
  const { authorize } = await register('Barbara');
  const code = await authorize();
  const tokens = (await world.redeem(world.notes, await authorize())).body as TokenSet;
  expect((await world.introspect(world.api, tokens.access_token)).body.active).toBe(true);
  const cli = createCli();
  await cli.json(['clients', 'block', world.notes.id]);
  const [refreshed, introspected, redeemed, userinfo] = await Promise.all([
    world.refresh(world.notes, tokens.refresh_token),
    world.introspect(world.api, tokens.access_token),
    world.redeem(world.notes, code),
    world.ask('/userinfo', { headers: { Authorization: `Bearer ${tokens.access_token}` } }),
  ]);
  expect([refreshed.status, refreshed.body.error]).toEqual([401, 'invalid_client']);
  expect([redeemed.status, redeemed.body.error]).toEqual([401, 'invalid_client']);
  expect(introspected.body).toEqual({ active: false });
  expect(userinfo.status).toBe(401);

  await cli.json(['clients', 'allow', world.notes.id]);
  expect(await world.refresh(world.notes, tokens.refresh_token)).toMatchObject(refused);
  expect(await world.redeem(world.notes, code)).toMatchObject(refused);
  expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
});
