// What a key or an app gets through /v1/keys is never worth more than itself; whoever holds a whole key may end it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Registration } from '../../server/clients/clients.ts';
import { basic, createVerifier } from '../support/world.ts';
import { signInBrowser } from './key-browser.ts';
import { createKeyWorld, type KeyWorld } from './key-world.ts';

const KEYS = '/v1/keys';
const WEEK_SECONDS = 7 * 86_400;
const scopes = ['keys:read', 'keys:write', 'read'];

let world: KeyWorld;
let ada: Awaited<ReturnType<typeof signInBrowser>>;
beforeAll(async () => {
  world = await createKeyWorld({ settings: { api_keys: { managed_by_keys: true } } });
  ada = await signInBrowser(world);
});
afterAll(() => world.close());

function bearer(token: string, method: string, path: string, body?: unknown) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  return world.request(path, { method, headers, ...(body === undefined ? {} : { body: sent }) });
}

function inOneWeek(): number {
  return Math.floor(Date.now() / 1000) + WEEK_SECONDS;
}

/** What an app of Ada's gets for the API of this server. */
async function tokenOf(registration: Partial<Registration>): Promise<string> {
  const app = await world.registerClient({ scopes: ['openid', 'keys:read', 'keys:write'], ...registration });
  const { verifier, challenge } = createVerifier();
  const robot = world.app.robot();
  const asked = { scope: 'openid keys:read keys:write', resource: `${world.app.config.issuer}/v1` };
  const back = await world.walk(robot, await robot.get(world.authorizationPath(app, challenge, asked)));
  const { body } = await world.redeem(app, { code: back.searchParams.get('code') ?? '', verifier });
  return String(body.access_token);
}

test('G04: a key gets by rotation no secret that lives longer, or is good in more places, than itself', async () => {
  const expiresAt = inOneWeek();
  const networks = ['127.0.0.0/8'];
  const by = await world.make({ scopes, expiresAt, networks });
  for (const [how, stronger] of [
    ['without end', { scopes, networks }],
    ['a later end', { scopes, networks, expiresAt: expiresAt + 1 }],
    ['from everywhere', { scopes, expiresAt }],
    ['from more networks', { scopes, expiresAt, networks: ['127.0.0.0/8', '203.0.113.0/24'] }],
    ['from a larger network', { scopes, expiresAt, networks: ['126.0.0.0/7'] }],
  ] as const) {
    const { key } = await world.make(stronger);
    const answer = await bearer(by.secret, 'POST', `${KEYS}/${key.id}/rotation`, {});
    expect([answer.status, answer.body.error], how).toEqual([403, 'access_denied']);
  }
  const lesser = await world.make({ scopes: ['read'], expiresAt: expiresAt - 1, networks: ['127.0.0.1/32'] });
  expect((await bearer(by.secret, 'POST', `${KEYS}/${lesser.key.id}/rotation`, {})).status).toBe(201);
  expect((await bearer(by.secret, 'POST', `${KEYS}/${by.key.id}/rotation`, {})).status, 'itself').toBe(201);
});

test('G04: a secret that was rotated away gets none that outlives it, though the key itself has no end', async () => {
  const { key, secret } = await world.make({ scopes });
  const again = await ada('POST', `${KEYS}/${key.id}/rotation`, { overlap_seconds: 3600 });
  expect((await bearer(secret, 'POST', `${KEYS}/${key.id}/rotation`, {})).status).toBe(403);
  expect((await bearer(secret, 'POST', KEYS, { name: 'Child', scopes: ['read'] })).status).toBe(403);
  expect((await bearer(String(again.body.key), 'POST', `${KEYS}/${key.id}/rotation`, {})).status).toBe(201);
});

test('G04: a key enables no stronger key that its owner disabled; to disable and end one it may', async () => {
  const { secret } = await world.make({ scopes: ['keys:write'] });
  const strong = await world.make({ scopes });
  const path = `${KEYS}/${strong.key.id}`;
  expect((await ada('PATCH', path, { disabled: true })).body.state).toBe('disabled');
  expect((await bearer(secret, 'PATCH', path, { disabled: false })).status).toBe(403);
  expect((await ada('GET', path)).body.state).toBe('disabled');
  expect((await ada('PATCH', path, { disabled: false })).body.state).toBe('active');
  expect((await bearer(secret, 'PATCH', path, { disabled: true })).status).toBe(200);
  expect((await bearer(secret, 'DELETE', path)).status).toBe(204);
});

test('G04: an app of somebody else gets no secret that outlives the consent; it sees, disables and ends keys', async () => {
  const token = await tokenOf({ name: 'Stranger' });
  for (const more of [
    { scopes: ['*'] },
    { scopes: ['keys:write'] },
    { scopes: ['read'], expires_in_seconds: 60 },
  ]) {
    const answer = await bearer(token, 'POST', KEYS, { name: 'Souvenir', ...more });
    expect([answer.status, answer.body.error]).toEqual([403, 'access_denied']);
  }
  const { key } = await world.make();
  const path = `${KEYS}/${key.id}`;
  expect((await bearer(token, 'POST', `${path}/rotation`, {})).status).toBe(403);
  expect((await bearer(token, 'PATCH', path, { disabled: true })).status).toBe(200);
  expect((await bearer(token, 'PATCH', path, { disabled: false })).status).toBe(403);
  expect((await bearer(token, 'GET', path)).body.state).toBe('disabled');
  expect((await bearer(token, 'DELETE', path)).status).toBe(204);
});

test("an app of the operator's own makes and rotates keys for whoever uses it", async () => {
  const token = await tokenOf({ name: 'Dashboard', isFirstParty: true });
  const made = await bearer(token, 'POST', KEYS, { name: 'Zapier', scopes: ['read'] });
  expect(made.status).toBe(201);
  expect((await bearer(token, 'POST', `${KEYS}/${made.body.id}/rotation`, {})).status).toBe(201);
});

test('RFC 7009: whoever presents a whole key ends it, whatever client is named beside it', async () => {
  const wrong = { id: 'tracker', secret: 'wrong' };
  for (const [how, parameters, headers] of [
    ['a public client', { client_id: 'latchkey-cli' }, {}],
    ['another client', {}, basic(world.api)],
    ['a client with a wrong secret', {}, basic(wrong)],
    ['a wrong secret in the body', { client_id: 'tracker', client_secret: 'wrong' }, {}],
  ] as const) {
    const { secret } = await world.make();
    expect((await world.post('/revoke', { token: secret, ...parameters }, headers)).status, how).toBe(200);
    expect((await world.ask(secret)).active, how).toBe(false);
  }
});

test('G04 G05: what a key says of the key that it makes is so, or it is told', async () => {
  const theirs = await world.parts.teams.create(world.asAda, world.ada, { name: 'Others' });
  const cidr = ['10.0.0.0/8'];
  const team = await world.make({
    owner: world.ofTeam,
    scopes,
    networks: ['127.0.0.0/8'],
  });
  const own = await world.make({ scopes });
  for (const [by, more, param, status] of [
    [team, { team_id: theirs.id }, 'team_id', 400],
    [team, { kind: 'personal' }, 'kind', 400],
    [team, { account_id: world.grace.id }, 'account_id', 400],
    [own, { kind: 'team', team_id: world.team.id }, 'kind', 400],
    [own, { account_id: world.grace.id }, 'account_id', 400],
    [team, { cidr }, 'cidr', 403],
  ] as const) {
    const { status: got, body } = await bearer(by.secret, 'POST', KEYS, {
      name: 'a',
      scopes: ['read'],
      ...more,
    });
    expect([got, body.param], JSON.stringify(more)).toEqual([status, param]);
  }
  const said = { name: 'a', scopes: ['read'], kind: 'team', team_id: world.team.id, cidr: ['127.0.0.1'] };
  const made = await bearer(team.secret, 'POST', KEYS, said);
  expect([made.status, made.body.cidr]).toEqual([201, ['127.0.0.1/32']]);
  // Never in more places than were asked for.
  const narrow = { name: 'a', scopes: ['read'], cidr, team_id: world.team.id };
  expect((await bearer(own.secret, 'POST', KEYS, narrow)).body).toMatchObject({
    cidr,
    team_id: world.team.id,
  });
});

test.each([
  ['a moment after the year 9999', { expires_at: 99_999_999_999_999 }, 'expires_at'],
  ['the last of all numbers', { expires_at: Number.MAX_SAFE_INTEGER }, 'expires_at'],
  ['a scope that no API has', { scopes: ['nonsense'] }, 'scopes'],
  ['a team that is none', { team_id: 'team_none' }, 'team_id'],
  ['a team key without a team', { kind: 'team' }, 'team_id'],
  ['a network with bits of a host', { cidr: ['10.0.0.5/8'] }, 'cidr'],
  ['an IPv6 network with bits of a host', { cidr: ['2001:db8::1/32'] }, 'cidr'],
])('G05: %s is refused at the member of the body', async (_what, more, param) => {
  const answer = await ada('POST', KEYS, { name: 'Zapier', scopes: ['read'], ...more });
  expect([answer.body.param, answer.status >= 400 && answer.status < 500]).toEqual([param, true]);
});

test('a network is one with or without bits of a host that are zero, and an address is one', async () => {
  const cidr = ['10.0.0.0/8', '203.0.113.7', '203.0.113.128/25', '2001:db8::/32', '2001:db8::1/128'];
  const { body } = await ada('POST', KEYS, { name: 'Zapier', scopes: ['read'], cidr });
  expect(body.cidr).toEqual(cidr.map((one) => (one === '203.0.113.7' ? `${one}/32` : one)));
});

test('G05: a member that comes twice in a body is refused, however it is spelt and wherever it stands', async () => {
  const { secret } = await world.make({ scopes });
  for (const body of [
    '{"name":"a","scopes":["read"],"scopes":["keys:write"]}',
    '{"name":"a","scopes":["read"],"n\\u0061me":"b"}',
    '{"name":"a","scopes":["read"],"more":[{"x":1,"x":2}]}',
  ]) {
    const answer = await bearer(secret, 'POST', KEYS, body);
    expect([answer.status, answer.text.includes('twice')], body).toEqual([400, true]);
  }
  const fine = '{"name":"a \\"name\\": {\\"name\\":","scopes":["read"]}';
  expect((await bearer(secret, 'POST', KEYS, fine)).status).toBe(201);
});

test('a key without the scope is told the one that keys can have', async () => {
  const { secret } = await world.make({ scopes: ['read'] });
  const answer = await bearer(secret, 'GET', KEYS);
  expect([answer.status, answer.body.error_description]).toEqual([403, 'This needs the scope keys:read.']);
  expect(answer.headers.get('www-authenticate')).toContain('scope="keys:read"');
});
