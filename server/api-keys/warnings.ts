// Tells people 14, 7 and 1 days before one of their keys ends. The mail is written in the unit that records the warning, so
// of any number of nodes one sends it.
import { nowSeconds } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { createRepeating } from '../storage/repeating.ts';
import type { ApiKey } from './api-key.ts';
import type { ApiKeys } from './api-keys.ts';
import type { KeyMail } from './key-mail.ts';
import { WARNING_DAYS } from './key-terms.ts';
import { createApiKeyStore } from './store.ts';

const BATCH = 50;
const EVERY_MILLISECONDS = 60_000;
const DAY_SECONDS = 86_400;

export type KeyWarningParts = {
  database: Database;
  apiKeys: Pick<ApiKeys, 'listRecipients' | 'record'>;
  mail: KeyMail;
  log: Log;
};

export function createKeyWarnings({ database, apiKeys, mail, log }: KeyWarningParts) {
  const store = createApiKeyStore(database);

  async function warn(key: ApiKey, days: number): Promise<void> {
    const recipients = await apiKeys.listRecipients(key);
    try {
      await database.transact(() => {
        store.noteWarning(key.id, days);
        apiKeys.record('api_key.ending', key, { name: 'system', details: { days } });
        mail.ending(recipients, key);
      });
    } catch (error) {
      // Another node was faster, or its owner ended it.
      if (!(error instanceof Conflict)) throw error;
    }
  }

  /** Warns whoever is due. The nearest end first: whoever was not told in time is told once, not thrice. */
  async function warnDue(): Promise<void> {
    for (const days of WARNING_DAYS.toReversed()) {
      for (;;) {
        const page = { endsBefore: nowSeconds() + days * DAY_SECONDS, days, limit: BATCH };
        const keys = await store.listEnding(page);
        for (const key of keys) await warn(key, days);
        if (keys.length < BATCH || isStopped()) break;
      }
    }
  }

  const { start, stop, isStopped } = createRepeating({
    everyMilliseconds: EVERY_MILLISECONDS,
    run: warnDue,
    onFault: (error) => log.error('api_keys.warnings_failed', { error }),
  });
  return { warnDue, start, stop };
}
