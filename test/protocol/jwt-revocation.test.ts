// Revoking JWT access tokens (RFC 7009; row V06): the same answers as for opaque ones, and what an API then hears.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { introspectToken, revokeToken } from '../../server/admin/token-commands.ts';
import { createJwtWorld, type JwtWorld, MAIL } from '../support/jwt-world.ts';
import type { Answer } from '../support/program.ts';
import { holdWriteLock } from '../support/storage-faults.ts';
import { type AppClient, basic } from '../support/world.ts';

let world: JwtWorld;
let publicApp: AppClient;
beforeAll(async () => {
  world = await createJwtWorld();
  publicApp = await world.registerClient({ name: 'TV', auth: 'none', type: 'native' });
});
afterAll(() => world.close());

function revoke(client: AppClient, token: string, more: Record<string, string> = {}): Promise<Answer> {
  if (client.secret === undefined) return world.post('/revoke', { token, client_id: client.id, ...more });
  return world.post('/revoke', { token, ...more }, basic(client));
}

async function isActive(text: unknown): Promise<unknown> {
  return (await world.introspect(world.mail, String(text))).body.active;
}

async function issueForPerson(): Promise<string> {
  return (await world.signInForMail()).access_token;
}

async function issueForService(): Promise<string> {
  return String((await world.askInOwnName()).body.access_token);
}

function seen({ status, text, headers }: Answer) {
  const kept = [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
  return { status, text, headers: Object.fromEntries(kept) };
}

test('V01 V06: its client revokes it: 200 {}, dead at the next introspection, and again the same answer', async () => {
  const holders = [
    [world.desk, await issueForPerson()],
    [world.service, await issueForService()],
  ] as const;
  for (const [client, text] of holders) {
    expect(await isActive(text)).toBe(true);
    for (const hint of [
      {},
      { token_type_hint: 'access_token' },
      { token_type_hint: 'refresh_token' },
      { token_type_hint: 'x' },
    ]) {
      const answer = await revoke(client, text, hint);
      expect([answer.status, answer.text]).toEqual([200, '{}']);
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(await isActive(text)).toBe(false);
    }
  }
});

test('V06: it ends alone: its sibling, its refresh token and its grant live on', async () => {
  const { access_token, refresh_token } = await world.signInForMail();
  const next = await world.refresh(world.desk, refresh_token);
  await revoke(world.desk, access_token);
  expect([await isActive(access_token), await isActive(next.body.access_token)]).toEqual([false, true]);
  expect((await world.refresh(world.desk, String(next.body.refresh_token))).status).toBe(200);
});

test('V02: every answer is byte for byte the one for an opaque token, whoever asks, and foreign tokens stay', async () => {
  const opaque = (await world.signIn(world.desk, { scope: 'openid read:tasks' })).access_token;
  const jwt = await issueForPerson();
  const unknown = { opaque: `lka_${'0'.repeat(11)}${'A'.repeat(43)}`, jwt: `${jwt.slice(0, -4)}AAAA` };
  const wrong = { ...world.desk, secret: 'lks_wrong' };
  for (const [name, client] of Object.entries({ foreign: world.notes, public: publicApp, wrong })) {
    expect(seen(await revoke(client, jwt)), name).toEqual(seen(await revoke(client, opaque)));
    expect(seen(await revoke(client, unknown.jwt)), name).toEqual(seen(await revoke(client, unknown.opaque)));
  }
  expect((await revoke(world.notes, jwt)).body.error).toBe('invalid_request');
  expect([(await revoke(publicApp, jwt)).status, (await revoke(wrong, jwt)).status]).toEqual([200, 401]);
  expect(await isActive(jwt)).toBe(true);
  expect(seen(await revoke(world.desk, jwt))).toEqual(seen(await revoke(world.desk, opaque)));
  expect(await isActive(jwt)).toBe(false);
});

test('V02: a browser that prefers pages gets the same', async () => {
  const jwt = await issueForPerson();
  const headers = { ...basic(world.notes), Accept: 'text/html' };
  const opaque = (await world.signIn(world.desk, { scope: 'openid read:tasks' })).access_token;
  const [one, other] = [
    await world.post('/revoke', { token: jwt }, headers),
    await world.post('/revoke', { token: opaque }, headers),
  ];
  expect([one.status, one.headers.get('content-type'), one.body]).toEqual([
    other.status,
    other.headers.get('content-type'),
    other.body,
  ]);
});

test('V06: neither its jti nor what is stored of it revokes it', async () => {
  const text = await issueForService();
  const jti = String(decodeJwt(text).jti);
  for (const other of [jti, `lka_${jti.slice(3)}`, `jwt_${jti}`, `${text}A`, ` ${text}`]) {
    await revoke(world.service, other);
    expect(await isActive(text), other).toBe(true);
  }
});

test('V06: a JWT that is no access token of ours is said not to be revocable (RFC 7009 section 2.2.1)', async () => {
  const { id_token } = await world.signInForMail();
  const answer = await revoke(world.desk, id_token);
  expect([answer.status, answer.body.error]).toEqual([400, 'unsupported_token_type']);
});

test('V01: twice in one request is refused, and revokes nothing', async () => {
  const text = await issueForService();
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...basic(world.service) };
  const answer = await world.ask('/revoke', { method: 'POST', headers, body: `token=${text}&token=${text}` });
  expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
  expect(await isActive(text)).toBe(true);
});

test('I09: once it was answered no introspection says active, however many ask at once', async () => {
  const text = await issueForPerson();
  const asking = Array.from({ length: 20 }, () => isActive(text));
  expect((await revoke(world.desk, text)).status).toBe(200);
  const after = Array.from({ length: 20 }, () => isActive(text));
  expect(await Promise.all(after)).toEqual(Array.from({ length: 20 }, () => false));
  await Promise.all(asking);
});

test('V04 H8: while it cannot be stored it is 503 with Retry-After and never 200, and after it 200', async () => {
  const text = await issueForPerson();
  vi.useFakeTimers({ toFake: ['Date'] });
  const release = holdWriteLock(world.app.config.database.url);
  const passing = setInterval(() => vi.setSystemTime(Date.now() + 6000), 50);
  const answer = await revoke(world.desk, text);
  clearInterval(passing);
  vi.useRealTimers();
  release();
  expect([answer.status, answer.body.error]).toEqual([503, 'temporarily_unavailable']);
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(await isActive(text)).toBe(true);
  expect((await revoke(world.desk, text)).status).toBe(200);
  expect(await isActive(text)).toBe(false);
});

test('who revoked whose token is in the audit log, of a person and of a service', async () => {
  await revoke(world.desk, await issueForPerson());
  await revoke(world.service, await issueForService());
  const events = await world.app.parts.audit.list({ type: 'token.revoked', limit: 1000 });
  const [person] = events.filter((event) => event.clientId === world.desk.id);
  const [service] = events.filter((event) => event.clientId === world.service.id);
  expect(person).toMatchObject({ actor: `client:${world.desk.id}`, accountId: world.ada.id });
  expect(service).toMatchObject({ actor: `client:${world.service.id}`, accountId: null });
  const kinds = [person, service].map((event) => JSON.parse(event?.details ?? '{}').kind);
  expect(kinds).toEqual(['AccessToken', 'ClientCredentials']);
});

test('an operator may look at one and end it, by the same text', async () => {
  const { parts } = world.app;
  const text = await issueForService();
  expect(await introspectToken(parts, text)).toMatchObject({
    active: true,
    kind: 'access_token',
    client_id: world.service.id,
    aud: MAIL,
  });
  expect(await revokeToken(parts, text)).toMatchObject({ revoked: true, client_id: world.service.id });
  expect(await isActive(text)).toBe(false);
  expect(await introspectToken(parts, text)).toEqual({ active: false, reason: 'revoked' });
  const forged = `${text.slice(0, -4)}AAAA`;
  expect(await introspectToken(parts, forged)).toEqual({ active: false, reason: 'unknown' });
  await expect(revokeToken(parts, forged)).rejects.toThrow();
});
