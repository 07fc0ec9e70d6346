// An assertion that names itself is good once (RFC 7523 section 3, item 7), over HTTP.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
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

let world: World;
let ci: TrustedSigner;
let robot: TrustedSigner;
beforeAll(async () => {
  world = await createWorld({ settings: MANY_REFUSALS });
  ci = await trustIssuer(world);
  robot = await trustIssuer(world, { profile: 'service-account', issuer: 'robot@shop.example.com' });
});
afterAll(() => world.close());
afterEach(() => vi.useRealTimers());

function setClock(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(seconds * 1000);
}

test('J06: strict needs a jti, and takes it once; for a service account one that is there is single use too', async () => {
  for (const jti of [undefined, '', 7, ['a']]) await expectRefusal(world, ci.assert({ jti }), 'no_id');
  for (const jti of ['', 7]) await expectRefusal(world, robot.assert({ jti }), 'no_id');
  const once = ci.assert();
  await expectToken(world, once);
  await expectRefusal(world, once, 'replayed');
  // The id and not the text is what is spent.
  await expectToken(world, ci.assert({ jti: 'job-1' }));
  await expectRefusal(world, ci.assert({ jti: 'job-1', exp: nowSeconds() + 90 }), 'replayed');
  await expectToken(world, robot.assert({ jti: 'job-1' }));
  await expectRefusal(world, robot.assert({ jti: 'job-1' }), 'replayed');
  // Without one it is as Google's are: good until it ends.
  const again = robot.assert();
  await expectToken(world, again);
  await expectToken(world, again);
});

test('J06: issuer and jti are no one text: what one issuer has spent is no other one of a longer name', async () => {
  const long = await trustIssuer(world, { issuer: `${ci.issuer}/a` });
  await expectToken(world, ci.assert({ jti: '/ab' }));
  await expectToken(world, long.assert({ jti: 'b' }));
  await expectToken(world, long.assert({ jti: '/ab' }));
});

test('J07: what is refused has spent nothing: wrong signature, wrong claims, wrong scope', async () => {
  const thief = await createSigner();
  const claims = ci.claim();
  await expectRefusal(world, thief.sign(claims), 'wrong_signature');
  await expectRefusal(world, ci.signer.sign({ ...claims, aud: 'https://other.example' }), 'wrong_audience');
  const beyond = await present(world, ci.signer.sign(claims), { scope: 'write:tasks' });
  expect(beyond.body.error).toBe('invalid_scope');
  const elsewhere = await present(world, ci.signer.sign(claims), { resource: 'https://nobody.example' });
  expect(elsewhere.body.error).toBe('invalid_target');
  await expectToken(world, ci.signer.sign(claims));
  await expectRefusal(world, ci.signer.sign(claims), 'replayed');
});

test('J08: it is remembered until nobody would take it any more, although the sweep has run', async () => {
  const now = nowSeconds();
  setClock(now);
  const assertion = ci.assert({ exp: now + 60 });
  await expectToken(world, assertion);
  setClock(now + 74);
  await world.app.parts.replays.sweep(nowSeconds(), 100);
  await expectRefusal(world, assertion, 'replayed');
  setClock(now + 75);
  await expectRefusal(world, assertion, 'expired');
});
