// What people are told of their keys by mail: the end that comes, and the end that somebody else brought about.
import type { SendMail } from '../accounts/account-mail.ts';
import { normalizeEmail } from '../accounts/email.ts';
import { nowSeconds } from '../clock.ts';
import type { Recipient } from '../teams/managers.ts';
import type { ApiKey } from './api-key.ts';

export function createKeyMail({ send, issuer }: { send: SendMail; issuer: string }) {
  function tell(
    recipients: readonly Recipient[],
    key: ApiKey,
    mail: { template: string; locals: Record<string, string | number | undefined> },
  ): void {
    const url = `${issuer}/account/keys`;
    const shown = { name: key.name, prefix: key.prefix, last_four: key.lastFour, key_id: key.id, url };
    const locals = { ...shown, is_team: key.owner.kind === 'team' ? 'yes' : undefined, ...mail.locals };
    for (const { accountId, email, locale } of recipients)
      send({ template: mail.template, to: normalizeEmail(email), accountId, locale, locals });
  }

  /** All in the open unit. */
  return {
    ending(recipients: readonly Recipient[], key: ApiKey): void {
      tell(recipients, key, { template: 'api-key-ending', locals: { ends_at: key.expiresAt } });
    },

    /** By whoever holds it, without saying who that is. */
    revokedByHolder(recipients: readonly Recipient[], key: ApiKey, address: string | undefined): void {
      tell(recipients, key, { template: 'api-key-revoked', locals: { at: nowSeconds(), address } });
    },

    /** In public, by a scanner. `found_url` is where, as the scanner says. */
    found(recipients: readonly Recipient[], key: ApiKey, found: { url: string; isRevoked: boolean }): void {
      const locals = {
        at: nowSeconds(),
        found_url: found.url,
        is_revoked: found.isRevoked ? 'yes' : undefined,
      };
      tell(recipients, key, { template: 'api-key-found', locals });
    },
  };
}

export type KeyMail = ReturnType<typeof createKeyMail>;
