// Who carries the mail: the mail server of the configuration, on a developer's machine a page, else nobody but the log.
import type { Config } from '../../config/schema.ts';
import type { Log } from '../observability/log.ts';
import type { Database } from '../storage/database.ts';
import type { Outbox } from '../storage/outbox.ts';
import type { Views } from '../web/views.ts';
import { createMailDelivery } from './delivery.ts';
import { createMailbox } from './mailbox.ts';
import { createMailRenderer } from './render.ts';
import { createSmtp, logOnly, type Transport } from './transport.ts';

export type PostOfficeParts = {
  config: Config;
  views: Views;
  database: Database;
  outbox: Outbox;
  log: Log;
  isLoopbackHost: (hostname: string) => boolean;
};

export function createPostOffice(parts: PostOfficeParts) {
  const { config, views, database, outbox, log, isLoopbackHost } = parts;
  const { issuer, branding } = config;
  const { from, smtp_url: url } = config.mail;
  const host = new URL(issuer).hostname;
  const mailbox = url === undefined && isLoopbackHost(host) ? createMailbox() : undefined;

  function createTransport(): Transport {
    if (url === undefined) return mailbox ?? logOnly;
    return createSmtp({ url, from, host, isLoopbackHost });
  }

  const transport = createTransport();
  const render = createMailRenderer({ views, issuer, sender: branding.name });
  const delivery = createMailDelivery({ database, outbox, render, transport, host, log });

  return {
    /** Can mail reach anybody? */
    canSend: transport !== logOnly,
    mailbox,
    ...delivery,

    start(): void {
      if (transport === logOnly) log.warn('mail.not_configured', { setting: 'mail.smtp_url' });
      delivery.start();
    },
  };
}

export type PostOffice = ReturnType<typeof createPostOffice>;
