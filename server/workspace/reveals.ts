// A new secret on its way to the page that shows it: sealed, for one person, good once, and gone after ten seconds (row G01).
import { nowSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import { randomSecret } from '../secrets.ts';
import type { Artifacts } from '../storage/artifacts.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { createRevealStore, REVEAL } from './store.ts';

export const REVEAL_SECONDS = 10;

export type RevealParts = { database: Database; artifacts: Artifacts; log: Log };

function gone(words: string, cause?: unknown): Refusal {
  return new Refusal('expired', { words, ...(cause === undefined ? {} : { cause }) });
}

export function createReveals({ database, artifacts, log }: RevealParts) {
  const store = createRevealStore(database);

  function forgetLater(ticket: string): void {
    const forget = () => {
      database
        .transact(() => store.forget(ticket))
        .catch((error: unknown) => log.error('reveal.not_forgotten', { error }));
    };
    setTimeout(forget, REVEAL_SECONDS * 1000).unref();
  }

  return {
    /** In the open unit. `of` is the id of what it belongs to. Answers the ticket that opens it. */
    keep(accountId: string, of: string, secret: string): string {
      const ticket = randomSecret();
      store.forgetEnded();
      artifacts.register(REVEAL, ticket, {
        ...{ accountId, clientId: undefined, expiresAt: nowSeconds() + REVEAL_SECONDS },
        payload: { of, secret },
      });
      forgetLater(ticket);
      return ticket;
    },

    /** The secret, this once. Refuses `expired`, with the words of `gone`, everybody else and whoever comes later or again. */
    async take(
      accountId: string,
      of: string,
      { ticket, gone: words }: { ticket: string; gone: string },
    ): Promise<string> {
      const found = await artifacts.find(REVEAL, ticket);
      const isTheirs = found?.accountId === accountId && found.payload.of === of;
      if (!isTheirs || found.expiresAt <= nowSeconds()) throw gone(words);
      try {
        await database.transact(() => artifacts.remove(REVEAL, ticket));
      } catch (error) {
        throw error instanceof Conflict ? gone(words, error) : error;
      }
      return String(found.payload.secret);
    },
  };
}

export type Reveals = ReturnType<typeof createReveals>;
