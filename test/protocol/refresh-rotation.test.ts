// Refresh tokens rotate and are safe to retry: RFC 6749 section 6, RFC 9700 section 4.14; rows R01 to R06 and R15's window.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Answer } from '../support/program.ts';
import { type AppClient, createWorld, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const WINDOW_SECONDS = 10;

let world: World;
let phone: AppClient;
let robot: ReturnType<World['app']['robot']>;

beforeAll(async () => {
  world = await createWorld();
  phone = await world.registerClient({ name: 'Phone', type: 'native', auth: 'none' });
  robot = world.app.robot();
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

const refused = {
  status: 400,
  body: { error: 'invalid_grant', error_description: 'grant request is invalid' },
};

function freezeTime(): void {
  vi.useFakeTimers({ toFake: ['Date'] });
}

function passSeconds(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * 1000);
}

function tokensOf({ status, body }: Answer): TokenSet {
  expect(status).toBe(200);
  return body as TokenSet;
}

async function refresh(token: string, client = world.notes): Promise<TokenSet> {
  return tokensOf(await world.refresh(client, token));
}

async function isActive(accessToken: string): Promise<unknown> {
  return (await world.introspect(world.api, accessToken)).body.active;
}

test('R01: every refresh gives another refresh token, to confidential and to public clients', async () => {
  for (const client of [world.notes, phone]) {
    const first = await world.signIn(client, OFFLINE, robot);
    const second = await refresh(first.refresh_token, client);
    const third = await refresh(second.refresh_token, client);
    expect(new Set([first, second, third].map((tokens) => tokens.refresh_token)).size).toBe(3);
    expect(new Set([first, second, third].map((tokens) => tokens.access_token)).size).toBe(3);
  }
});

test('R02: a refresh token that comes after the window ends its family: successors, access tokens and grant', async () => {
  freezeTime();
  const first = await world.signIn(world.notes, OFFLINE, robot);
  const second = await refresh(first.refresh_token);
  passSeconds(WINDOW_SECONDS);
  expect(await world.refresh(world.notes, first.refresh_token)).toMatchObject(refused);
  expect(await world.refresh(world.notes, second.refresh_token)).toMatchObject(refused);
  expect(await isActive(first.access_token)).toBe(false);
  expect(await isActive(second.access_token)).toBe(false);
  const events = await world.app.parts.audit.list({ type: 'grant.revoked', limit: 1 });
  expect(events[0]).toMatchObject({ reason: 'refresh_token_replayed', clientId: world.notes.id });
});

test('R02: within the window it ends its family as soon as the successor was used', async () => {
  const first = await world.signIn(world.notes, OFFLINE, robot);
  const second = await refresh(first.refresh_token);
  const third = await refresh(second.refresh_token);
  expect(await world.refresh(world.notes, first.refresh_token)).toMatchObject(refused);
  expect(await world.refresh(world.notes, third.refresh_token)).toMatchObject(refused);
  expect(await isActive(third.access_token)).toBe(false);
});

test('R03 H1: of fifty refreshes at once all get one and the same successor', async () => {
  const { refresh_token } = await world.signIn(world.notes, OFFLINE, robot);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => world.refresh(world.notes, refresh_token)),
  );
  const successors = new Set(answers.map((answer) => tokensOf(answer).refresh_token));
  expect(successors.size).toBe(1);
  await refresh([...successors][0] ?? '');
});

test('R04 H2: whoever did not get the answer sends the same token again and has the same successor', async () => {
  freezeTime();
  const { refresh_token } = await world.signIn(world.notes, OFFLINE, robot);
  const lost = await refresh(refresh_token);
  passSeconds(WINDOW_SECONDS - 1);
  const retried = await refresh(refresh_token);
  expect(retried.refresh_token).toBe(lost.refresh_token);
  expect(await isActive(retried.access_token)).toBe(true);
  await refresh(retried.refresh_token);
});

test('R04: a retry does not make the window longer', async () => {
  freezeTime();
  const { refresh_token } = await world.signIn(world.notes, OFFLINE, robot);
  await refresh(refresh_token);
  passSeconds(WINDOW_SECONDS - 1);
  await refresh(refresh_token);
  passSeconds(1);
  expect(await world.refresh(world.notes, refresh_token)).toMatchObject(refused);
});

test('R05: the oldest of two rotations in one second is a replay (KC #50999)', async () => {
  freezeTime();
  const first = await world.signIn(world.notes, OFFLINE, robot);
  const second = await refresh(first.refresh_token);
  await refresh(second.refresh_token);
  expect(await world.refresh(world.notes, first.refresh_token)).toMatchObject(refused);
  expect(await world.refresh(world.notes, second.refresh_token)).toMatchObject(refused);
});

test('R03: retries that come while the successor is used for the first time make no second line of tokens', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { refresh_token: first } = await world.signIn(world.notes, OFFLINE, robot);
    const { refresh_token: second } = await refresh(first);
    const sent = Array.from({ length: 8 }, (_, index) =>
      world.refresh(world.notes, index % 2 === 0 ? first : second),
    );
    const answers = await Promise.all(sent);
    const ofFirst = answers.filter((_, index) => index % 2 === 0).filter(({ status }) => status === 200);
    for (const { body } of ofFirst) expect(body.refresh_token).toBe(second);
    const ofSecond = answers.filter((_, index) => index % 2 === 1).filter(({ status }) => status === 200);
    expect(new Set(ofSecond.map(({ body }) => body.refresh_token)).size).toBeLessThanOrEqual(1);
  }
});
