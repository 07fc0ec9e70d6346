// What an approved device gets: one grant of its own, for as long as was chosen, however often it asks (RFC 8628 section 3.5).
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Account } from '../../server/accounts/accounts.ts';
import {
  askForCode,
  CLI,
  DEVICE_GRANT,
  type DeviceCode,
  enterCode,
  MANY_CODES,
  pair,
  poll,
} from '../support/devices.ts';
import { createWorld, PASSWORD, type TokenSet, type World } from '../support/world.ts';

const HOUR_SECONDS = 3600;

let world: World;
let robot: ReturnType<World['app']['robot']>;
beforeAll(async () => {
  world = await createWorld({
    settings: { ...MANY_CODES, roles: { member: { scopes: ['read:tasks'] }, admin: { scopes: ['*'] } } },
  });
  robot = world.app.robot();
});
afterAll(() => world.close());
afterEach(() => {
  vi.useRealTimers();
});

/** The clock stands still, and goes on by so much. */
function pass(seconds: number): void {
  const before = Date.now();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(before + seconds * 1000);
}

async function getTokens(code: DeviceCode): Promise<TokenSet> {
  const { status, text, body } = await poll(world, code);
  if (status !== 200) throw new Error(`no tokens: ${status} ${text}`);
  return body as TokenSet;
}

async function pairAda(choice: Parameters<typeof pair>[2] = {}): Promise<TokenSet> {
  const code = await askForCode(world);
  await pair(robot, code, choice);
  return getTokens(code);
}

async function isActive(token: string): Promise<unknown> {
  return (await world.introspect(world.api, token)).body.active;
}

function claimsOf(idToken: string): Record<string, unknown> {
  const [, payload = ''] = idToken.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}

function deviceGrants(accountId: string) {
  return world.app.parts.grants.listOf(accountId).then((all) => all.filter(({ kind }) => kind === 'device'));
}

test('D15 H1: a repeat within 10 seconds gets the same refresh token and another access token of the same grant', async () => {
  const before = (await deviceGrants(world.ada.id)).length;
  const code = await askForCode(world);
  await pair(robot, code);
  pass(0);
  const first = await getTokens(code);
  pass(9);
  const again = await getTokens(code);
  expect(again.refresh_token).toBe(first.refresh_token);
  expect(again.access_token).not.toBe(first.access_token);
  expect(await isActive(first.access_token)).toBe(true);
  expect(await isActive(again.access_token)).toBe(true);
  expect(await deviceGrants(world.ada.id)).toHaveLength(before + 1);
  expect((await world.refresh(CLI, first.refresh_token)).status).toBe(200);
});

test('D15: a repeat after 10 seconds is invalid_grant, the family dies, and it is an event', async () => {
  const code = await askForCode(world);
  await pair(robot, code);
  pass(0);
  const tokens = await getTokens(code);
  pass(10);
  expect((await poll(world, code)).body.error).toBe('invalid_grant');
  expect(await isActive(tokens.access_token)).toBe(false);
  expect((await world.refresh(CLI, tokens.refresh_token)).body.error).toBe('invalid_grant');
  expect(await isActive((await pairAda()).access_token)).toBe(true);
  const [replay] = await world.app.parts.audit.list({ type: 'device_code.replayed', limit: 1 });
  const accountId = expect.stringMatching(/^acct_/);
  expect(replay).toMatchObject({ accountId, clientId: CLI.id, outcome: 'failure' });
  const [ended] = await world.app.parts.audit.list({ type: 'grant.revoked', limit: 1 });
  expect(ended).toMatchObject({ accountId, reason: 'device_code_replayed', grantId: replay?.grantId });
});

test('D15: a repeat once the refresh token was used is a replay, however soon', async () => {
  const code = await askForCode(world);
  await pair(robot, code);
  const tokens = await getTokens(code);
  const next = (await world.refresh(CLI, tokens.refresh_token)).body as TokenSet;
  expect((await poll(world, code)).body.error).toBe('invalid_grant');
  expect(await isActive(next.access_token)).toBe(false);
  expect((await world.refresh(CLI, next.refresh_token)).body.error).toBe('invalid_grant');
});

test('D15: a client without refresh tokens may repeat within 10 seconds too, and no longer', async () => {
  const tv = await world.registerClient({
    ...{ name: 'TV', auth: 'none', type: 'native', redirectUris: [] },
    ...{ grants: [DEVICE_GRANT], scopes: ['openid', 'read:tasks'] },
  });
  const code = await askForCode(world, tv);
  await pair(robot, code);
  pass(0);
  const first = await poll(world, code, tv);
  expect(first.body).not.toHaveProperty('refresh_token');
  pass(5);
  expect((await poll(world, code, tv)).status).toBe(200);
  pass(10);
  expect((await poll(world, code, tv)).body.error).toBe('invalid_grant');
  expect(await isActive(String(first.body.access_token))).toBe(false);
});

test('a code that is redeemed at its last second gives an access token that lives its whole life', async () => {
  const tv = await world.registerClient({
    ...{ name: 'Late', auth: 'none', type: 'native', redirectUris: [] },
    ...{ grants: [DEVICE_GRANT], scopes: ['openid', 'read:tasks'] },
  });
  const code = await askForCode(world, tv);
  await pair(robot, code);
  pass(598);
  const { body } = await poll(world, code, tv);
  pass(Number(body.expires_in) - 1);
  expect(await isActive(String(body.access_token))).toBe(true);
});

const changes: Record<string, (account: Account) => Promise<unknown>> = {
  disabled: (account) => world.app.parts.accounts.disable(account, 'operator'),
  'given another password': (account) =>
    world.app.parts.accounts.setPassword(account, 'another horse battery', { actor: 'operator' }),
  'signed out everywhere': async ({ id }) => {
    const { database, grants } = world.app.parts;
    await database.transact(() => grants.revokeAllOf(id, 'signed_out_everywhere'));
  },
};

test.each(Object.keys(changes))(
  'D23 T18: a person who is %s after the approval gives a device nothing, whether it has asked yet or not',
  async (change) => {
    const email = `grace-${randomUUID()}@example.com`;
    const { accounts } = world.app.parts;
    const grace = await accounts.register({ email, name: 'Grace', password: PASSWORD }, 'operator');
    const browser = world.app.robot();
    const [paired, approved] = [await askForCode(world), await askForCode(world)];
    for (const { user_code } of [paired, approved]) {
      const page = await enterCode(browser, user_code, { email, password: PASSWORD });
      await browser.send(page, {}, { button: 'decision=allow' });
    }
    const tokens = await getTokens(paired);
    expect(await isActive(tokens.access_token)).toBe(true);
    await changes[change]?.(grace);
    expect((await poll(world, approved)).body.error).toBe('invalid_grant');
    expect((await world.refresh(CLI, tokens.refresh_token)).body.error).toBe('invalid_grant');
    expect(await isActive(tokens.access_token)).toBe(false);
  },
);

test('D21: a device gets of a person what an app in the browser gets, and no more', async () => {
  const scope = 'openid read:tasks write:tasks';
  const app = await world.signIn(world.notes, { scope }, robot);
  const code = await askForCode(world, CLI, { scope });
  await pair(robot, code);
  const device = await getTokens(code);
  expect([device.scope, app.scope]).toEqual(['openid read:tasks', 'openid read:tasks']);
});

test('D33: the ID token tells when the approver signed in, not when the device asked or was allowed', async () => {
  const browser = world.app.robot();
  const signedInAt = Math.floor(Date.now() / 1000);
  const code = await askForCode(world);
  const page = await enterCode(browser, code.user_code);
  pass(300);
  await browser.send(page, {}, { button: 'decision=allow' });
  const tokens = await getTokens(code);
  const claims = claimsOf(tokens.id_token);
  expect(claims).toMatchObject({ sub: world.ada.id, aud: CLI.id });
  expect(Math.abs(Number(claims.auth_time) - signedInAt)).toBeLessThan(10);
  const refreshed = await world.refresh(CLI, tokens.refresh_token);
  expect(claimsOf(String(refreshed.body.id_token)).auth_time).toBe(claims.auth_time);
});

test('device tokens live on when the approver signs out of the browser', async () => {
  const browser = world.app.robot();
  const code = await askForCode(world);
  await pair(browser, code);
  const tokens = await getTokens(code);
  const app = await world.signIn(world.notes, {}, browser);
  await browser.send(await browser.visit('/logout'), {}, { button: 'logout=yes' });
  expect(await isActive(app.access_token)).toBe(false);
  expect(await isActive(tokens.access_token)).toBe(true);
  expect((await world.refresh(CLI, tokens.refresh_token)).status).toBe(200);
});

test.each([
  ['8_hours', 8 * HOUR_SECONDS],
  ['30_days', 30 * 24 * HOUR_SECONDS],
])('the lifetime that was chosen, %s, ends the grant, however busy it was', async (lifetime, seconds) => {
  pass(0);
  let { access_token, refresh_token } = await pairAda({ fields: { lifetime } });
  const step = seconds / 8;
  for (let count = 1; count < 8; count += 1) {
    pass(step);
    const answer = await world.refresh(CLI, refresh_token);
    expect(answer.status).toBe(200);
    ({ access_token, refresh_token } = answer.body as TokenSet);
  }
  pass(step - 60);
  const last = await world.refresh(CLI, refresh_token);
  expect(await isActive(String(last.body.access_token))).toBe(true);
  pass(60);
  expect(await isActive(String(last.body.access_token))).toBe(false);
  expect((await world.refresh(CLI, String(last.body.refresh_token))).body.error).toBe('invalid_grant');
  expect(access_token).not.toBe(last.body.access_token);
});

test('until revoked is longer than both', async () => {
  pass(0);
  let { refresh_token } = await pairAda({ fields: { lifetime: 'until_revoked' } });
  for (let count = 0; count < 4; count += 1) {
    pass(20 * 24 * HOUR_SECONDS);
    const answer = await world.refresh(CLI, refresh_token);
    expect(answer.status).toBe(200);
    ({ refresh_token } = answer.body as TokenSet);
  }
});
