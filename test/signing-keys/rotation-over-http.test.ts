// Keys that rotate while two nodes serve, as verifiers see it: each keeps /jwks for as long as it may and asks for nothing more.
import { createLocalJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { introspectToken } from '../../server/admin/token-commands.ts';
import { dialects } from '../storage/ground.ts';
import { startTestApp } from '../support/app.ts';
import { createJwtWorld, createJwtWorldIn, type JwtWorld, MAIL } from '../support/jwt-world.ts';
import { createProgram } from '../support/program.ts';
import { basic } from '../support/world.ts';

const ROTATE_SECONDS = 9000;
const AHEAD_SECONDS = 3600;
const rotating = { rotate_after_seconds: ROTATE_SECONDS, publish_ahead_seconds: AHEAD_SECONDS };

type Node = { ask: ReturnType<typeof createProgram>; rotateDue: () => Promise<unknown> };

afterEach(() => {
  vi.useRealTimers();
});

/** A verifier of the kind that never asks before its cache ends, even for a key that it does not know. */
function createPatientVerifier({ ask }: Node, issuer: string) {
  let cached: { keys: ReturnType<typeof createLocalJWKSet>; until: number } | undefined;
  return async function verify(token: string): Promise<void> {
    if (cached === undefined || Date.now() >= cached.until) {
      const { body, headers } = await ask('/jwks');
      const maxAge = Number(/max-age=(\d+)/.exec(headers.get('cache-control') ?? '')?.[1]);
      cached = { keys: createLocalJWKSet({ keys: body.keys as JWK[] }), until: Date.now() + maxAge * 1000 };
    }
    await jwtVerify(token, cached.keys, { issuer, audience: MAIL });
  };
}

describe.each(dialects)('on %s', (dialect) => {
  let world: JwtWorld;
  let nodes: readonly [Node, Node];
  let close: () => Promise<void>;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const settings = { signing_keys: rotating };
    const app = await startTestApp({ settings, dialect });
    world = await createJwtWorldIn(app);
    const other = await startTestApp({
      settings: {
        ...settings,
        ...{ issuer: app.config.issuer, database: { url: app.config.database.url } },
        secrets_file: app.config.secrets_file,
      },
    });
    const { host } = new URL(app.config.issuer);
    nodes = [app, other].map(({ port, parts }) => ({
      ask: createProgram({ port, host }),
      rotateDue: parts.signingKeys.rotateDue,
    })) as unknown as readonly [Node, Node];
    close = async () => {
      await other.close();
      await app.close();
    };
  });
  afterEach(() => close());

  async function issue({ ask }: Node): Promise<string> {
    const form = { grant_type: 'client_credentials', resource: MAIL, scope: 'read:mail' };
    const { status, body } = await ask('/token', {
      method: 'POST',
      headers: { ...basic(world.service), 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
    expect(status).toBe(200);
    return String(body.access_token);
  }

  test('F17 M04: keys rotate under load, nothing fails, and every token verifies at every verifier until it ends', async () => {
    const { issuer } = world.app.config;
    const verifiers: ReturnType<typeof createPatientVerifier>[] = [];
    const kids = new Set<string | undefined>();
    let living: { token: string; until: number }[] = [];
    const began = Date.now();
    for (let step = 0; step < 36; step += 1) {
      vi.setSystemTime(began + step * 700_000);
      // A new verifier at each step, so that caches are of every age.
      for (const node of nodes) verifiers.push(createPatientVerifier(node, issuer));
      const [tokens] = await Promise.all([
        Promise.all([...nodes, ...nodes].map(issue)),
        ...nodes.map((node) => node.rotateDue()),
      ]);
      tokens.push(...(await Promise.all(nodes.map(issue))));
      for (const token of tokens) {
        kids.add(decodeProtectedHeader(token).kid);
        living.push({ token, until: Date.now() + 3_600_000 });
      }
      living = living.filter(({ until }) => until > Date.now());
      for (const verify of verifiers.slice(-12)) {
        for (const { token } of living) await verify(token);
      }
    }
    expect(kids.size).toBeGreaterThan(2);
  });

  test('F17: no node signs with a key that the other does not publish, even where it is told to rotate at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        world.app.parts.signingKeys.rotateNow('ES256', 'operator'),
        issue(nodes[0]),
        issue(nodes[1]),
      ]);
      for (const [signer, publisher] of [nodes, nodes.toReversed()] as [Node, Node][]) {
        const token = await issue(signer);
        const { keys } = (await publisher.ask('/jwks')).body as { keys: JWK[] };
        expect(keys.map((key) => key.kid)).toContain(decodeProtectedHeader(token).kid);
        const signing = keys.find((key) => key.alg === 'ES256');
        expect(signing?.kid).toBe(decodeProtectedHeader(token).kid);
      }
    }
    const { keys } = (await nodes[1].ask('/jwks')).body as { keys: JWK[] };
    expect(new Set(keys.map((key) => key.kid)).size).toBe(keys.length);
    expect(keys.filter((key) => 'd' in key)).toEqual([]);
  });

  test('F17: people stay signed in, refresh tokens and opaque tokens go on, and an old ID token is good as a hint', async () => {
    const before = await world.signInForMail();
    for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const)
      await world.app.parts.signingKeys.rotateNow(algorithm, 'operator');
    const refreshed = await world.refresh(world.desk, before.refresh_token);
    expect(refreshed.status).toBe(200);
    const after = String(refreshed.body.id_token);
    expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before.id_token).kid);
    expect((await world.introspect(world.mail, before.access_token)).body.active).toBe(true);
    const { keys } = (await world.ask('/jwks')).body as { keys: JWK[] };
    const known = createLocalJWKSet({ keys });
    await jwtVerify(before.id_token, known);
    await jwtVerify(after, known);
  });
});

test('I05 F17: what a retired key signed is dead at the next introspection, at every node, and what others signed lives', async () => {
  const world = await createJwtWorld();
  try {
    const doomed = (await world.signInForMail()).access_token;
    const { kid = '' } = decodeProtectedHeader(doomed);
    expect((await world.introspect(world.mail, doomed)).body.active).toBe(true);
    const opaque = (await world.signIn(world.notes)).access_token;
    const { successor } = await world.app.parts.signingKeys.retire(kid, 'operator');
    expect((await world.introspect(world.mail, doomed)).body).toEqual({ active: false });
    expect((await world.introspect(world.api, opaque)).body.active).toBe(true);
    // To operators too, in their words.
    const told = await introspectToken(world.app.parts, doomed);
    expect(told).toEqual({ active: false, reason: 'signing_key_retired' });
    const fresh = (await world.signInForMail()).access_token;
    expect(decodeProtectedHeader(fresh).kid).toBe(successor);
    expect((await world.introspect(world.mail, fresh)).body.active).toBe(true);
    const { keys } = (await world.ask('/jwks')).body as { keys: JWK[] };
    expect(keys.map((key) => key.kid)).not.toContain(kid);
  } finally {
    await world.close();
  }
});
