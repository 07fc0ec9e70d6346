// What people are told by mail, as a list. Every link begins with the issuer of the configuration, never with a host that was
// sent (row S14). A person's own name is in none: a stranger may have chosen it, for an address that is not theirs.
import { nowSeconds } from '../clock.ts';
import type { Localized } from '../web/words.ts';
import type { Account } from './accounts.ts';
import { normalizeEmail } from './email.ts';

type MailLocals = Record<string, string | number | readonly Localized[] | undefined>;

/** Writes a mail into the outbox, in the open unit. */
export type SendMail = (mail: {
  template: string;
  to: string;
  accountId: string;
  locale: string | undefined;
  locals: MailLocals;
  expiresAt?: number | undefined;
}) => void;

export type ApprovedDevice = {
  readonly grantId: string;
  readonly clientId: string;
  readonly clientName: string;
  /** Where it asked from, and with what (User-Agent). */
  readonly address: string | undefined;
  readonly program: string | undefined;
  /** In words for people. */
  readonly scopes: readonly Localized[];
  /** Undefined is until it is revoked. */
  readonly endsAt: number | undefined;
};

type Link = { secret: string; expiresAt: number };

export function createAccountMail({ send, issuer }: { send: SendMail; issuer: string }) {
  function tell(account: Account, template: string, locals: MailLocals) {
    const { id: accountId, locale } = account;
    // In the one spelling: what is confirmed is the mailbox by which the account is known.
    send({ template, to: normalizeEmail(account.email), accountId, locale, locals });
  }

  return {
    /** To the address itself, which is not the account's yet where it is to be changed. */
    verifyEmail(person: Pick<Account, 'id' | 'locale'>, to: string, { secret, expiresAt }: Link): void {
      const { id: accountId, locale } = person;
      const locals = { email: to, url: `${issuer}/verify-email/${secret}` };
      send({ template: 'verify-email', to, accountId, locale, locals, expiresAt });
    },

    emailChangeAsked(account: Account, email: string): void {
      tell(account, 'email-change-asked', { email, url: `${issuer}/account/password` });
    },

    /** `account` is as it was: the old address is told. */
    emailChanged(account: Account, email: string): void {
      tell(account, 'email-changed', { email });
    },

    resetPassword(account: Account, { secret, expiresAt }: Link): void {
      const locals = { url: `${issuer}/reset-password/${secret}` };
      const { id: accountId, locale } = account;
      const to = normalizeEmail(account.email);
      send({ template: 'reset-password', to, accountId, locale, locals, expiresAt });
    },

    passwordChanged(account: Account): void {
      tell(account, 'password-changed', { at: nowSeconds(), url: `${issuer}/forgot-password` });
    },

    /** A sign-in with a browser in which this person was not seen before. */
    signedInFromNewPlace(
      account: Account,
      from: { address: string | undefined; program: string | undefined },
    ): void {
      tell(account, 'new-place', { ...from, at: nowSeconds(), url: `${issuer}/account/sessions` });
    },

    /** A device was paired (row D30): with the way to take its access back. */
    deviceApproved(account: Account, device: ApprovedDevice): void {
      tell(account, 'device-approved', {
        client_id: device.clientId,
        client_name: device.clientName,
        address: device.address,
        program: device.program,
        scopes: device.scopes,
        at: nowSeconds(),
        ends_at: device.endsAt,
        url: `${issuer}/account/access/${device.grantId}`,
      });
    },

    accountDeleted(account: Account): void {
      tell(account, 'account-deleted', { at: nowSeconds() });
    },
  };
}

export type AccountMail = ReturnType<typeof createAccountMail>;
