// What an assertion must say (RFC 7523 section 3), over HTTP: one text for whoever sent it, the reason in the audit log.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { nowSeconds } from '../../server/clock.ts';
import { createWorld, type World } from '../support/world.ts';
import {
  createSigner,
  expectRefusal,
  expectToken,
  MANY_REFUSALS,
  present,
  type TrustedSigner,
  trustIssuer,
} from './issuers.ts';

const YEAR_SECONDS = 31_536_000;

let world: World;
let ci: TrustedSigner;
let robot: TrustedSigner;
let us: string;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_REFUSALS });
  ci = await trustIssuer(world);
  robot = await trustIssuer(world, { profile: 'service-account', issuer: 'robot@shop.example.com' });
  us = world.app.config.issuer;
});
afterAll(() => world.close());
afterEach(() => vi.useRealTimers());

function setClock(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(seconds * 1000);
}
test('J01: an issuer that nobody trusts, or none at all', async () => {
  for (const iss of [
    'https://ci.example.org',
    `${ci.issuer}/`,
    ci.issuer.toUpperCase(),
    undefined,
    7,
    ['a'],
    '',
  ])
    await expectRefusal(world, ci.assert({ iss }), 'unknown_issuer');
});

describe('J02: the audience', () => {
  test('strict: our issuer as the sole value', async () => {
    await expectToken(world, ci.assert({ aud: [us] }));
    const foreign = [
      'https://other.example',
      `${us}/`,
      `${us}/token`,
      [us, 'https://other.example'],
      [us, us],
    ];
    for (const aud of [...foreign, [], '', undefined, { 0: us }])
      await expectRefusal(world, ci.assert({ aud }), 'wrong_audience');
  });

  test('service account: issuer or token endpoint', async () => {
    for (const aud of [us, `${us}/token`, [`${us}/token`]]) await expectToken(world, robot.assert({ aud }));
    for (const aud of [
      'https://oauth2.googleapis.com/token',
      [us, `${us}/token`],
      `${us}/introspect`,
      undefined,
    ])
      await expectRefusal(world, robot.assert({ aud }), 'wrong_audience');
  });
});

describe('J03: the times', () => {
  const now = nowSeconds();

  test.each([
    ['no exp', { exp: undefined }, 'no_times'],
    ['no iat', { iat: undefined }, 'no_times'],
    ['exp as text', { exp: String(now + 60) }, 'no_times'],
    ['nbf as text', { nbf: 'soon' }, 'no_times'],
    ['exp in five years', { exp: now + 5 * YEAR_SECONDS }, 'lives_too_long'],
    ['exp in 316 seconds', { exp: now + 316 }, 'lives_too_long'],
    ['expired 15 seconds ago', { exp: now - 15, iat: now - 100 }, 'expired'],
    ['signed 616 seconds ago', { iat: now - 616 }, 'too_old'],
    ['iat in 16 seconds', { iat: now + 16 }, 'from_the_future'],
    ['nbf in a minute', { nbf: now + 60 }, 'from_the_future'],
  ])('strict: %s', async (_words, claims, reason) => {
    setClock(now);
    await expectRefusal(world, ci.assert(claims), reason);
  });

  test.each([
    ['no iat', { iat: undefined }, 'no_times'],
    ['an hour and a second from iat to exp', { exp: now + 3601 }, 'lives_too_long'],
    ['expired 15 seconds ago', { iat: now - 3600, exp: now - 15 }, 'expired'],
    ['an exp that is no number to JSON', { exp: null }, 'no_times'],
  ])('service account: %s', async (_words, claims, reason) => {
    setClock(now);
    await expectRefusal(world, robot.assert(claims), reason);
  });

  test('clocks may be off by fifteen seconds, and an hour from iat to exp is fine for a service account', async () => {
    setClock(now);
    for (const claims of [
      { nbf: now + 8 },
      { iat: now + 8 },
      { exp: now - 8 },
      { exp: now + 308, iat: now - 590 },
    ])
      await expectToken(world, ci.assert(claims));
    await expectToken(world, robot.assert({ iat: now - 3500, exp: now + 100 }));
    await expectToken(world, robot.assert({ iat: now + 8, exp: now + 3608 }));
    // Not a claim that is infinite to JavaScript, as 1e999 is.
    const infinite = JSON.stringify({ ...robot.claim(), exp: 0 }).replace('"exp":0', '"exp":1e999');
    await expectRefusal(world, robot.signer.sign(infinite), 'no_times');
  });
});

test('the subject is compared as text, and without a list it is the issuer itself', async () => {
  for (const sub of ['repo:shop', `${ci.issuer}/`])
    await expectRefusal(world, ci.assert({ sub }), 'subject_not_allowed');
  for (const sub of [undefined, '', 7]) await expectRefusal(world, ci.assert({ sub }), 'no_subject');
  await expectRefusal(world, robot.assert({ sub: 'ada@example.com' }), 'subject_not_allowed');
  await expectToken(world, robot.assert({ sub: robot.issuer }));
  const repos = await trustIssuer(world, { subjects: ['repo:shop', 'repo:*'] });
  for (const sub of ['repo:shop', 'repo:*']) await expectToken(world, repos.assert({ sub }));
  for (const sub of ['repo:shop ', 'repo:shop2', 'repo:', 'REPO:SHOP', repos.issuer])
    await expectRefusal(world, repos.assert({ sub }), 'subject_not_allowed');
});

describe("the shape of Google's libraries", () => {
  test('padding, no kid, no jti, the scope as a claim: a service account may, a strict issuer may not', async () => {
    const padded = (signer: TrustedSigner, claims: object) => {
      for (let filler = 0; ; filler += 1) {
        const text = JSON.stringify({ ...claims, filler: 'x'.repeat(filler) });
        if (text.length % 3 !== 0) return signer.signer.sign(text, {}, 'base64');
      }
    };
    await expectToken(world, padded(robot, robot.claim()));
    await expectRefusal(world, padded(ci, ci.claim()), 'padded');
    await expectToken(world, robot.assert({}, { kid: undefined, typ: 'JWT' }));
    // One key, so that it need not be named.
    await expectToken(world, ci.assert({}, { kid: undefined }));
    const two = [await createSigner({ kid: 'a' }), await createSigner({ kid: 'b' })] as const;
    const jwks = { keys: two.map(({ jwk }) => jwk) };
    const strict = await trustIssuer(world, { signer: two[1], jwks });
    const loose = await trustIssuer(world, { signer: two[1], jwks, profile: 'service-account' });
    await expectRefusal(world, strict.assert({}, { kid: undefined }), 'no_key');
    await expectToken(world, loose.assert({}, { kid: undefined }));
    await expectRefusal(world, loose.assert({}, { kid: 'a' }), 'wrong_signature');
  });

  test('the scope parameter goes before the claim, which only a service account has', async () => {
    const scopes = ['read:tasks', 'write:tasks'];
    const both = await trustIssuer(world, { profile: 'service-account', scopes });
    const strict = await trustIssuer(world, { scopes });
    expect((await present(world, both.assert({ scope: 'write:tasks' }))).body.scope).toBe('write:tasks');
    const asked = { scope: 'read:tasks' };
    expect((await present(world, both.assert({ scope: 'write:tasks' }), asked)).body.scope).toBe(
      'read:tasks',
    );
    expect((await present(world, strict.assert({ scope: 'write:tasks' }))).body.scope).toBe(scopes.join(' '));
    for (const scope of ['admin', 7, ['read:tasks'], 'read:tasks admin'])
      expect((await present(world, both.assert({ scope }))).body.error).toBe('invalid_scope');
    const list = await present(world, both.assert({ scope: ['read:tasks'] }));
    expect(list.body.error_description).toBe('scope must be one text, names apart by spaces');
  });
});
