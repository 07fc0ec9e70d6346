// The only place that reads the time. It wraps Date.now, which the engine reads itself, so tests fake Date.

/** The end of the year 9999: later moments have no date that everybody reads, and are refused as ends. */
export const LATEST_AT = 253_402_300_799;

/** Milliseconds since 1970. */
export function nowMilliseconds(): number {
  return Date.now();
}

/** Whole seconds since 1970: the unit of every `…At` in the program and in the database. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
