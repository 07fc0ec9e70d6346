// The way out: SMTP (RFC 5321) through nodemailer, with TLS to every host but this one (RFC 8314 section 3).
import { createTransport } from 'nodemailer';
import type { RenderedMail } from './render.ts';

const TIMEOUT_MILLISECONDS = 10_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'smtp:': 587, 'smtps:': 465 };

export type OutgoingMail = RenderedMail & {
  /** The same each time it is sent, so that a mail that was sent twice can be known as one. */
  readonly messageId: string;
  /** When it was written, in seconds since 1970. */
  readonly at: number;
};

export type Transport = { send(mail: OutgoingMail): Promise<void> };

export type SmtpOptions = {
  /** `smtp://user:password@host:587` or `smtps://host:465`. */
  url: string;
  /** The address that it comes from. */
  from: string;
  /** The name by which we greet. */
  host: string;
  isLoopbackHost: (hostname: string) => boolean;
};

function connectionOf({ url, host, isLoopbackHost }: SmtpOptions) {
  const { protocol, hostname, port, username, password } = new URL(url);
  const auth = { user: decodeURIComponent(username), pass: decodeURIComponent(password) };
  return {
    name: host,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (DEFAULT_PORTS[protocol] ?? 587),
    secure: protocol === 'smtps:',
    requireTLS: !isLoopbackHost(hostname),
    ...(username !== '' && { auth }),
    connectionTimeout: TIMEOUT_MILLISECONDS,
    greetingTimeout: TIMEOUT_MILLISECONDS,
    socketTimeout: TIMEOUT_MILLISECONDS,
    dnsTimeout: TIMEOUT_MILLISECONDS,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

export function createSmtp(options: SmtpOptions): Transport {
  const transport = createTransport(connectionOf(options));
  return {
    async send({ to, sender, subject, text, html, messageId, at }) {
      await transport.sendMail({
        from: { name: sender, address: options.from },
        // As an object: a text would be read as a list of addresses.
        to: { name: '', address: to },
        ...{ subject, text, html, messageId },
        date: new Date(at * 1000),
        // RFC 3834 section 5: nobody's out-of-office answers it.
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    },
  };
}

/** Without a mail server: the log tells that there was a mail, and that is all. */
export const logOnly: Transport = { send: async () => undefined };
