// /v1/keys: for a signed-in person, an app of theirs, who has the scopes of the server, and a key where the operator allows it.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createVerifier } from '../support/world.ts';
import { signInBrowser } from './key-browser.ts';
import { createKeyWorld, type KeyWorld, OPERATOR } from './key-world.ts';

const KEYS = '/v1/keys';
const wanted = { name: 'Zapier', scopes: ['read'] };

let world: KeyWorld;
let ada: Awaited<ReturnType<typeof signInBrowser>>;
let grace: typeof ada;
beforeAll(async () => {
  world = await createKeyWorld({ settings: { api_keys: { managed_by_keys: true } } });
  [ada, grace] = [await signInBrowser(world), await signInBrowser(world, 'grace@example.com')];
});
afterEach(() => vi.useRealTimers());
afterAll(() => world.close());

function bearer(token: string, method: string, path: string, body?: unknown) {
  return world.request(path, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** What an app of Ada's gets for the API of this server. */
async function tokenFor(scope: string): Promise<string> {
  const resource = `${world.app.config.issuer}/v1`;
  const scopes = ['openid', 'keys:read', 'keys:write'];
  const app = await world.registerClient({ name: 'Console', isFirstParty: true, scopes });
  const { verifier, challenge } = createVerifier();
  const robot = world.app.robot();
  const start = await robot.get(
    world.authorizationPath(app, challenge, { scope: `openid ${scope}`, resource }),
  );
  const back = await world.walk(robot, start);
  const { body } = await world.redeem(app, { code: back.searchParams.get('code') ?? '', verifier });
  expect(body.scope).toContain(scope);
  return String(body.access_token);
}

test('a signed-in person makes, sees, changes, rotates and ends a key of theirs', async () => {
  const made = await ada('POST', KEYS, { ...wanted, expires_in_seconds: 86_400 });
  expect(made.status).toBe(201);
  const { id, key } = made.body as { id: string; key: string };
  expect(await world.ask(key)).toMatchObject({ active: true, scope: 'read', jti: id });
  const list = await ada('GET', KEYS);
  expect(list.text).not.toContain(key);
  expect(list.body.data).toMatchObject([{ id, name: 'Zapier', state: 'active', last_four: key.slice(-4) }]);
  expect((await ada('GET', `${KEYS}/${id}`)).body).toMatchObject({ id, account_id: world.ada.id });
  const disabled = await ada('PATCH', `${KEYS}/${id}`, { disabled: true, name: 'Zapper' });
  expect(disabled.body).toMatchObject({ state: 'disabled', name: 'Zapper' });
  await ada('PATCH', `${KEYS}/${id}`, { disabled: false });
  const rotated = await ada('POST', `${KEYS}/${id}/rotation`, { overlap_seconds: 60 });
  expect(rotated.status).toBe(201);
  expect((await world.ask(String(rotated.body.key))).active).toBe(true);
  expect((await ada('DELETE', `${KEYS}/${id}`)).status).toBe(204);
  expect((await world.ask(String(rotated.body.key))).inactive_reason).toBe('revoked');
  expect((await ada('GET', `${KEYS}/${id}`)).body.state).toBe('revoked');
});

test('G04: nobody makes a key without a session, and none in the name that a body gives', async () => {
  const bare = (body: unknown) =>
    world.request(KEYS, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  for (const more of [{}, { userId: world.ada.id }, { account_id: world.ada.id }, { team_id: world.team.id }])
    expect((await bare({ ...wanted, ...more })).status).toBe(401);
  expect((await grace('POST', KEYS, { ...wanted, account_id: world.ada.id })).status).toBe(400);
  expect((await grace('POST', KEYS, { ...wanted, kind: 'team', team_id: world.team.id })).status).toBe(404);
});

test.each(['id', 'responsible_id', 'created_at', 'last_four', 'userId', 'rate_limit', 'state'])(
  'G05: a body with %s, which only the server sets, is refused',
  async (name) => {
    const answer = await ada('POST', KEYS, { ...wanted, [name]: 'x' });
    expect([answer.status, answer.body.param]).toEqual([400, name]);
  },
);

test('G04: a key is made right after a sign-in, and later only after another one', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(Date.now() + 301_000);
  const late = await ada('POST', KEYS, wanted);
  expect([late.status, late.body.error]).toEqual([403, 'access_denied']);
  expect((await ada('GET', KEYS)).status).toBe(200);
});

test('G04: a session that was revoked makes nothing', async () => {
  const browser = await signInBrowser(world, 'grace@example.com');
  expect((await browser('GET', KEYS)).status).toBe(200);
  await world.parts.accounts.endSessions(world.grace, 'operator');
  expect((await browser('GET', KEYS)).status).toBe(401);
  expect((await browser('POST', KEYS, wanted)).status).toBe(401);
  grace = await signInBrowser(world, 'grace@example.com');
});

test('C04: what another site sends with the cookies of a person changes nothing', async () => {
  const { key } = await world.make();
  const forged: [string, Record<string, string>][] = [
    ['without the token', { 'X-CSRF-Token': '' }],
    ['from another origin', { Origin: 'https://evil.example' }],
    ['across sites', { 'Sec-Fetch-Site': 'cross-site' }],
  ];
  for (const [how, headers] of forged) {
    expect((await ada('POST', KEYS, wanted, headers)).status, how).toBe(403);
    expect((await ada('DELETE', `${KEYS}/${key.id}`, undefined, headers)).status, how).toBe(403);
    expect((await ada('DELETE', `${KEYS}?id=${key.id}`, undefined, headers)).status, how).toBe(403);
  }
  expect((await ada('POST', KEYS, wanted, { 'Content-Type': 'text/plain' })).status).toBe(415);
  expect((await ada('GET', `${KEYS}/${key.id}`)).body.state).toBe('active');
});

test('G07: the keys of others are not there, whatever is asked of them', async () => {
  const own = (await world.make()).key.id;
  const team = (await world.make({ owner: world.ofTeam })).key.id;
  for (const id of [own, team, 'key_00000000000', 'nonsense']) {
    const { status, body } = await grace('GET', `${KEYS}/${id}`);
    expect([status, body.error_description]).toEqual([404, `There is no API key ${id}.`]);
    expect((await grace('PATCH', `${KEYS}/${id}`, { name: 'x' })).status).toBe(404);
    expect((await grace('POST', `${KEYS}/${id}/rotation`, {})).status).toBe(404);
    expect((await grace('DELETE', `${KEYS}/${id}`)).status).toBe(404);
    expect((await grace('DELETE', `${KEYS}?id=${id}`)).status).toBe(404);
  }
  expect((await grace('GET', `${KEYS}?team_id=${world.team.id}`)).status).toBe(404);
  for (const account of [world.ada.id, 'ada@example.com', 'nobody@example.com'])
    expect((await grace('GET', `${KEYS}?account_id=${account}`)).body.param).toBe('account_id');
  expect((await grace('GET', KEYS)).body.data).toEqual([]);
});

test('owners of a team make its keys, a member does not, and each sees only what is theirs', async () => {
  const made = await ada('POST', KEYS, { ...wanted, kind: 'team', team_id: world.team.id });
  expect(made.body).toMatchObject({ kind: 'team', team_id: world.team.id, account_id: null });
  await world.parts.members.add(OPERATOR, { teamId: world.team.id, role: 'member' }, world.grace);
  expect((await grace('POST', KEYS, { ...wanted, kind: 'team', team_id: world.team.id })).status).toBe(403);
  expect((await grace('GET', `${KEYS}/${made.body.id}`)).status).toBe(403);
  const bound = await grace('POST', KEYS, { ...wanted, team_id: world.team.id });
  expect(bound.body).toMatchObject({ kind: 'personal', account_id: world.grace.id, team_id: world.team.id });
  await world.parts.members.remove(OPERATOR, { teamId: world.team.id, accountId: world.grace.id });
});

test('a list has at most 100 keys, the newest first, and is walked with a cursor', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) ids.push(String((await grace('POST', KEYS, wanted)).body.id));
  const seen: string[] = [];
  for (let after = ''; ; ) {
    const { body } = await grace('GET', `${KEYS}?limit=2${after}`);
    seen.push(...(body.data as { id: string }[]).map(({ id }) => id));
    if (body.next === null) break;
    after = `&after=${body.next}`;
  }
  expect(seen.slice(0, 5)).toEqual(ids.toReversed());
  expect((await grace('GET', `${KEYS}?limit=101`)).status).toBe(400);
});

test('an app of a person does for them what its scope says, and an app without it nothing', async () => {
  const token = await tokenFor('keys:write');
  const made = await bearer(token, 'POST', KEYS, wanted);
  expect(made.body).toMatchObject({ account_id: world.ada.id, state: 'active' });
  expect((await bearer(token, 'GET', KEYS)).status, 'write is not read').toBe(403);
  expect((await bearer(token, 'DELETE', `${KEYS}?id=${made.body.id}`)).status).toBe(204);
  const reader = await tokenFor('keys:read');
  expect((await bearer(reader, 'GET', `${KEYS}/${made.body.id}`)).body.state).toBe('revoked');
  expect((await bearer(reader, 'POST', KEYS, wanted)).status).toBe(403);
  expect((await bearer(reader, 'GET', '/v1/accounts')).status).toBe(403);
});

test('G11: a key reaches no account page, nothing else of the server, and keys only with the scope for it by name', async () => {
  const { secret: star } = await world.make({ scopes: ['*'] });
  for (const path of [KEYS, '/v1/accounts', '/v1/clients', '/userinfo'])
    expect((await bearer(star, 'GET', path)).status, path).toBeGreaterThanOrEqual(401);
  expect((await bearer(star, 'GET', '/account')).status).not.toBe(200);
  const { secret } = await world.make({ scopes: ['keys:read', 'keys:write', 'read'] });
  expect((await bearer(secret, 'GET', KEYS)).status).toBe(200);
  expect((await bearer(secret, 'GET', '/v1/accounts')).status).toBe(401);
});

test('a key makes no key that may do more, lives longer or is good elsewhere than itself, nor touches those of others', async () => {
  const expiresAt = Math.floor(Date.now() / 1000) + 86_400;
  const networks = ['127.0.0.0/8'];
  const { secret, key } = await world.make({ scopes: ['keys:write', 'read'], expiresAt, networks });
  for (const [more, status] of [
    [{ scopes: ['write'] }, 403],
    [{ scopes: ['*'] }, 403],
    [{ scopes: ['read'], expires_in_seconds: 86_500 }, 403],
    [{ scopes: ['read'] }, 403],
    [{ scopes: ['read'], expires_at: expiresAt }, 201],
  ] as const) {
    const answer = await bearer(secret, 'POST', KEYS, { name: 'Child', ...more });
    expect(answer.status, JSON.stringify(more)).toBe(status);
    if (status === 201) expect(answer.body).toMatchObject({ account_id: world.ada.id, cidr: networks });
  }
  const strong = await world.make({ scopes: ['read', 'write'] });
  expect((await bearer(secret, 'POST', `${KEYS}/${strong.key.id}/rotation`, {})).status).toBe(403);
  const team = await world.make({ owner: world.ofTeam });
  expect((await bearer(secret, 'DELETE', `${KEYS}/${team.key.id}`)).status).toBe(404);
  const bound = await world.make({ scopes: ['keys:read', 'keys:write'], teamId: world.team.id });
  expect((await bearer(bound.secret, 'GET', KEYS)).status, 'good in one team').toBe(403);
  const elsewhere = await world.make({ scopes: ['keys:read'], networks: ['203.0.113.0/24'] });
  expect((await bearer(elsewhere.secret, 'GET', KEYS)).status).toBe(401);
  expect((await bearer(secret, 'DELETE', `${KEYS}/${key.id}`)).status, 'itself').toBe(204);
  expect((await bearer(secret, 'POST', KEYS, { name: 'Late', scopes: ['read'] })).status).toBe(401);
});

test('a team key with the scope manages the keys of its team alone', async () => {
  const { secret } = await world.make({ owner: world.ofTeam, scopes: ['keys:read', 'keys:write', 'read'] });
  const made = await bearer(secret, 'POST', KEYS, wanted);
  expect(made.body).toMatchObject({ kind: 'team', team_id: world.team.id });
  const own = await world.make();
  expect((await bearer(secret, 'GET', `${KEYS}/${own.key.id}`)).status).toBe(404);
  const { body } = await bearer(secret, 'GET', KEYS);
  expect(new Set((body.data as { team_id: string }[]).map(({ team_id }) => team_id))).toEqual(
    new Set([world.team.id]),
  );
  const other = await world.parts.teams.create(OPERATOR, world.ada, { name: 'Others' });
  const foreign = await world.make({ owner: { kind: 'team', teamId: other.id } });
  expect((await bearer(secret, 'DELETE', `${KEYS}/${foreign.key.id}`)).status).toBe(404);
});

test('G04: where the operator does not allow it no key manages keys, and none can be made for that', async () => {
  const plain = await createKeyWorld();
  await expect(plain.make({ scopes: ['keys:write'] })).rejects.toMatchObject({ code: 'invalid_request' });
  const { secret } = await plain.make({ scopes: ['*'] });
  const headers = { Authorization: `Bearer ${secret}` };
  const answer = await plain.request(KEYS, { headers });
  expect([answer.status, answer.body.error]).toEqual([401, 'invalid_token']);
  await plain.close();
});
