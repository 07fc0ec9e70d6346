// Keys that somebody found: whoever holds one may end it without saying who they are (RFC 7009 with the key as its own proof),
// and a scanner of public places may report many.
import type { Audit } from '../audit/audit.ts';
import { nowSeconds } from '../clock.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { Database } from '../storage/database.ts';
import { asOperator } from '../teams/admission.ts';
import { type ApiKey, stateOf } from './api-key.ts';
import type { ApiKeys } from './api-keys.ts';
import type { KeyFormats } from './key-format.ts';
import type { KeyMail } from './key-mail.ts';

/** Whoever holds a key may do with it what its owner may. */
const HOLDER = asOperator('anonymous');
const SCANNER = asOperator('secret_scanner');

export type FoundKeyParts = {
  database: Database;
  audit: Pick<Audit, 'origin'>;
  apiKeys: ApiKeys;
  formats: KeyFormats;
  limiter: Pick<Limiter, 'check'>;
  mail: KeyMail;
};

export type FoundSecret = { readonly token: string; readonly type: string; readonly url: string };

export function createFoundKeys({ database, audit, apiKeys, formats, limiter, mail }: FoundKeyParts) {
  async function end(key: ApiKey): Promise<void> {
    const recipients = await apiKeys.listRecipients(key);
    await apiKeys.revoke(HOLDER, key, {
      reason: 'revoked_by_holder',
      alsoInUnit: () => mail.revokedByHolder(recipients, key, audit.origin()?.address),
    });
  }

  async function report(key: ApiKey, url: string, isRevoked: boolean): Promise<void> {
    const recipients = await apiKeys.listRecipients(key);
    function tell(): void {
      apiKeys.record('api_key.found', key, SCANNER);
      mail.found(recipients, key, { url, isRevoked });
    }
    if (isRevoked) await apiKeys.revoke(SCANNER, key, { reason: 'found_in_public', alsoInUnit: tell });
    else await database.transact(tell);
  }

  return {
    isKey: (text: string): boolean => formats.recognise(text) !== undefined,

    /**
     * Ends the key of this text. One that is unknown, or ended before, is no error (RFC 7009 section 2.2).
     * Refuses too_many_requests to a network that tries many.
     */
    async endByHolder(text: string, network: string): Promise<void> {
      await limiter.check('api_key_revocation.network', network);
      const key = await apiKeys.findByText(text);
      if (key !== undefined) await end(key);
    },

    /** Answers whether it is a key that could be used. `policy` says what becomes of it. */
    async report({ token, url }: FoundSecret, policy: 'revoke' | 'notify'): Promise<boolean> {
      const key = await apiKeys.findByText(token);
      if (key === undefined) return false;
      const state = stateOf(key, nowSeconds());
      if (state === 'revoked' || state === 'expired') return false;
      await report(key, url, policy === 'revoke');
      return true;
    },
  };
}

export type FoundKeys = ReturnType<typeof createFoundKeys>;
