// A code is bound, bounded and spent once: RFC 6749 sections 4.1.2 and 4.1.3, RFC 7636 section 4.6; rows T11 to T17.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { formatGrantId } from '../../server/grants/grants.ts';
import type { Answer } from '../support/program.ts';
import { type AppClient, createVerifier, createWorld, type TokenSet, type World } from '../support/world.ts';

const OFFLINE = { scope: 'openid offline_access read:tasks' };
const GUESSES = 5;
// RFC 6749 section 5.2: what an error may be written with.
const ERROR_TEXT = /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/;

let world: World;
let other: AppClient;
let unchecked: AppClient;
let robot: ReturnType<World['app']['robot']>;

beforeAll(async () => {
  world = await createWorld();
  other = await world.registerClient({ name: 'Other' });
  unchecked = await world.registerClient({ name: 'Old', needsPkce: false });
  robot = world.app.robot();
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

function getCode(client = world.notes) {
  return world.authorize(client, OFFLINE, robot);
}

function sendCode(client: AppClient, parameters: Record<string, string | undefined>): Promise<Answer> {
  return world.token(client, {
    grant_type: 'authorization_code',
    redirect_uri: client.redirectUri,
    ...parameters,
  });
}

const refused = {
  status: 400,
  body: { error: 'invalid_grant', error_description: 'grant request is invalid' },
};

test('T11: without the verifier, with a wrong one, or with one that nobody asked for, the answer is the same refusal', async () => {
  const { code } = await getCode();
  expect(await sendCode(world.notes, { code })).toMatchObject(refused);
  expect(await sendCode(world.notes, { code, code_verifier: createVerifier().verifier })).toMatchObject(
    refused,
  );
  const back = await world.walk(
    robot,
    await robot.get(
      world.authorizationPath(unchecked, '', { code_challenge: undefined, code_challenge_method: undefined }),
    ),
  );
  const plain = { code: back.searchParams.get('code') ?? '' };
  const downgraded = await sendCode(unchecked, { ...plain, code_verifier: createVerifier().verifier });
  expect(downgraded).toMatchObject(refused);
  expect((await sendCode(unchecked, plain)).status).toBe(200);
});

test('T12: a code is good only with its redirect_uri and for its client', async () => {
  const { code, verifier: code_verifier } = await getCode();
  const wrongUris = [
    'https://notes.example.com/cb2',
    'https://notes.example.com/cb?a=1',
    'https://NOTES.example.com/cb',
  ];
  for (const redirect_uri of wrongUris) {
    expect(await sendCode(world.notes, { code, code_verifier, redirect_uri })).toMatchObject(refused);
  }
  expect(await sendCode(other, { code, code_verifier })).toMatchObject(refused);
  expect((await sendCode(world.notes, { code, code_verifier })).status).toBe(200);
});

test('T13: a code that comes a second time is refused, and what it gave is dead', async () => {
  const got = await getCode();
  const tokens = (await world.redeem(world.notes, got)).body as TokenSet;
  expect((await world.introspect(world.api, tokens.access_token)).body.active).toBe(true);
  expect(await world.redeem(world.notes, got)).toMatchObject(refused);
  expect((await world.introspect(world.api, tokens.access_token)).body).toEqual({ active: false });
  expect(await world.refresh(world.notes, tokens.refresh_token)).toMatchObject(refused);
});

test('T13: what was refreshed from a replayed code is dead as well, and other authorizations live on', async () => {
  const before = await world.signIn(world.notes, OFFLINE, robot);
  const got = await getCode();
  const first = (await world.redeem(world.notes, got)).body as TokenSet;
  const second = (await world.refresh(world.notes, first.refresh_token)).body as TokenSet;
  await world.redeem(world.notes, got);
  expect(await world.refresh(world.notes, second.refresh_token)).toMatchObject(refused);
  expect((await world.introspect(world.api, second.access_token)).body).toEqual({ active: false });
  expect((await world.refresh(world.notes, before.refresh_token)).status).toBe(200);
});

test('T14 H1: of fifty redemptions at once exactly one gets tokens', async () => {
  const got = await getCode();
  const answers = await Promise.all(Array.from({ length: 50 }, () => world.redeem(world.notes, got)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const answer of answers) if (answer.status !== 200) expect(answer).toMatchObject(refused);
});

test('T15: a mistake does not burn a code', async () => {
  const got = await getCode();
  for (let count = 1; count < GUESSES; count += 1) {
    const { verifier } = createVerifier();
    expect(await world.redeem(world.notes, { ...got, verifier })).toMatchObject(refused);
  }
  expect((await world.redeem(world.notes, got)).status).toBe(200);
});

test('T15: five wrong verifiers burn it, for the right one too', async () => {
  const got = await getCode();
  for (let count = 1; count <= GUESSES; count += 1) {
    await world.redeem(world.notes, { ...got, verifier: createVerifier().verifier });
  }
  expect(await world.redeem(world.notes, got)).toMatchObject(refused);
});

test('T15: guesses that come at once are counted each', async () => {
  const got = await getCode();
  const guesses = Array.from({ length: GUESSES }, () => ({ ...got, verifier: createVerifier().verifier }));
  await Promise.all(guesses.map((guess) => world.redeem(world.notes, guess)));
  expect(await world.redeem(world.notes, got)).toMatchObject(refused);
});

test('T15: a replay with a wrong verifier does not end what the right one got', async () => {
  const got = await getCode();
  const tokens = (await world.redeem(world.notes, got)).body as TokenSet;
  for (let count = 0; count <= GUESSES; count += 1) {
    await world.redeem(world.notes, { ...got, verifier: createVerifier().verifier });
  }
  expect((await world.introspect(world.api, tokens.access_token)).body.active).toBe(true);
});

test('T17: an unknown, foreign, spent, expired and ended code are the same answer to the byte', async () => {
  const spent = await getCode();
  await world.redeem(world.notes, spent);
  const foreign = await getCode(other);
  const ended = await getCode();
  const own = await getCode();
  const expired = await getCode();
  const grants = await world.app.parts.grants.listOf(world.ada.id);
  const newest = grants.toSorted((a, b) => b.id - a.id);
  // The newest three are those of ended, own and expired, in that order from the back.
  await world.app.parts.grants.revokeOwn(world.ada.id, formatGrantId(newest[2]?.id ?? 0));
  const unknown = { ...own, code: `${own.code.slice(0, -4)}AAAA` };
  const answers = [unknown, foreign, spent, ended].map((got) => world.redeem(world.notes, got));
  const settled = await Promise.all(answers);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 61_000);
  settled.push(await world.redeem(world.notes, expired));
  const seen = settled.map(({ status, headers, text }) => {
    const entries = [...headers].filter(([name]) => !['date', 'x-request-id', 'request-id'].includes(name));
    return JSON.stringify({ status, entries, text });
  });
  expect(new Set(seen).size).toBe(1);
  expect(settled[0]).toMatchObject(refused);
});

test('T17: what an error says is written in the letters of RFC 6749 section 5.2, whatever was sent', async () => {
  const nasty = 'a"b\\c\r\nX: y é \u0000 <script>';
  const answers = await Promise.all([
    world.token(world.notes, { grant_type: nasty }),
    world.token(world.notes, { grant_type: 'refresh_token', refresh_token: nasty }),
    world.token(world.notes, { grant_type: 'refresh_token', refresh_token: 'x', scope: nasty }),
    sendCode(world.notes, { code: nasty, code_verifier: nasty }),
    world.post('/token', { grant_type: 'refresh_token', client_id: nasty, client_secret: nasty }),
  ]);
  for (const { status, body } of answers) {
    expect([400, 401]).toContain(status);
    expect(body.error).toMatch(ERROR_TEXT);
    expect(String(body.error_description)).toMatch(ERROR_TEXT);
  }
});
