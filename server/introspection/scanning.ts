// Whoever tries tokens at an API tries them here through it (RFC 7662 section 4, row I07). The API is never refused for that,
// since then anybody could take it down: it is counted, and the log says so, once in a window for each place.
import type { Log } from '../observability/log.ts';
import { canonicalAddress, networkOf } from '../web/address.ts';
import type { UsedFrom } from './kinds.ts';

const WINDOW_SECONDS = 60;
/** Honest callers bring what was good once, which is known as expired or revoked. */
const MANY = 100;
const MOST_PLACES = 10_000;

export function createScanning({ log }: { log: Log }) {
  let counts = new Map<string, number>();
  let beganAt = 0;

  return {
    /** Counts a text that is no credential of ours, for the network that it came from where the API says so, else for the API. */
    noteUnknown(clientId: string, { address }: UsedFrom, now: number): void {
      // Also where the clock was set back.
      if (now < beganAt || now >= beganAt + WINDOW_SECONDS || counts.size >= MOST_PLACES) {
        counts = new Map();
        beganAt = now;
      }
      const canonical = address === undefined ? undefined : canonicalAddress(address);
      const network = canonical === undefined ? undefined : networkOf(canonical);
      const place = `${clientId} ${network ?? ''}`;
      const count = (counts.get(place) ?? 0) + 1;
      counts.set(place, count);
      if (count !== MANY) return;
      const fields = { client_id: clientId, address: network, count, seconds: WINDOW_SECONDS };
      log.warn('introspection.scanning', fields);
    },
  };
}
