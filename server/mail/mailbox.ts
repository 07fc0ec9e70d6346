// The mailbox of a developer's machine: the last mails in memory, for the page /mail, where no mail server is configured.
import type { OutgoingMail, Transport } from './transport.ts';

const MOST_MAILS = 50;

export function createMailbox(): Transport & { list(): readonly OutgoingMail[] } {
  const mails: OutgoingMail[] = [];
  return {
    async send(mail) {
      mails.unshift(mail);
      mails.length = Math.min(mails.length, MOST_MAILS);
    },

    /** The newest first. */
    list: () => mails,
  };
}

export type Mailbox = ReturnType<typeof createMailbox>;
