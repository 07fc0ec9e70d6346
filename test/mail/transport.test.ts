// SMTP, as a mail server sees it.
import { afterEach, expect, test } from 'vitest';
import { isLoopbackHost } from '../../config/schema/uris.ts';
import { createSmtp, type OutgoingMail } from '../../server/mail/transport.ts';
import { type SmtpServer, startSmtpServer } from './smtp-server.ts';

const servers: SmtpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(refuse?: (command: string) => string | undefined): Promise<SmtpServer> {
  const server = await startSmtpServer(refuse === undefined ? {} : { refuse });
  servers.push(server);
  return server;
}

const mail: OutgoingMail = {
  to: 'ada@example.com',
  sender: 'Latchkey',
  subject: 'Choose a new password',
  text: 'Here:\n\nhttps://id.example.com/x\n',
  html: '<p>Here</p>',
  link: undefined,
  messageId: '<00000000001@id.example.com>',
  at: 1_795_356_300,
};

function createTransport(url: string, isHere = isLoopbackHost) {
  const from = 'no-reply@id.example.com';
  return createSmtp({ url, from, host: 'id.example.com', isLoopbackHost: isHere });
}

test('a mail arrives as text and as HTML, signed in for, under its own Message-ID, marked as sent by a machine', async () => {
  const server = await start();
  await createTransport(server.url).send(mail);
  expect(server.received).toMatchObject([
    { from: 'no-reply@id.example.com', to: ['ada@example.com'], auth: '\0latchkey\0pass word' },
  ]);
  const data = server.received[0]?.data ?? '';
  for (const line of [
    'From: Latchkey <no-reply@id.example.com>',
    'To: ada@example.com',
    'Subject: Choose a new password',
    'Message-ID: <00000000001@id.example.com>',
    'Auto-Submitted: auto-generated',
    'Date: Sun, 22 Nov 2026',
  ]) {
    expect(data).toContain(line);
  }
  expect(data).toMatch(/Content-Type: text\/plain[\s\S]*Here:[\s\S]*Content-Type: text\/html/);
});

test('an address is one mailbox: what looks like a list, a name or a header goes nowhere else', async () => {
  const server = await start();
  const transport = createTransport(server.url);
  for (const to of ['ada@example.com,eve@evil.example', 'ada@example.com\r\nBcc: eve@evil.example']) {
    await transport.send({ ...mail, to }).catch(() => undefined);
  }
  expect(server.received.flatMap((one) => one.to)).not.toContain('eve@evil.example');
  expect(server.received.map(({ data }) => data).join()).not.toMatch(/^Bcc:/m);
});

test('RFC 8314: to another host nothing is said without TLS, least of all the password', async () => {
  const heard: string[] = [];
  const server = await start((command) => {
    heard.push(command.split(' ')[0] ?? '');
    return undefined;
  });
  await expect(createTransport(server.url, () => false).send(mail)).rejects.toMatchObject({ code: 'ETLS' });
  expect(heard).not.toContain('AUTH');
  expect(heard).not.toContain('MAIL');
});

test('a refusal tells its code', async () => {
  const server = await start((command) => (command.startsWith('RCPT') ? '550 nobody here' : undefined));
  await expect(createTransport(server.url).send(mail)).rejects.toMatchObject({
    code: 'EENVELOPE',
    responseCode: 550,
  });
});
