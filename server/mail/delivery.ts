// Sends what is in the outbox: storage/delivery.ts. A mail that arrives twice does so under the same Message-ID.
import { nowSeconds } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import { createDelivery } from '../storage/delivery.ts';
import { formatId } from '../storage/ids.ts';
import type { Outbox, OutboxEntry } from '../storage/outbox.ts';
import { KIND, type Mail } from './mail.ts';
import type { RenderedMail } from './render.ts';
import type { Transport } from './transport.ts';

const AT_ONCE = 5;
/** 12 hours in all. */
const WAITS_SECONDS: readonly number[] = [60, 300, 1800, 7200, 14_400, 21_600];

export type MailDeliveryParts = {
  database: Database;
  outbox: Outbox;
  render: (mail: Mail) => RenderedMail;
  transport: Transport;
  /** The host of the Message-ID. */
  host: string;
  log: Log;
};

/** RFC 5321 section 4.2.1: with 5yz to this mail, not to the sign-in before it, trying again is of no use. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || !('responseCode' in error)) return false;
  return ['EENVELOPE', 'EMESSAGE'].includes(String(error.code)) && Number(error.responseCode) >= 500;
}

/** The words of a mail server quote the address: its codes are enough. */
function describe(error: unknown): { error_code: string; status: number | undefined } {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const name = error instanceof Error ? error.name : 'unknown';
  return {
    error_code: typeof code === 'string' ? code : name,
    status: typeof responseCode === 'number' ? responseCode : undefined,
  };
}

function isTooLate({ expiresAt }: Mail): boolean {
  return expiresAt !== undefined && expiresAt <= nowSeconds();
}

export function createMailDelivery(parts: MailDeliveryParts) {
  const { database, outbox, render, transport, host, log } = parts;

  function describeEntry(entry: OutboxEntry) {
    const { template, accountId } = entry.payload as Mail;
    return { name: template, account_id: accountId, attempt: entry.attempts + 1 };
  }

  function giveUp(entry: OutboxEntry, reason: 'too_late' | 'too_many_attempts' | 'refused'): 'done' {
    log.error('mail.given_up', { ...describeEntry(entry), reason });
    return 'done';
  }

  async function send(entry: OutboxEntry): Promise<'done' | 'later'> {
    const mail = entry.payload as Mail;
    if (isTooLate(mail)) return giveUp(entry, 'too_late');
    try {
      const messageId = `<${formatId(entry.id)}@${host}>`;
      await transport.send({ ...render(mail), messageId, at: entry.createdAt });
    } catch (error) {
      log.warn('mail.failed', { ...describeEntry(entry), ...describe(error) });
      return isFinal(error) ? giveUp(entry, 'refused') : 'later';
    }
    log.info('mail.sent', describeEntry(entry));
    return 'done';
  }

  return createDelivery({
    database,
    queue: { ...outbox, listDue: (limit) => outbox.listDue(KIND, limit) },
    atOnce: AT_ONCE,
    waitsSeconds: WAITS_SECONDS,
    send,
    onGivenUp: (entry) => giveUp(entry, 'too_many_attempts'),
    onFault: (error) => log.error('mail.delivery_failed', { error }),
  });
}
