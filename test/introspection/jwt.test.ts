// JWT access tokens at introspection: the answers and the ends of opaque ones (RFC 7662), felt at once though they are JWTs.
import { decodeJwt, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { formatGrantId } from '../../server/grants/grants.ts';
import { createParts, type Parts } from '../../server/parts.ts';
import { createJwtWorld, type JwtWorld, MAIL } from '../support/jwt-world.ts';
import type { Answer } from '../support/program.ts';
import { basic, PASSWORD, type TokenSet } from '../support/world.ts';

let world: JwtWorld;
/** What another process, or the command line, has: the same database opened a second time. */
let elsewhere: Parts;

beforeAll(async () => {
  world = await createJwtWorld();
  elsewhere = await createParts(world.app.config, { actor: 'operator' });
});
afterAll(async () => {
  await elsewhere.close();
  await world.close();
});

function ask(text: string, caller = world.mail): Promise<Answer> {
  return world.introspect(caller, text);
}

async function isActive(text: string): Promise<unknown> {
  return (await ask(text)).body.active;
}

/** All that a caller gets to see, without what names the request or the moment. */
function seen({ status, text, headers }: Answer) {
  const kept = [...headers].filter(([name]) => name !== 'x-request-id' && name !== 'date');
  return { status, text, headers: kept };
}

/** The same claims, signed with the very key of ours. */
async function signAnew(text: string, change: Record<string, unknown> = {}): Promise<string> {
  const keys = await world.app.parts.signingKeys.load();
  const { algorithm, kid, privateJwk } = keys.find((key) => key.algorithm === 'ES256') ?? expect.fail();
  return new SignJWT({ ...decodeJwt(text), ...change })
    .setProtectedHeader({ alg: algorithm, kid, typ: 'at+jwt' })
    .sign(privateJwk);
}

test('I04: it is described as an opaque one is, under the jti that it carries', async () => {
  const { access_token } = await world.signInForMail();
  const { iat, exp, jti } = decodeJwt(access_token);
  expect((await ask(access_token)).body).toEqual({
    active: true,
    scope: 'read:mail',
    client_id: world.desk.id,
    sub: world.ada.id,
    username: 'ada@example.com',
    aud: MAIL,
    iss: world.app.config.issuer,
    ...{ exp, iat, jti },
    token_type: 'Bearer',
    plan: 'standard',
    credential_type: 'access_token',
  });
});

test('I03: another API learns nothing of it, nor does the client that holds it', async () => {
  const { access_token } = await world.signInForMail();
  for (const caller of [world.api, world.desk])
    expect((await ask(access_token, caller)).text).toBe('{"active":false}');
});

test('I02: what is not as it was issued is unknown, signed with our own key or not, byte for byte the same answer', async () => {
  const { access_token, id_token } = await world.signInForMail();
  const [header, payload, signature = ''] = access_token.split('.');
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const reference = seen(await ask(`lka_${'0'.repeat(11)}${'A'.repeat(43)}`));
  expect(reference.text).toBe('{"active":false}');
  const texts = {
    'signed anew with our key': await signAnew(access_token),
    'more scope, signed with our key': await signAnew(access_token, { scope: 'read:mail send:mail' }),
    'another jti, signed with our key': await signAnew(access_token, { jti: 'at_00000000001AAAAAAAAAAAA' }),
    'another signature': `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    'no signature': `${header}.${payload}.`,
    'alg none': `${encode('{"alg":"none"}')}.${payload}.${signature}`,
    'its jti': String(decodeJwt(access_token).jti),
    'an ID token': id_token,
    'five parts': `${access_token}.AAAA.AAAA`,
    'no JSON': `${header}.${encode('{{{{')}.${signature}`,
    'JSON that is no object': `${header}.${encode('[1,2,3]')}.${signature}`,
    'deep JSON': `${header}.${encode('['.repeat(20_000))}.${signature}`,
    'a __proto__': `${header}.${encode(`{"__proto__":{"jti":"${decodeJwt(access_token).jti}"}}`)}.${signature}`,
    huge: `${header}.${encode(`{"fill":"${'x'.repeat(40_000)}"}`)}.${signature}`,
    'many dots': '.'.repeat(50_000),
  };
  for (const [name, text] of Object.entries(texts)) expect(seen(await ask(text)), name).toEqual(reference);
  expect(await isActive(access_token)).toBe(true);
});

test('I02: expired it is not active, to the second, without the tolerance for the clocks of others', async () => {
  const { access_token } = await world.signInForMail();
  const end = Number(decodeJwt(access_token).exp);
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime((end - 1) * 1000);
  expect(await isActive(access_token)).toBe(true);
  vi.setSystemTime(end * 1000);
  expect(await isActive(access_token)).toBe(false);
  vi.useRealTimers();
});

test('one introspection of it is one read of the database', async () => {
  const { access_token } = await world.signInForMail();
  // The first one notes that the grant was used.
  await ask(access_token);
  const find = vi.spyOn(world.app.parts.database, 'find');
  await ask(access_token);
  expect(find).toHaveBeenCalledTimes(1);
  find.mockRestore();
});

test('fast or the long way, the answer is the same', async () => {
  const { access_token } = await world.signInForMail();
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', ...basic(world.mail) };
  for (const token of [access_token, `${access_token}A`]) {
    const ways = ['/introspect', '/introspect?'].map((path) =>
      world.ask(path, { method: 'POST', headers, body: `token=${token}` }),
    );
    const [fast, long] = (await Promise.all(ways)).map((answer) => answer.text);
    expect(fast).toBe(long);
  }
});

type Ending = (tokens: TokenSet) => Promise<unknown>;
const endings: [string, Ending][] = [
  [
    'I09: its owner revokes the grant',
    async () => {
      const [grant] = await elsewhere.grants.listOf(world.ada.id);
      await elsewhere.grants.revokeOwn(world.ada.id, formatGrantId(grant?.id ?? 0));
    },
  ],
  [
    'V03: its client revokes the refresh token',
    ({ refresh_token }) => world.post('/revoke', { token: refresh_token }, basic(world.desk)),
  ],
  [
    'R02: the refresh token is replayed',
    async ({ refresh_token }) => {
      const next = await world.refresh(world.desk, refresh_token);
      await world.refresh(world.desk, String(next.body.refresh_token));
      await world.refresh(world.desk, refresh_token);
    },
  ],
  [
    'I09: the password is changed',
    async () => {
      const account = await elsewhere.accounts.get(world.ada.id);
      await elsewhere.accounts.setPassword(account, PASSWORD, { actor: 'operator' });
    },
  ],
  [
    'I05 H6: the person is disabled, and enabled again',
    async () => {
      const account = await elsewhere.accounts.disable(
        await elsewhere.accounts.get(world.ada.id),
        'operator',
      );
      await elsewhere.accounts.enable(account, 'operator');
    },
  ],
  [
    // Last: what the client gets in the same second is dead too.
    'I05 T19: the client is blocked, and allowed again',
    async () => {
      await elsewhere.clients.block(world.desk.id);
      await elsewhere.clients.allow(world.desk.id);
    },
  ],
];

test.each(endings)('%s: then it is dead at the next call, whoever did it', async (_what, end) => {
  const tokens = await world.signInForMail();
  expect(await isActive(tokens.access_token)).toBe(true);
  await end(tokens);
  expect((await ask(tokens.access_token)).text).toBe('{"active":false}');
});
