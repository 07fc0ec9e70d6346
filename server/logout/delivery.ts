// Tells clients that a session of theirs ended (OpenID Connect Back-Channel Logout 1.0 section 2.5), again and later where
// one does not answer: storage/delivery.ts. Nobody who signs out waits for it.
import type { Config } from '../../config/schema.ts';
import { type Client, isAllowed } from '../clients/clients.ts';
import type { Log } from '../observability/log.ts';
import { OutboundFailure } from '../outbound/failure.ts';
import type { Fetcher } from '../outbound/fetcher.ts';
import type { SigningKeys } from '../signing-keys/signing-keys.ts';
import type { Database } from '../storage/database.ts';
import { createDelivery } from '../storage/delivery.ts';
import type { LogoutNotice, SessionClients } from '../storage/session-clients.ts';
import { createLogoutTokens } from './logout-token.ts';

const AT_ONCE = 10;
/** Nine hours in all. */
const WAITS_SECONDS: readonly number[] = [10, 60, 300, 1800, 7200, 21_600];
const LONGEST_ANSWER_BYTES = 4096;

export type LogoutDeliveryParts = {
  config: Pick<Config, 'issuer'>;
  database: Database;
  sessionClients: SessionClients;
  clients: { find(id: string): Promise<Client | undefined> };
  signingKeys: SigningKeys;
  fetcher: Pick<Fetcher, 'fetch'>;
  log: Log;
};

function describe({ clientId, attempts }: LogoutNotice) {
  return { client_id: clientId, attempt: attempts + 1 };
}

export function createLogoutDelivery(parts: LogoutDeliveryParts) {
  const { database, sessionClients, clients, signingKeys, fetcher, log } = parts;
  const logoutTokens = createLogoutTokens({ issuer: parts.config.issuer, signingKeys });

  /** Why it was not told; undefined where it was. */
  async function tell(
    { accountId, clientId, sid }: LogoutNotice,
    { uri, needsSid }: { uri: string; needsSid: boolean },
  ): Promise<string | undefined> {
    const token = await logoutTokens.issue({ accountId, clientId, sid: needsSid ? sid : undefined });
    try {
      const { status } = await fetcher.fetch(uri, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ logout_token: token }).toString(),
        maxBytes: LONGEST_ANSWER_BYTES,
      });
      // Section 2.8: 200, and some frameworks can only answer 204.
      return status === 200 || status === 204 ? undefined : `status ${status}`;
    } catch (error) {
      if (error instanceof OutboundFailure) return error.fault;
      throw error;
    }
  }

  async function send(notice: LogoutNotice): Promise<'done' | 'later'> {
    const client = await clients.find(notice.clientId);
    const target = client && isAllowed(client) ? client.registration.backchannelLogout : undefined;
    // It was blocked since, or wants no more to be told.
    if (target === undefined) return 'done';
    const fault = await tell(notice, target);
    if (fault !== undefined) {
      log.warn('logout.failed', { ...describe(notice), reason: fault });
      return 'later';
    }
    log.info('logout.told', describe(notice));
    return 'done';
  }

  return createDelivery({
    database,
    queue: sessionClients,
    atOnce: AT_ONCE,
    waitsSeconds: WAITS_SECONDS,
    send,
    onGivenUp: (notice) => log.error('logout.given_up', describe(notice)),
    onFault: (error) => log.error('logout.delivery_failed', { error }),
  });
}
