// A host that fails again and again is left alone for a while: whoever waits for it is told at once.
import { nowSeconds } from '../clock.ts';

const MOST_FAILURES = 5;
const OPEN_SECONDS = 60;
const MOST_HOSTS = 1000;

/** Failures in a row; after the fifth, and after every further one, the host is not asked for a minute. */
type Circuit = { readonly failures: number; readonly openUntilAt: number };

export function createCircuits() {
  const circuits = new Map<string, Circuit>();

  return {
    isOpen(host: string): boolean {
      return (circuits.get(host)?.openUntilAt ?? 0) > nowSeconds();
    },

    noteSuccess(host: string): void {
      circuits.delete(host);
    },

    noteFailure(host: string): void {
      const failures = (circuits.get(host)?.failures ?? 0) + 1;
      const openUntilAt = failures >= MOST_FAILURES ? nowSeconds() + OPEN_SECONDS : 0;
      circuits.delete(host);
      circuits.set(host, { failures, openUntilAt });
      const [oldest] = circuits.keys();
      if (circuits.size > MOST_HOSTS && oldest !== undefined) circuits.delete(oldest);
    },
  };
}
