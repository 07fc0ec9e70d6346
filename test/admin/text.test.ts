// What commands answer, as text for a terminal.
import { expect, test } from 'vitest';
import { describeFields, describeRows } from '../../server/admin/text.ts';

test('a time beyond all dates is shown as the number that it is, and the list around it is still there', () => {
  const row = { id: 'key_1', expires_at: 99_999_999_999_999, created_at: 1_790_000_000 };
  expect(describeFields(row)).toContain('99999999999999');
  expect(describeRows([row, { ...row, id: 'key_2' }], ['id', 'created_at', 'expires_at'])).toMatch(
    /key_2 +2026-/,
  );
});
