// Time-ordered integer ids: milliseconds since 2026 times 4096 plus a counter. They append to one B-tree and tell only when.
import { nowMilliseconds } from '../clock.ts';
import { randomBelow } from '../secrets.ts';

const EPOCH_MILLISECONDS = Date.UTC(2026, 0, 1);
const PER_MILLISECOND = 4096;
const WIDTH = 11;

let last = 0;

/** The next id of this process: greater than every earlier one, a safe integer until the year 2095. */
export function nextId(): number {
  const base = (nowMilliseconds() - EPOCH_MILLISECONDS) * PER_MILLISECOND;
  // A random start within the millisecond keeps the ids of two processes apart nearly always;
  // tables whose ids reach the outside have the secret's hash in their key as well.
  last = base > last ? base + randomBelow(PER_MILLISECOND) : last + 1;
  return last;
}

/** The smallest id that can have been made at that time (whole seconds). */
export function firstIdAt(atSeconds: number): number {
  return Math.max(0, (atSeconds * 1000 - EPOCH_MILLISECONDS) * PER_MILLISECOND);
}

/** An id as text of fixed width (base 36). */
export function formatId(id: number): string {
  return id.toString(36).padStart(WIDTH, '0');
}

/** Reads `formatId`'s text; undefined where it is none. */
export function parseId(text: string): number | undefined {
  if (!/^[0-9a-z]{11}$/.test(text)) return undefined;
  const id = Number.parseInt(text, 36);
  return Number.isSafeInteger(id) ? id : undefined;
}
