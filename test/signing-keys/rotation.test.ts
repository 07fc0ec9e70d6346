// When keys are published, sign, verify and go: the pure half of rotation, walked through years of a fake calendar.
import { describe, expect, test } from 'vitest';
import {
  cacheSeconds,
  findDueSteps,
  type KeyTimes,
  MOST_KEYS,
  type Step,
  stateOf,
} from '../../server/signing-keys/rotation.ts';

const DAY = 86_400;
const policy = { rotateAfterSeconds: 90 * DAY, publishAheadSeconds: 7 * DAY };
const LONGEST = 3 * DAY;
const first: KeyTimes = {
  ...{ kid: 'first', algorithm: 'ES256', createdAt: 0, activeAt: 0 },
  ...{ passiveAt: undefined, retiredAt: undefined, longestSeconds: LONGEST },
};

function takeStep(keys: readonly KeyTimes[], step: Step, now: number): readonly KeyTimes[] {
  if (step.kind === 'publish') {
    const { algorithm, activeAt } = step;
    const times = { createdAt: now, passiveAt: now, activeAt };
    return [...keys, { ...first, kid: `${algorithm} ${now}`, algorithm, ...times }];
  }
  return keys.map((key) => {
    if (step.kind === 'retire') return key.kid === step.kid ? { ...key, retiredAt: now } : key;
    if (key.kid === step.kid) return { ...key, activeAt: now, passiveAt: undefined };
    return stateOf(key) === 'active' ? { ...key, passiveAt: now } : key;
  });
}

/** The keys after the steps that are due at `now`. */
function rotate(keys: readonly KeyTimes[], now: number): readonly KeyTimes[] {
  let after = keys;
  for (const step of findDueSteps(keys, policy, now)) after = takeStep(after, step, now);
  return after;
}

function states(keys: readonly KeyTimes[]): string[] {
  return keys.map(stateOf);
}

test('F17: a young key is left alone; its successor is published a week before the 90 days are over', () => {
  expect(findDueSteps([first], policy, 83 * DAY - 1)).toEqual([]);
  expect(findDueSteps([first], policy, 83 * DAY)).toEqual([
    { kind: 'publish', algorithm: 'ES256', activeAt: 90 * DAY },
  ]);
});

test('F17: the successor signs at its time and not before, and the old key goes when nothing of its own can live', () => {
  const published = rotate([first], 83 * DAY);
  expect(states(published)).toEqual(['active', 'next']);
  expect(rotate(published, 90 * DAY - 1)).toEqual(published);
  const handedOver = rotate(published, 90 * DAY);
  expect(states(handedOver)).toEqual(['passive', 'active']);
  const lastEnds = 90 * DAY + LONGEST;
  expect(rotate(handedOver, lastEnds + 3600)).toEqual(handedOver);
  expect(states(rotate(handedOver, lastEnds + 3660))).toEqual(['retired', 'active']);
});

test('F17: after a year without a server the successor is still published for a week before it signs', () => {
  const late = rotate([first], 400 * DAY);
  expect(late[1]).toMatchObject({ createdAt: 400 * DAY, activeAt: 407 * DAY });
  expect(states(rotate(late, 407 * DAY))).toEqual(['passive', 'active']);
});

test('F17: through ten years one key signs at any time, and whatever signs was published a week before', () => {
  let keys: readonly KeyTimes[] = [first];
  for (let now = 0; now < 3650 * DAY; now += DAY / 2) {
    keys = rotate(keys, now);
    expect(states(keys).filter((state) => state === 'active')).toHaveLength(1);
    expect(states(keys).filter((state) => state === 'next').length).toBeLessThan(2);
    const active = keys.find((key) => stateOf(key) === 'active') ?? expect.fail();
    if (active !== keys[0]) expect(active.activeAt - active.createdAt).toBeGreaterThanOrEqual(7 * DAY);
  }
  expect(keys.length).toBe(41);
});

test('each algorithm goes its own way', () => {
  const other: KeyTimes = { ...first, kid: 'other', algorithm: 'RS256', activeAt: 50 * DAY };
  expect(findDueSteps([first, other], policy, 84 * DAY).map((step) => step.algorithm)).toEqual(['ES256']);
});

test('keys that pile up stop the rotation and never the ones that verify', () => {
  const old = Array.from({ length: MOST_KEYS - 1 }, (_, n) => ({
    ...{ ...first, kid: `old ${n}`, activeAt: n, passiveAt: n + 1, longestSeconds: 1000 * DAY },
  }));
  expect(findDueSteps([first, ...old], policy, 200 * DAY)).toEqual([]);
});

describe('M04: how long others may keep the keys', () => {
  test.each([
    [7 * DAY, 3600],
    [3600, 3600],
    [5, 5],
  ])('published %i seconds ahead: %i seconds', (publishAheadSeconds, expected) => {
    expect(cacheSeconds({ ...policy, publishAheadSeconds })).toBe(expected);
  });
});
