// Sends what is in the outbox, again and later where the mail server does not take it, and gives up in the end.
// A mail may arrive twice, after a death between sending and noting it, under the same Message-ID; it is never lost.
import { nowSeconds } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import { Conflict } from '../storage/faults.ts';
import { formatId } from '../storage/ids.ts';
import type { Outbox, OutboxEntry } from '../storage/outbox.ts';
import { KIND, type Mail } from './mail.ts';
import type { RenderedMail } from './render.ts';
import type { Transport } from './transport.ts';

const AT_ONCE = 5;
const EVERY_MILLISECONDS = 1000;
/** After the first try, after the second, and so on: 12 hours in all. */
const WAITS_SECONDS: readonly number[] = [60, 300, 1800, 7200, 14_400, 21_600];
const LAST_WAIT_SECONDS = 3600;
const MOST_ATTEMPTS = WAITS_SECONDS.length + 1;

export type DeliveryParts = {
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

export function createDelivery(parts: DeliveryParts) {
  const { database, outbox, transport, log } = parts;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  /** Takes it, and answers whether it could: another process may have been faster. */
  async function tryToTake(entry: OutboxEntry): Promise<boolean> {
    const waitSeconds = WAITS_SECONDS[entry.attempts] ?? LAST_WAIT_SECONDS;
    try {
      await database.transact(() => outbox.take(entry, nowSeconds() + waitSeconds));
      return true;
    } catch (error) {
      if (error instanceof Conflict) return false;
      throw error;
    }
  }

  async function finish(entry: OutboxEntry): Promise<void> {
    await database.transact(() => outbox.finish(entry.id));
  }

  async function deliver(entry: OutboxEntry): Promise<void> {
    const mail = entry.payload as Mail;
    const fields = { name: mail.template, account_id: mail.accountId, attempt: entry.attempts + 1 };
    const isTooLate = mail.expiresAt !== undefined && mail.expiresAt <= nowSeconds();
    if (isTooLate || entry.attempts >= MOST_ATTEMPTS) {
      await finish(entry);
      log.error('mail.given_up', { ...fields, reason: isTooLate ? 'too_late' : 'too_many_attempts' });
      return;
    }
    if (!(await tryToTake(entry))) return;
    try {
      const messageId = `<${formatId(entry.id)}@${parts.host}>`;
      await transport.send({ ...parts.render(mail), messageId, at: entry.createdAt });
    } catch (error) {
      log.warn('mail.failed', { ...fields, ...describe(error) });
      if (!isFinal(error)) return;
      await finish(entry);
      log.error('mail.given_up', { ...fields, reason: 'refused' });
      return;
    }
    await finish(entry);
    log.info('mail.sent', fields);
  }

  /** Sends what is due now. Throws StorageFault; a mail that cannot be sent waits for its next try. */
  async function deliverDue(): Promise<void> {
    for (;;) {
      const entries = await outbox.listDue(KIND, AT_ONCE);
      await Promise.all(entries.map(deliver));
      if (entries.length < AT_ONCE || isStopped) return;
    }
  }

  function schedule(): void {
    timer = setTimeout(() => {
      running = deliverDue()
        .catch((error: unknown) => log.error('mail.delivery_failed', { error }))
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
