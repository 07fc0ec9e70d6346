// latchkey keys …, and what the doctor says of keys that do not rotate.
import { expect, onTestFinished, test } from 'vitest';
import { speak } from '../../server/admin/finding.ts';
import { checkSigningKeys } from '../../server/admin/signing-key-checks.ts';
import type { KeyTimes } from '../../server/signing-keys/rotation.ts';
import { createPlace } from './cli.ts';

const DAY = 86_400;
type Shown = { kid: string; algorithm: string; state: string; signs_from: number; created_at: number };

function newPlace() {
  const place = createPlace();
  onTestFinished(place.remove);
  return place.quick;
}

function statesOf(keys: readonly Shown[]): string[] {
  return keys.map(({ algorithm, state }) => `${algorithm} ${state}`).toSorted();
}

test('keys rotate publishes the next ones, a week ahead; again it names the same ones', async () => {
  const cli = newPlace();
  const asked = await cli.json<Shown[]>(['keys', 'rotate']);
  expect(statesOf(asked)).toEqual(['ES256 next', 'EdDSA next', 'RS256 next']);
  for (const key of asked) expect(key.signs_from - key.created_at).toBe(7 * DAY);
  expect(await cli.json<Shown[]>(['keys', 'rotate'])).toEqual(asked);
  const listed = await cli.json<Shown[]>(['keys', 'list']);
  expect(statesOf(listed.slice(0, 3))).toEqual(['ES256 active', 'EdDSA active', 'RS256 active']);
  expect(listed).toHaveLength(6);
});

test('keys rotate --alg --now: one algorithm, at once; keys retire: another signs, and it is said for how long caches have it', async () => {
  const cli = newPlace();
  const [signing] = await cli.json<Shown[]>(['keys', 'rotate', '--alg', 'es256', '--now']);
  expect(signing).toMatchObject({ algorithm: 'ES256', state: 'active' });
  const kid = signing?.kid ?? '';
  const { successor, ...retired } = await cli.json(['keys', 'retire', kid]);
  expect(retired).toEqual({ kid, algorithm: 'ES256', cached_for_seconds: 3600 });
  const listed = await cli.json<Shown[]>(['keys', 'list']);
  expect(listed.find((key) => key.kid === successor)?.state).toBe('active');
  expect(listed.find((key) => key.kid === kid)?.state).toBe('retired');
  const { out } = await cli.run(['keys', 'retire', String(successor)]);
  expect(out).toContain('what it signed is dead wherever it is introspected');
  expect(out).toContain(String(successor));
  const events = await cli.json<{ type: string; actor: string }[]>([
    'audit',
    'list',
    '--type',
    'signing_key.retired',
  ]);
  expect(events.map(({ actor }) => actor)).toEqual(['operator', 'operator']);
});

test('no private half of a key is in any answer', async () => {
  const cli = newPlace();
  const answers = [
    await cli.run(['keys', 'rotate', '--json']),
    await cli.run(['keys', 'list', '--json']),
    await cli.run(['keys', 'list']),
  ];
  for (const { out } of answers) expect(out).not.toMatch(/"d"|private|sealed/i);
});

test('an unknown key and an unknown algorithm are refused', async () => {
  const cli = newPlace();
  expect(await cli.refusal(['keys', 'retire', 'nobody'])).toMatchObject({ error: 'not_found' });
  expect(await cli.refusal(['keys', 'rotate', '--alg', 'none'])).toMatchObject({
    error: 'invalid_request',
    error_description: 'The algorithm is one of RS256, ES256, EdDSA.',
  });
});

const policy = { rotateAfterSeconds: 90 * DAY, publishAheadSeconds: 7 * DAY };

function keysSince(activeAt: number): KeyTimes[] {
  return (['RS256', 'ES256', 'EdDSA'] as const).map((algorithm) => ({
    ...{ kid: `of ${algorithm}`, algorithm, createdAt: activeAt, activeAt },
    ...{ passiveAt: undefined, retiredAt: undefined, longestSeconds: 0 },
  }));
}

test.each([
  ['none yet', [], 0, 'ok', 'There are none yet'],
  ['young ones', keysSince(0), DAY, 'ok', 'the next one takes over on 1970-04-01'],
  ['due, and within the week of the next ones', keysSince(0), 97 * DAY, 'ok', 'takes over'],
  ['overdue', keysSince(0), 98 * DAY, 'warning', 'Rotation is overdue of RS256 (of RS256), ES256'],
  ['one algorithm without a key', keysSince(0).slice(1), DAY, 'error', 'No key signs RS256'],
] as const)('the doctor: %s', (_what, keys, now, level, words) => {
  const finding = checkSigningKeys(keys, { policy, now });
  expect(finding).toMatchObject({ check: 'signing_keys', level });
  expect(speak(finding).words).toContain(words);
});
