// The end of a token is felt by the very next call, whoever brought it about and in whichever process.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatGrantId } from '../../server/grants/grants.ts';
import { createParts, type Parts } from '../../server/parts.ts';
import { sql } from '../../server/storage/statement.ts';
import {
  type AppClient,
  basic,
  createVerifier,
  createWorld,
  PASSWORD,
  type TokenSet,
  type World,
} from '../support/world.ts';

let world: World;
/** What another process, or the command line, has: the same database opened a second time. */
let elsewhere: Parts;

beforeAll(async () => {
  world = await createWorld();
  elsewhere = await createParts(world.app.config, { actor: 'operator' });
});
afterAll(async () => {
  await elsewhere.close();
  await world.close();
});

async function isActive(accessToken: string): Promise<unknown> {
  return (await world.introspect(world.api, accessToken)).body.active;
}

/** A person of their own with an app of their own, signed in, and seen to be active. */
async function signInSomebody(email: string): Promise<{ id: string; app: AppClient; tokens: TokenSet }> {
  const person = await world.app.parts.accounts.register(
    { email, name: 'Grace', password: PASSWORD },
    'operator',
  );
  const app = await world.registerClient({ name: 'Their app', scopes: ['openid', 'read:tasks'] });
  const robot = world.app.robot();
  const { verifier, challenge } = createVerifier();
  const start = await robot.get(world.authorizationPath(app, challenge));
  const back = await world.walk(robot, start, { email, password: PASSWORD });
  const answer = await world.redeem(app, { code: back.searchParams.get('code') ?? '', verifier });
  const tokens = answer.body as TokenSet;
  expect(await isActive(tokens.access_token)).toBe(true);
  return { id: person.id, app, tokens };
}

async function expectDead({ app, tokens }: { app: AppClient; tokens: TokenSet }): Promise<void> {
  expect((await world.introspect(world.api, tokens.access_token)).text).toBe('{"active":false}');
  const refreshed = await world.refresh(app, tokens.refresh_token);
  expect(['invalid_grant', 'invalid_client']).toContain(refreshed.body.error);
  const headers = { Authorization: `Bearer ${tokens.access_token}` };
  expect((await world.ask('/userinfo', { headers })).status).toBe(401);
}

test('I05 H6: a person who is disabled by another process is not active at the next call, nor after coming back', async () => {
  const grace = await signInSomebody('grace@example.com');
  const account = await elsewhere.accounts.disable(await elsewhere.accounts.get(grace.id), 'operator');
  await expectDead(grace);
  await elsewhere.accounts.enable(account, 'operator');
  await expectDead(grace);
});

test('I05 H6: the disabling alone is enough, without the end of any grant', async () => {
  const edith = await signInSomebody('edith@example.com');
  const { database } = elsewhere;
  await database.transact(() =>
    database.write(sql`UPDATE accounts SET disabled_at = 1 WHERE id = ${edith.id}`),
  );
  expect(await isActive(edith.tokens.access_token)).toBe(false);
});

test('I05: a client that is blocked is not active at the next call, and old tokens stay dead when it is allowed again', async () => {
  const barbara = await signInSomebody('barbara@example.com');
  await elsewhere.clients.block(barbara.app.id);
  await expectDead(barbara);
  await elsewhere.clients.allow(barbara.app.id);
  await expectDead(barbara);
});

test('I05: a client that was deleted is not active, and no error either', async () => {
  const mary = await signInSomebody('mary@example.com');
  const { database } = elsewhere;
  await database.transact(() => database.write(sql`DELETE FROM clients WHERE id = ${mary.app.id}`));
  await expectDead(mary);
});

test('I05: a caller that is blocked is not answered any more', async () => {
  const { tokens } = await signInSomebody('karen@example.com');
  await elsewhere.clients.block(world.api.id);
  const answer = await world.introspect(world.api, tokens.access_token);
  expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client']);
  await elsewhere.clients.allow(world.api.id);
  expect(await isActive(tokens.access_token)).toBe(true);
});

test('I05: a secret that is rotated elsewhere is good here at once, beside the old one', async () => {
  const { tokens } = await signInSomebody('radia@example.com');
  const { secret } = await elsewhere.clients.rotateSecret(world.api.id);
  for (const caller of [world.api, { id: world.api.id, secret }]) {
    expect((await world.introspect(caller, tokens.access_token)).body.active).toBe(true);
  }
});

test('I09: a grant that its owner revokes in another process is dead at the next call', async () => {
  const hedy = await signInSomebody('hedy@example.com');
  const [grant] = await elsewhere.grants.listOf(hedy.id);
  await elsewhere.grants.revokeOwn(hedy.id, formatGrantId(grant?.id ?? 0));
  await expectDead(hedy);
});

test('I09: a change of password ends what apps hold', async () => {
  const joan = await signInSomebody('joan@example.com');
  const account = await elsewhere.accounts.get(joan.id);
  await elsewhere.accounts.setPassword(account, 'another long pass phrase', { actor: 'operator' });
  await expectDead(joan);
});

test('I09: once a revocation was answered no introspection says active, however many ask at once', async () => {
  const frances = await signInSomebody('frances@example.com');
  const { access_token } = frances.tokens;
  const asking = Array.from({ length: 20 }, () => isActive(access_token));
  const revoked = await world.post('/revoke', { token: access_token }, basic(frances.app));
  const after = Array.from({ length: 20 }, () => isActive(access_token));
  expect(revoked.status).toBe(200);
  expect(await Promise.all(after)).toEqual(Array.from({ length: 20 }, () => false));
  await Promise.all(asking);
});
