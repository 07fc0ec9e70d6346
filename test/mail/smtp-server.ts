// A mail server for tests (RFC 5321), without TLS: it keeps what it is given, and refuses what a test tells it to.

import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';

export type Received = { from: string; to: string[]; auth: string | undefined; data: string };

/** `refuse` may answer a command (`MAIL FROM:<…>`, `RCPT TO:<…>`, `.` for the message itself) instead of the server. */
export async function startSmtpServer({ refuse }: { refuse?: (command: string) => string | undefined } = {}) {
  const received: Received[] = [];

  function serve(socket: Socket): void {
    let mail: Received = { from: '', to: [], auth: undefined, data: '' };
    let isData = false;
    let rest = '';
    const say = (line: string) => socket.write(`${line}\r\n`);

    function answer(line: string): void {
      const [verb = ''] = line.toUpperCase().split(/[ :]/);
      const refusal = refuse?.(line);
      if (refusal !== undefined) return void say(refusal);
      if (verb === 'EHLO') return void say('250-test\r\n250 AUTH PLAIN');
      if (verb === 'STARTTLS') return void say('502 not here');
      if (verb === 'AUTH') mail.auth = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString();
      if (verb === 'MAIL') mail.from = /<(.*)>/.exec(line)?.[1] ?? '';
      if (verb === 'RCPT') mail.to.push(/<(.*)>/.exec(line)?.[1] ?? '');
      isData = verb === 'DATA';
      say(isData ? '354 go on' : verb === 'AUTH' ? '235 welcome' : verb === 'QUIT' ? '221 bye' : '250 ok');
    }

    function take(line: string): void {
      if (!isData) {
        answer(line);
        return;
      }
      if (line !== '.') {
        mail.data += `${line.replace(/^\./, '')}\n`;
        return;
      }
      isData = false;
      const refusal = refuse?.('.');
      if (refusal === undefined) received.push(mail);
      mail = { from: '', to: [], auth: mail.auth, data: '' };
      say(refusal ?? '250 taken');
    }

    socket.setEncoding('utf8').on('error', () => undefined);
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
    say('220 test');
  }

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    port,
    url: `smtp://latchkey:pass%20word@127.0.0.1:${port}`,
    async close(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type SmtpServer = Awaited<ReturnType<typeof startSmtpServer>>;
