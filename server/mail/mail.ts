// Mail to people: written into the outbox in the unit of the act it tells of, so that neither is there without the other.
import type { Outbox } from '../storage/outbox.ts';
import type { Localized } from '../web/words.ts';

export const KIND = 'mail';

export type Mail = {
  /** `views/mail/<template>.txt.njk`, whose first line is the subject. */
  readonly template: string;
  /** An address as normalizeEmail writes it: one mailbox, no name, no list. */
  readonly to: string;
  /** Whose mail it is, for the log: the address is nobody's business there. */
  readonly accountId: string;
  /** The language that its reader is known to speak. */
  readonly locale: string | undefined;
  readonly locals: Readonly<Record<string, string | number | readonly Localized[] | undefined>>;
  /** After this it is of no use to anybody (its link is dead) and is not sent any more. */
  readonly expiresAt?: number | undefined;
};

export function createMail({ outbox }: { outbox: Outbox }) {
  return {
    /** In the open unit. */
    send(mail: Mail): void {
      outbox.register(KIND, mail);
    },
  };
}
