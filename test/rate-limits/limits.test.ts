// The table of limits and the operator's changes to it.
import { expect, test } from 'vitest';
import { createLimits } from '../../server/rate-limits/limits.ts';

test('an override replaces the numbers of the limit it names, and leaves the others and the table alone', () => {
  const limits = createLimits({ 'sign_up.address': { max: 5, window_seconds: 60 } });
  const table = createLimits({});
  expect(limits['sign_up.address']).toEqual({ ...table['sign_up.address'], max: 5, windowSeconds: 60 });
  expect(limits['sign_in.address']).toEqual(table['sign_in.address']);
  expect(table['sign_up.address']).toMatchObject({ max: 60, windowSeconds: 3600 });
});

test.each(['sign_in.adress', 'sign_in', 'toString', '__proto__'])(
  'a limit that does not exist cannot be set: %j',
  (name) => {
    const overrides = JSON.parse(`{${JSON.stringify(name)}: {"max": 1, "window_seconds": 60}}`);
    expect(() => createLimits(overrides)).toThrow(`limits: there is no "${name}"`);
  },
);
