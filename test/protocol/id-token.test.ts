// ID tokens (OpenID Connect Core 1.0 sections 2 and 3.1.3): what they say, whom they name, and where they are worth nothing.
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { sql } from '../../server/storage/statement.ts';
import { createVerifier, createWorld, PASSWORD, type TokenSet, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function verify(idToken: string, audience = world.notes.id) {
  const keys = (await world.ask('/jwks')).body as unknown as JSONWebKeySet;
  return jwtVerify(idToken, createLocalJWKSet(keys), { issuer: world.app.config.issuer, audience });
}

test('O01: an ID token names issuer, person, client, times and nonce, and is signed with a published key', async () => {
  const before = nowSeconds();
  const tokens = await world.signIn(world.notes, { nonce: 'n-0S6_WzA2Mj' });
  const { payload, protectedHeader } = await verify(tokens.id_token);
  expect(protectedHeader.alg).toBe('RS256');
  expect(payload).toMatchObject({ sub: world.ada.id, aud: world.notes.id, nonce: 'n-0S6_WzA2Mj' });
  expect(payload.sub).toMatch(/^[\x21-\x7e]{1,255}$/);
  expect(payload.iat).toBeGreaterThanOrEqual(before);
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(world.app.config.tokens.id_token_seconds);
});

test('O01: without a nonce there is none; with max_age there is auth_time', async () => {
  const robot = world.app.robot();
  const bare = await verify((await world.signIn(world.notes, {}, robot)).id_token);
  expect(bare.payload.nonce).toBeUndefined();
  const aged = await verify((await world.signIn(world.notes, { max_age: '600' }, robot)).id_token);
  expect(aged.payload.auth_time).toBeTypeOf('number');
  expect(Math.abs(nowSeconds() - Number(aged.payload.auth_time))).toBeLessThan(30);
});

test('O01: a refreshed ID token names the same person and client', async () => {
  const tokens = await world.signIn(world.notes, { scope: 'openid offline_access', nonce: 'first' });
  const refreshed = (await world.refresh(world.notes, tokens.refresh_token)).body as TokenSet;
  const [first, second] = [await verify(tokens.id_token), await verify(refreshed.id_token)];
  expect(second.payload).toMatchObject({
    sub: first.payload.sub,
    aud: first.payload.aud,
    iss: first.payload.iss,
  });
});

test('the profile is at userinfo, and in the ID token only for clients that are registered for it', async () => {
  const scope = 'openid profile email';
  const bare = await world.signIn(world.notes, { scope });
  expect((await verify(bare.id_token)).payload).not.toHaveProperty('email');
  const headers = { Authorization: `Bearer ${bare.access_token}` };
  const { body } = await world.ask('/userinfo', { headers });
  expect(body).toMatchObject({ sub: world.ada.id, email: 'ada@example.com', name: 'Ada Lovelace' });

  const auth = await world.registerClient({ name: 'Auth', hasIdTokenClaims: true });
  const full = await world.signIn(auth, { scope });
  expect((await verify(full.id_token, auth.id)).payload).toMatchObject({
    email: 'ada@example.com',
    name: 'Ada Lovelace',
  });
});

test('O02: who registers the e-mail of a deleted account is somebody else, and the old tokens stay dead', async () => {
  const { accounts, database } = world.app.parts;
  const wanted = { email: 'grace@example.com', name: 'Grace Hopper', password: PASSWORD };
  async function signInGrace(): Promise<TokenSet> {
    const robot = world.app.robot();
    const { verifier, challenge } = createVerifier();
    const start = await robot.get(
      world.authorizationPath(world.notes, challenge, { scope: 'openid offline_access read:tasks' }),
    );
    const back = await world.walk(robot, start, { email: wanted.email, password: PASSWORD });
    return (await world.redeem(world.notes, { code: back.searchParams.get('code') ?? '', verifier }))
      .body as TokenSet;
  }
  const grace = await accounts.register(wanted, 'operator');
  const old = await signInGrace();
  // What a deletion leaves: the row and its id for ever, without the person.
  await database.transact(() =>
    database.write(
      sql`UPDATE accounts SET deleted_at = ${nowSeconds()}, email = NULL, email_normalized = NULL, name = NULL WHERE id = ${grace.id}`,
    ),
  );
  const second = await accounts.register(wanted, 'operator');
  const young = await signInGrace();
  expect(second.id).not.toBe(grace.id);
  expect((await verify(young.id_token)).payload.sub).toBe(second.id);
  expect((await world.introspect(world.api, old.access_token)).body).toEqual({ active: false });
  expect((await world.refresh(world.notes, old.refresh_token)).body.error).toBe('invalid_grant');
  const headers = { Authorization: `Bearer ${old.access_token}` };
  expect((await world.ask('/userinfo', { headers })).status).toBe(401);
});

test('O03: alg none is neither offered nor taken', async () => {
  const { body } = await world.ask('/.well-known/openid-configuration');
  const offered = Object.entries(body).filter(([name]) => name.endsWith('_alg_values_supported'));
  expect(offered.length).toBeGreaterThan(1);
  for (const [name, values] of offered) expect(values, name).not.toContain('none');
  const { id_token } = await world.signIn(world.notes);
  expect(decodeProtectedHeader(id_token).alg).not.toBe('none');

  // A request object without signature is refused as such, whatever it asks for.
  const claims = {
    client_id: world.notes.id,
    redirect_uri: 'https://evil.example/cb',
    response_type: 'code',
  };
  const request = [{ alg: 'none' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const path = world.authorizationPath(world.notes, createVerifier().challenge, {
    request: `${request.join('.')}.`,
  });
  const answer = await world.ask(path);
  const back = new URL(answer.headers.get('location') ?? '');
  expect(back.origin).toBe('https://notes.example.com');
  expect(back.searchParams.get('error')).toBe('request_not_supported');
});

test('O04: an ID token is no access token: not at userinfo, not at an API, not for a refresh', async () => {
  const { id_token } = await world.signIn(world.notes);
  const userinfo = await world.ask('/userinfo', { headers: { Authorization: `Bearer ${id_token}` } });
  expect([userinfo.status, userinfo.body.error]).toEqual([401, 'invalid_token']);
  expect((await world.introspect(world.api, id_token)).body).toEqual({ active: false });
  expect((await world.refresh(world.notes, id_token)).body.error).toBe('invalid_grant');
});
