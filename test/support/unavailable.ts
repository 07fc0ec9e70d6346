// What programs are told where the database cannot serve: to come again, and nothing of what is behind it.
import { expect } from 'vitest';
import type { Answer } from './program.ts';

export function checkUnavailable({ status, headers, body, text }: Answer): void {
  expect([status, body.error]).toEqual([503, 'temporarily_unavailable']);
  expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(text).not.toMatch(/sqlite|postgres|econn|audit|stack|\bat /i);
}
