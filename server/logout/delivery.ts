// Tells clients that a session of theirs ended (OpenID Connect Back-Channel Logout 1.0 section 2.5), again and later where
// one does not answer. Nobody who signs out waits for it. A client may be told twice; it is never forgotten.
import type { Config } from '../../config/schema.ts';
import { type Client, isAllowed } from '../clients/clients.ts';
import { nowSeconds } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import { OutboundFailure } from '../outbound/failure.ts';
import type { Fetcher } from '../outbound/fetcher.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import type { LogoutNotice, SessionClients } from '../storage/session-clients.ts';
import { createLogoutTokens } from './logout-token.ts';

const AT_ONCE = 10;
const EVERY_MILLISECONDS = 1000;
/** After the first try, after the second, and so on: nine hours in all. */
const WAITS_SECONDS: readonly number[] = [10, 60, 300, 1800, 7200, 21_600];
const LAST_WAIT_SECONDS = 3600;
const MOST_ATTEMPTS = WAITS_SECONDS.length + 1;
const LONGEST_ANSWER_BYTES = 4096;

type Told = 'told' | { readonly fault: string };

export type LogoutDeliveryParts = {
  config: Pick<Config, 'issuer'>;
  database: Database;
  sessionClients: SessionClients;
  clients: { find(id: string): Promise<Client | undefined> };
  signingKeys: SigningKeys;
  fetcher: Pick<Fetcher, 'fetch'>;
  log: Log;
};

export function createLogoutDelivery(parts: LogoutDeliveryParts) {
  const { database, sessionClients, clients, signingKeys, fetcher, log } = parts;
  const logoutTokens = createLogoutTokens({ issuer: parts.config.issuer, signingKeys });
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  /** Takes it, and answers whether it could: another process may have been faster. */
  async function tryToTake(notice: LogoutNotice): Promise<boolean> {
    const waitSeconds = WAITS_SECONDS[notice.attempts] ?? LAST_WAIT_SECONDS;
    try {
      await database.transact(() => sessionClients.take(notice, nowSeconds() + waitSeconds));
      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  function finish(notice: LogoutNotice): Promise<void> {
    return database.transact(() => sessionClients.finish(notice.sid));
  }

  async function tell(
    notice: LogoutNotice,
    { uri, needsSid }: { uri: string; needsSid: boolean },
  ): Promise<Told> {
    const { accountId, clientId, sid } = notice;
    const token = await logoutTokens.issue({ accountId, clientId, sid: needsSid ? sid : undefined });
    try {
      const { status } = await fetcher.fetch(uri, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ logout_token: token }).toString(),
        maxBytes: LONGEST_ANSWER_BYTES,
      });
      // Section 2.8: 200, and some frameworks can only answer 204.
      return status === 200 || status === 204 ? 'told' : { fault: `status ${status}` };
    } catch (error) {
      if (error instanceof OutboundFailure) return { fault: error.fault };
      throw error;
    }
  }

  async function deliver(notice: LogoutNotice): Promise<void> {
    const client = await clients.find(notice.clientId);
    const target = client && isAllowed(client) ? client.registration.backchannelLogout : undefined;
    // It was blocked since, or wants no more to be told.
    if (target === undefined) return finish(notice);
    const fields = { client_id: notice.clientId, attempt: notice.attempts + 1 };
    if (notice.attempts >= MOST_ATTEMPTS) {
      await finish(notice);
      log.error('logout.given_up', fields);
      return;
    }
    if (!(await tryToTake(notice))) return;
    const told = await tell(notice, target);
    if (told !== 'told') {
      log.warn('logout.failed', { ...fields, reason: told.fault });
      return;
    }
    await finish(notice);
    log.info('logout.told', fields);
  }

  /** Tells whoever is to be told now. Throws StorageFault; who cannot be told is tried again later. */
  async function deliverDue(): Promise<void> {
    for (;;) {
      const notices = await sessionClients.listDue(AT_ONCE);
      await Promise.all(notices.map(deliver));
      if (notices.length < AT_ONCE || isStopped) return;
    }
  }

  function schedule(): void {
    timer = setTimeout(() => {
      running = deliverDue()
        .catch((error: unknown) => log.error('logout.delivery_failed', { error }))
        .finally(() => {
          if (!isStopped) schedule();
        });
    }, EVERY_MILLISECONDS).unref();
  }

  return {
    deliverDue,
    start: schedule,

    /** Lets what is being sent come to its end. */
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
