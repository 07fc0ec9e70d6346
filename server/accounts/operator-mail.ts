// What those who run the server are told by mail: its administrators whose address is confirmed, and the operator's address.
import { nowSeconds } from '../clock.ts';
import type { Limiter } from '../rate-limits/limiter.ts';
import type { Database } from '../storage/database.ts';
import type { SendMail } from './account-mail.ts';
import { normalizeEmail } from './email.ts';
import { createAccountStore } from './store.ts';

const MOST_RECIPIENTS = 10;
const EVERYBODY = 'all';

export type DeviceReport = {
  readonly accountId: string;
  readonly clientId: string;
  readonly clientName: string;
  /** Of the device that asked. */
  readonly address: string | undefined;
  readonly program: string | undefined;
};

export type OperatorMailParts = {
  database: Database;
  limiter: Pick<Limiter, 'take'>;
  send: SendMail;
  /** An address beside those of the administrators. */
  operator: string | undefined;
};

function toRecipient(operator: string): { to: string; accountId: string; locale: undefined } {
  try {
    return { to: normalizeEmail(operator), accountId: 'operator', locale: undefined };
  } catch (cause) {
    throw new Error('mail.operator: this is not an e-mail address we can use', { cause });
  }
}

/** Throws where the operator's address is none. */
export function createOperatorMail({ database, limiter, send, operator }: OperatorMailParts) {
  const store = createAccountStore(database);
  const always = operator === undefined ? [] : [toRecipient(operator)];

  async function listRecipients() {
    const administrators = (await store.listReachableAdministrators(MOST_RECIPIENTS)).map(
      ({ id, email, locale }) => ({
        to: normalizeEmail(email),
        accountId: id,
        locale,
      }),
    );
    return [...always, ...administrators.filter(({ to }) => to !== always[0]?.to)];
  }

  /** A report beyond the limits stands in the audit log like the others, and fills nobody's mailbox. */
  async function mayTell(accountId: string): Promise<boolean> {
    const own = await limiter.take('device_report.person', accountId);
    return own.isAllowed && (await limiter.take('device_report.deployment', EVERYBODY)).isAllowed;
  }

  return {
    /** At most ten administrators, and the operator's own address. */
    listRecipients,

    /** Answers what tells them, to be called in the unit of the report. */
    async prepareDeviceReport(report: DeviceReport): Promise<() => void> {
      const recipients = (await mayTell(report.accountId)) ? await listRecipients() : [];
      const locals = {
        account_id: report.accountId,
        client_id: report.clientId,
        client_name: report.clientName,
        address: report.address,
        program: report.program,
        at: nowSeconds(),
      };
      return () => {
        for (const recipient of recipients) send({ template: 'device-reported', ...recipient, locals });
      };
    },
  };
}

export type OperatorMail = ReturnType<typeof createOperatorMail>;
