// Clients and APIs that prove who they are by a key of their own, registered or published (RFC 7523 section 2.2; rows K01 to K07).
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Registration } from '../../server/clients/clients.ts';
import { nowSeconds } from '../../server/clock.ts';
import { createKeyHolder, type KeyHolder } from '../introspection/key-holder.ts';
import { answers, type Receiver, startReceiver } from '../outbound/receiver.ts';
import type { Answer } from '../support/program.ts';
import { basic, createWorld, type World } from '../support/world.ts';

type Proof = Readonly<Record<string, string>>;

let world: World;
let publisher: Receiver;
let keys: KeyHolder;

beforeAll(async () => {
  publisher = await startReceiver();
  world = await createWorld({ settings: { outbound: { allowed_hosts: [publisher.host] } } });
  keys = await createKeyHolder(world.app.config.issuer);
});
afterAll(async () => {
  await world.close();
  await publisher.close();
});
beforeEach(() => {
  publisher.asked.length = 0;
  publisher.behave(answers.json(keys.jwks));
});

let count = 0;
/** Where keys are published that nobody asked for yet. */
function somewhere(): string {
  count += 1;
  return publisher.url(`/jwks/${count}`);
}

type Keys = Pick<Registration, 'jwks' | 'jwksUri'>;

/** What each door says to a caller that it knows, and to one that it does not. */
const doors = {
  'the token endpoint': {
    register: async (its: Keys) =>
      (await world.registerClient({ name: 'Robot', auth: 'private_key_jwt', ...its })).id,
    ask: (proof: Proof) =>
      world.post('/token', { grant_type: 'refresh_token', refresh_token: 'x', ...proof }),
    known: [400, 'invalid_grant'],
  },
  'the revocation endpoint': {
    register: async (its: Keys) =>
      (await world.registerClient({ name: 'Robot', auth: 'private_key_jwt', ...its })).id,
    ask: (proof: Proof) => world.post('/revoke', { token: 'x', ...proof }),
    known: [200, undefined],
  },
  introspection: {
    register: async (its: Keys) => {
      const registration = {
        name: 'Vault',
        scopes: { 'read:vault': 'Look' },
        tokenFormat: 'opaque',
      } as const;
      count += 1;
      const identifier = `https://vault-${count}.example.com/`;
      const api = { identifier, isDefault: false, registration };
      return (await world.app.parts.resources.register(api, { auth: 'private_key_jwt', ...its })).clientId;
    },
    ask: (proof: Proof) => world.post('/introspect', { token: 'lka_x', ...proof }),
    known: [200, undefined],
  },
} as const;

const UNKNOWN = [401, 'invalid_client'];

function verdictOf({ status, body }: Answer): [number, unknown] {
  return [status, body.error];
}

describe.each(Object.entries(doors))('at %s', (_, { register, ask, known }) => {
  const registered = () => register({ jwks: keys.jwks });

  test('K01: issuer and subject are the client itself, and must be there', async () => {
    const id = await registered();
    expect(verdictOf(await ask(await keys.present(id)))).toEqual(known);
    for (const change of [{ iss: undefined }, { iss: 'somebody' }, { sub: undefined }, { sub: 'somebody' }])
      expect([change, verdictOf(await ask(await keys.present(id, change)))]).toEqual([change, UNKNOWN]);
  });

  test('K02: the audience is the issuer alone, as text or as a list of one', async () => {
    const id = await registered();
    const { issuer } = world.app.config;
    for (const aud of [issuer, [issuer]])
      expect(verdictOf(await ask(await keys.present(id, { aud })))).toEqual(known);
    const others = [
      `${issuer}/token`,
      `${issuer}/introspect`,
      `${issuer}/`,
      [issuer, 'https://elsewhere.example'],
      [],
      'https://elsewhere.example',
      undefined,
    ];
    for (const aud of others)
      expect([aud, verdictOf(await ask(await keys.present(id, { aud })))]).toEqual([aud, UNKNOWN]);
  });

  test('K03: it is good for five minutes at most, and not when it is over or has no end', async () => {
    const id = await registered();
    const now = nowSeconds();
    expect(verdictOf(await ask(await keys.present(id, { exp: now + 299 })))).toEqual(known);
    for (const exp of [now + 302, now + 5 * 365 * 86_400, now - 60, undefined])
      expect([exp, verdictOf(await ask(await keys.present(id, { exp })))]).toEqual([exp, UNKNOWN]);
    expect(verdictOf(await ask(await keys.present(id, { nbf: now + 120 })))).toEqual(UNKNOWN);
  });

  test('K04: it is good once, and never without an id of its own', async () => {
    const id = await registered();
    const proof = await keys.present(id);
    expect(verdictOf(await ask(proof))).toEqual(known);
    expect(verdictOf(await ask(proof))).toEqual(UNKNOWN);
    expect(verdictOf(await ask(await keys.present(id, { jti: undefined })))).toEqual(UNKNOWN);
  });

  test('K05: typ is absent, JWT or client-authentication+jwt, and no other kind of token', async () => {
    const id = await registered();
    for (const typ of ['JWT', 'client-authentication+jwt'])
      expect(verdictOf(await ask(await keys.present(id, {}, { typ })))).toEqual(known);
    for (const typ of ['at+jwt', 'logout+jwt', 'dpop+jwt', 'jwt-but-not'])
      expect([typ, verdictOf(await ask(await keys.present(id, {}, { typ })))]).toEqual([typ, UNKNOWN]);
  });

  test('K06: a client of keys is not let in by a secret, nor by its id alone', async () => {
    const id = await registered();
    for (const proof of [
      { client_id: id, client_secret: 'compared by hash' },
      { client_id: id, client_secret: 'x' },
    ])
      expect(verdictOf(await ask(proof))).toEqual(UNKNOWN);
    expect((await ask({ client_id: id })).status).toBe(401);
  });

  test('K07: published keys are fetched once, and prove who it is', async () => {
    const jwksUri = somewhere();
    const id = await register({ jwksUri });
    for (let call = 0; call < 3; call += 1)
      expect(verdictOf(await ask(await keys.present(id)))).toEqual(known);
    expect(publisher.asked.map(({ path }) => path)).toEqual([new URL(jwksUri).pathname]);
    const stranger = await createKeyHolder(world.app.config.issuer);
    expect(verdictOf(await ask(await stranger.present(id)))).toEqual(UNKNOWN);
  });

  test('K07: a new key is accepted within a minute; a storm of unknown ones is one request in ten seconds', async () => {
    const id = await register({ jwksUri: somewhere() });
    await ask(await keys.present(id));
    const next = await createKeyHolder(world.app.config.issuer, 'key-2');
    publisher.behave(answers.json({ keys: [...keys.jwks.keys, ...next.jwks.keys] }));
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      for (let call = 0; call < 20; call += 1)
        expect(verdictOf(await ask(await next.present(id, {}, { kid: `unknown ${call}` })))).toEqual(UNKNOWN);
      expect(publisher.asked).toHaveLength(1);
      vi.setSystemTime(Date.now() + 10_000);
      expect(verdictOf(await ask(await next.present(id)))).toEqual(known);
      expect(verdictOf(await ask(await keys.present(id)))).toEqual(known);
      expect(publisher.asked).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test.each([
    ['redirects', answers.redirect('/jwks')],
    ['never ends', answers.endless],
    ['resets the connection', answers.reset],
    ['publishes something else', answers.json({ hello: 'world' })],
    ['publishes a key that is none', answers.json({ keys: [{ kty: 'EC', kid: 'key-1' }, null] })],
    ['publishes a symmetric key', answers.json({ keys: [{ kty: 'oct', kid: 'key-1', k: 'c2VjcmV0' }] })],
  ])(
    'K07 F27: a client whose publisher %s is refused, as any other that cannot prove itself',
    async (_words, answer) => {
      publisher.behave(answer);
      const id = await register({ jwksUri: somewhere() });
      expect(verdictOf(await ask(await keys.present(id)))).toEqual(UNKNOWN);
      expect(publisher.asked).toHaveLength(1);
    },
  );

  test('K07: keys of our own network are not fetched, whatever was registered', async () => {
    const hidden = await startReceiver();
    hidden.behave(answers.json(keys.jwks));
    for (const jwksUri of [hidden.url('/jwks'), `https://localhost:${hidden.port}/jwks`]) {
      const id = await register({ jwksUri });
      expect(verdictOf(await ask(await keys.present(id)))).toEqual(UNKNOWN);
    }
    expect(hidden.asked).toEqual([]);
    await hidden.close();
  });
});

test('K04: an assertion that was used at one endpoint is spent at every other one', async () => {
  const { id } = await world.registerClient({ name: 'Robot', auth: 'private_key_jwt', jwks: keys.jwks });
  const proof = await keys.present(id);
  expect((await world.post('/revoke', { token: 'x', ...proof })).status).toBe(200);
  const again = await world.post('/token', { grant_type: 'refresh_token', refresh_token: 'x', ...proof });
  expect(verdictOf(again)).toEqual(UNKNOWN);
});

test('K06: a client with a secret is not let in by an assertion', async () => {
  const proof = await keys.present(world.notes.id);
  expect((await world.post('/revoke', { token: 'x', ...proof })).status).toBe(401);
  expect((await world.post('/revoke', { token: 'x' }, basic(world.notes))).status).toBe(200);
});
