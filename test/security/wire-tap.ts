// A tap on the wire between people, apps and the server: it passes everything on, and keeps each secret that goes by.
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A secret, and what it was when it went by. */
export type Secrets = Map<string, string>;

const NAMES = new Set([
  ...[
    'password',
    'new_password',
    'csrf',
    'xsrf',
    'code',
    'token',
    'access_token',
    'refresh_token',
    'id_token',
  ],
  ...['client_secret', 'client_assertion', 'assertion', 'code_verifier', 'id_token_hint', 'key'],
]);
// What is shorter would be found by chance, or is nobody's secret: a flag, a word.
const SHORTEST = 16;

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function createCollector() {
  const secrets: Secrets = new Map();

  /** The whole text, and those parts of it that would open something by themselves. */
  function keep(kind: string, text: string): void {
    for (const part of [text, ...text.split(/[.~]/)]) {
      if (part.length >= SHORTEST && !secrets.has(part)) secrets.set(part, kind);
    }
  }

  function keepParameters(parameters: URLSearchParams): void {
    for (const [name, value] of parameters) if (NAMES.has(name)) keep(name, value);
  }

  function keepCookie(pair: string): void {
    const [name = '', ...value] = pair.trim().split('=');
    keep(`cookie ${name}`, value.join('='));
  }

  function keepAuthorization(header: string): void {
    const [scheme = '', value = ''] = header.split(' ');
    keep(`authorization ${scheme}`, value);
    if (scheme !== 'Basic') return;
    const [, secret = ''] = Buffer.from(value, 'base64').toString('utf8').split(':');
    keep('client_secret', decodeURIComponent(secret));
  }

  return {
    secrets,
    keep,

    fromRequest({ url = '/', headers }: IncomingMessage, body: string): void {
      keepParameters(new URL(url, 'http://localhost').searchParams);
      keepParameters(new URLSearchParams(body));
      for (const pair of headers.cookie?.split(';') ?? []) keepCookie(pair);
      if (headers.authorization !== undefined) keepAuthorization(headers.authorization);
    },

    fromAnswer({ headers }: IncomingMessage, body: string): void {
      for (const cookie of headers['set-cookie'] ?? []) keepCookie(cookie.split(';')[0] ?? '');
      const location = headers.location;
      if (location !== undefined) keepParameters(new URL(location, 'http://localhost').searchParams);
      for (const [, name = '', value = ''] of body.matchAll(/name="(\w+)" value="([^"]+)"/g)) {
        if (NAMES.has(name)) keep(name, value);
      }
      if (!headers['content-type']?.includes('json')) return;
      for (const [name, value] of Object.entries(JSON.parse(body || '{}') as Record<string, unknown>)) {
        if (NAMES.has(name) && typeof value === 'string') keep(name, value);
      }
    },
  };
}

/** Listens on a port of its own and talks to the server on `serverPort`, byte for byte what it was told. */
export async function startWireTap(serverPort: number) {
  const { secrets, keep, fromRequest, fromAnswer } = createCollector();

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    fromRequest(incoming, body.toString('utf8'));
    const { method, url, rawHeaders } = incoming;
    const options = { host: '127.0.0.1', port: serverPort, method, path: url, agent: false };
    const passed = request({ ...options, headers: rawHeaders, setHost: false }, async (answer) => {
      const answered = await readAll(answer);
      fromAnswer(answer, answered.toString('utf8'));
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      outgoing.end(answered);
    });
    passed.on('error', () => outgoing.destroy());
    passed.end(body);
  }

  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    /** All that went by, by what it was. */
    secrets,
    /** A secret that was made elsewhere. */
    keep,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
