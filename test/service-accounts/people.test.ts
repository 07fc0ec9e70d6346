// An issuer whose assertions act in the name of a person: only while that person may act, and never by way of an app that they were not asked about.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basic, createWorld, PASSWORD, type World } from '../support/world.ts';
import {
  expectRefusal,
  JWT_BEARER,
  MANY_REFUSALS,
  present,
  REFUSED,
  reasonOf,
  trustIssuer,
} from './issuers.ts';

let world: World;
beforeAll(async () => {
  const roles = { member: { scopes: ['read:tasks', 'write:tasks'] }, guest: { scopes: ['read:tasks'] } };
  world = await createWorld({ settings: { ...MANY_REFUSALS, roles } });
});
afterAll(() => world.close());

const active = async (text: unknown) => (await world.introspect(world.api, String(text))).body;

function registerPerson(name: string) {
  const wanted = { email: `${name.toLowerCase()}@example.com`, name, password: PASSWORD };
  return world.app.parts.accounts.register(wanted, 'operator');
}

test('the token acts as the person, whichever of its subjects the issuer speaks about', async () => {
  const ci = await trustIssuer(world, { accountId: world.ada.id, subjects: ['deploy', 'report'] });
  for (const sub of ['deploy', 'report']) {
    const { body } = await present(world, ci.assert({ sub }));
    expect(body).not.toHaveProperty('refresh_token');
    expect(await active(body.access_token)).toMatchObject({
      ...{ active: true, sub: world.ada.id, username: 'ada@example.com', client_id: ci.id },
    });
    const [accepted] = await world.app.parts.audit.list({ type: 'assertion.accepted', limit: 1 });
    expect(accepted).toMatchObject({ accountId: world.ada.id });
    expect(JSON.parse(accepted?.details ?? '')).toEqual({ issuer: ci.id, subject: sub, key: 'key-1' });
  }
});

test('a subject that is long or not plain is accepted, and not kept', async () => {
  const odd = `${'x'.repeat(300)}\u202e`;
  const ci = await trustIssuer(world, { subjects: [odd] });
  expect((await present(world, ci.assert({ sub: odd }))).status).toBe(200);
  const [accepted] = await world.app.parts.audit.list({ type: 'assertion.accepted', limit: 1 });
  expect(JSON.parse(accepted?.details ?? '')).toEqual({ issuer: ci.id, key: 'key-1' });
});

test('J10 T18 J07: a disabled person is nobody, their tokens are dead at once, and the refused assertion is not spent', async () => {
  const grace = await registerPerson('Grace');
  const { accounts } = world.app.parts;
  const ci = await trustIssuer(world, { accountId: grace.id });
  const { access_token: token } = (await present(world, ci.assert())).body;
  expect((await active(token)).active).toBe(true);
  await accounts.disable(grace, 'operator');
  expect(await active(token)).toEqual({ active: false });
  const waiting = ci.assert();
  await expectRefusal(world, waiting, 'account_not_active');
  await accounts.enable(grace, 'operator');
  expect(await active(token), 'what had ended does not come back').toEqual({ active: false });
  expect((await present(world, waiting)).status).toBe(200);
  await expectRefusal(world, waiting, 'replayed');
});

test('J10 T18: a deleted person is nobody, also when another one signs up with their address', async () => {
  const hedy = await registerPerson('Hedy');
  const { database, accountDeletion } = world.app.parts;
  const ci = await trustIssuer(world, { accountId: hedy.id });
  const { access_token: token } = (await present(world, ci.assert())).body;
  await database.transact(() => accountDeletion.erase(hedy, 'operator'));
  expect(await active(token)).toEqual({ active: false });
  await registerPerson('Hedy');
  await expectRefusal(world, ci.assert(), 'account_not_active');
});

test('A31: what the person may not hold, their issuer may not get', async () => {
  const joan = await registerPerson('Joan');
  await world.app.parts.database.transact(() =>
    world.app.parts.database.write({
      sql: "UPDATE accounts SET role = 'guest' WHERE id = ?",
      bindings: [joan.id],
    }),
  );
  const ci = await trustIssuer(world, { accountId: joan.id, scopes: ['read:tasks', 'write:tasks'] });
  expect((await present(world, ci.assert())).body.scope).toBe('read:tasks');
  expect((await present(world, ci.assert(), { scope: 'write:tasks' })).body.error).toBe('invalid_scope');
});

test('J11: a client that must ask for consent cannot act for a person by assertion; one of the product may', async () => {
  const registered = { grants: [JWT_BEARER], redirectUris: [] } as const;
  const app = await world.registerClient({ ...registered, name: 'An app' });
  const own = await world.registerClient({ ...registered, name: 'Our own', isFirstParty: true });
  const clientIds = [app.id, own.id];
  const person = await trustIssuer(world, { accountId: world.ada.id, clientIds });
  const machine = await trustIssuer(world, { clientIds });

  const refused = await present(world, person.assert(), {}, basic(app));
  expect([refused.body, await reasonOf(world, refused)]).toEqual([REFUSED, 'consent_needed']);
  const { body } = await present(world, person.assert(), {}, basic(own));
  expect(await active(body.access_token)).toMatchObject({ sub: world.ada.id, client_id: own.id });
  expect((await present(world, machine.assert(), {}, basic(app))).status).toBe(200);
});

test('J15: whatever the reason, status, headers and body are the same', async () => {
  const ci = await trustIssuer(world);
  const grace = await registerPerson('Annie');
  await world.app.parts.accounts.disable(grace, 'operator');
  const asleep = await trustIssuer(world, { accountId: grace.id });
  const spent = ci.assert();
  await present(world, spent);
  const wrong = [
    spent,
    'x',
    asleep.assert(),
    ci.assert({ aud: 'x' }),
    ci.assert({ iss: 'x' }),
    ci.assert({ exp: 1 }),
  ];
  const answers = await Promise.all(wrong.map((assertion) => present(world, assertion)));
  const seen = answers.map(({ status, headers, text }) => {
    const { date, 'x-request-id': _id, ...kept } = Object.fromEntries(headers);
    return JSON.stringify([status, text, kept]);
  });
  expect(new Set(seen).size).toBe(1);
  // No assertion at all is another fault: the request itself is not one.
  expect((await world.post('/token', { grant_type: JWT_BEARER })).body.error).toBe('invalid_request');
  const twice = `grant_type=${encodeURIComponent(JWT_BEARER)}&assertion=a&assertion=b`;
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const answer = await world.ask('/token', { method: 'POST', headers, body: twice });
  expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
});

test('one network fills only so much of the audit log with what nobody believes, and is refused all the same', async () => {
  const few = await createWorld({
    settings: { limits: { 'assertion.refused': { max: 3, window_seconds: 60 } } },
  });
  try {
    const ci = await trustIssuer(few);
    for (let count = 0; count < 6; count += 1) expect((await present(few, 'x')).body).toEqual(REFUSED);
    expect(await few.app.parts.audit.list({ type: 'token.refused', limit: 100 })).toHaveLength(3);
    expect((await present(few, ci.assert())).status).toBe(200);
  } finally {
    await few.close();
  }
});
